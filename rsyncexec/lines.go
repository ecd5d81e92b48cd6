package rsyncexec

import "bytes"

// maxLine bounds one line of output. A path has at most 4,095 bytes, each at most four when
// escaped.
const maxLine = 4*4096 + 256

// lines splits a stream into lines, in bounded memory; of a longer line the rest is dropped.
type lines struct {
	partial []byte
	skip    bool
	each    func(line []byte) // valid only during the call
}

func (l *lines) Write(p []byte) (int, error) {
	n := len(p)
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			break
		}
		switch {
		case l.skip:
			l.skip = false
		case len(l.partial) == 0:
			l.each(p[:i])
		default:
			l.each(append(l.partial, p[:i]...))
		}
		l.partial = l.partial[:0]
		p = p[i+1:]
	}
	if !l.skip {
		l.partial = append(l.partial, p...)
		if len(l.partial) > maxLine {
			l.each(l.partial[:maxLine])
			l.partial, l.skip = l.partial[:0], true
		}
	}
	return n, nil
}

// flush ends a last line without a newline.
func (l *lines) flush() {
	if len(l.partial) > 0 && !l.skip {
		l.each(l.partial)
	}
	l.partial, l.skip = l.partial[:0], false
}
