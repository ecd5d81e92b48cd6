package rsyncexec

import "sync"

// output gathers what one rsync process prints. Its two streams are read by two goroutines.
type output struct {
	stdout, stderr lines
	every          func(*change) // each line about a path; valid during the call; may be nil
	began          chan struct{} // closed at the first line about a path

	mu      sync.Mutex
	sent    func(path []byte, size int64) // may be nil
	started bool
	res     Result
	diag    diagnostics
}

func newOutput(sent func([]byte, int64)) *output {
	o := &output{sent: sent, began: make(chan struct{})}
	o.stdout.each = o.change
	o.stderr.each = o.message
	return o
}

// setSent is for a run whose caller comes later.
func (o *output) setSent(sent func([]byte, int64)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = sent
}

// flush is called when both streams have ended.
func (o *output) flush() {
	o.stdout.flush()
	o.stderr.flush()
}

func (o *output) message(line []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.diag.line(line)
}

func (o *output) change(line []byte) {
	c, ok := parseChange(line)
	if !ok {
		o.message(line)
		return
	}
	file := c.kind == 'f' && (c.action == '<' || c.action == '>' || c.action == 'c')
	if sent := o.note(&c, file); file && sent != nil {
		sent(c.name, c.size)
	}
	if o.every != nil {
		o.every(&c)
	}
}

// note counts a change and gives who is to be told of files.
func (o *output) note(c *change, file bool) func([]byte, int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.started {
		o.started = true
		close(o.began)
	}
	if c.action == '*' {
		o.res.DeletedCount++
		o.res.Deleted = appendName(o.res.Deleted, c.name)
		return nil
	}
	o.res.Changed++
	switch {
	case file:
		o.res.Sent++
		o.res.Bytes += c.size
		o.res.Transferred = appendName(o.res.Transferred, c.name)
	case c.action == 'c' && c.kind == 'd' && c.isNew:
		o.res.NewDirs = appendName(o.res.NewDirs, c.name)
	}
	return o.sent
}

func appendName(dst []string, name []byte) []string {
	if len(dst) == maxNames {
		return dst
	}
	return append(dst, string(name))
}
