package resolve

import (
	"time"

	"github.com/sersync/sersync/engine/task"
	"github.com/sersync/sersync/kern/scan"
)

// strayWait is how long content on a name that is not there waits for the event that says why: a
// change may be looked at before the deletion that followed it is read.
const strayWait = 250 * time.Millisecond

// missing resolves a debt below or at a name that nothing has.
func (p *pass) missing(d *task.Debt, top string) {
	if m := p.absentBelow(top); m != "" {
		p.pause(d, m)
		return
	}
	if top == d.Path && p.stray(d) {
		return
	}
	p.add(line{
		path: top, missing: true, claim: task.Subtree, below: mayHaveBeenDir(d, top),
	}, 0)
	p.pay(d)
}

// stray deals with content that was seen on a name which is not there, and was not seen leaving
// before: the file may have another name (O_TMPFILE with linkat(2); link a b, unlink a, and a write
// through a descriptor that was opened as a). Who knows which: the directory is listed, and what
// changed in it is compared by content. It reports whether there is nothing more to do.
func (p *pass) stray(d *task.Debt) (done bool) {
	if d.Scope != task.Entry || d.What&task.Content == 0 || d.Origin != task.Live {
		return false
	}
	if d.What&(task.Left|task.Stray) == 0 {
		again := *d
		again.What |= task.Stray
		p.plan.Back = append(p.plan.Back, task.Waiting{
			Debt: again, NotBefore: p.now.Add(strayWait), Why: "content on a name that is not there",
		})
		return true
	}
	if d.What&task.Stray == 0 {
		return false
	}
	listing := *d
	listing.Path, listing.Scope, listing.What = parentOf(d.Path), task.Listing, task.Content
	listing.Origin = task.Recovery // what else the directory lacks was not seen leaving
	p.back(listing)
	return d.What&task.Left == 0
}

// directory resolves an Entry that is a directory: its attributes only.
func (p *pass) directory(d *task.Debt) {
	if p.kind != task.KindQuick {
		attr := *d
		attr.Scope, attr.What = task.Entry, task.Attr
		p.back(attr)
		return
	}
	p.add(line{path: d.Path, dir: true, claim: task.Entry}, 0)
	p.pay(d)
}

// present resolves a debt at or below a name that is there and no directory.
func (p *pass) present(d *task.Debt, top string, st *scan.Stat) {
	if st.Kind == scan.KindFile {
		if st.Size > p.opts.LargeFile {
			p.toLarge(d, top)
			return
		}
		if p.kind == task.KindContent && top == d.Path && p.written(d) {
			return
		}
	}
	p.list(d, top, st)
	if d.Scope != task.Entry && d.What&task.Content != 0 {
		content := *d
		content.Path, content.Scope = top, task.Entry
		p.back(content)
	}
}

// list puts a name that is no directory into the run, with the other names of its file.
func (p *pass) list(d *task.Debt, top string, st *scan.Stat) {
	l := line{path: top, claim: task.Entry}
	if top != d.Path || d.Scope != task.Entry || d.What&task.WasDir != 0 {
		l.claim = task.Subtree // the target may have a directory there, which goes
	}
	p.add(l, st.Size)
	if st.Kind == scan.KindFile && st.Nlink > 1 {
		p.group(top, st)
	}
	p.pay(d)
}

// toLarge gives a file back that is to run alone.
func (p *pass) toLarge(d *task.Debt, path string) {
	large := *d
	large.Path, large.Scope, large.Class = path, task.Entry, task.ClassBulk
	large.What |= task.Large | task.Attr
	if path != d.Path || d.Scope != task.Entry {
		large.What |= task.WasDir
	}
	p.back(large)
}

// largeTogether is how many large files may share a run by the quick check: most have not changed.
const largeTogether = 64

// large resolves a debt that was too much for a run with others when it was last looked at.
func (p *pass) large(d *task.Debt, top string, st *scan.Stat) {
	content := d.What&task.Content != 0
	file := st.Kind == scan.KindFile && d.Scope == task.Entry && st.Size > p.opts.LargeFile
	dir := st.Kind == scan.KindDir && d.Scope == task.Listing && content
	if top != d.Path || !file && !dir {
		small := *d
		small.What &^= task.Large
		if small.Origin == task.Live {
			small.Class = task.ClassLive
		}
		p.back(small)
		return
	}
	if len(p.lines) > 0 && content {
		p.back(*d) // one that is compared by checksum is alone
		return
	}
	if file && p.written(d) {
		return
	}
	p.alone = content
	p.plan.Quick = !content
	if file {
		p.list(d, top, st)
		return
	}
	p.add(line{path: top, dir: true, level: true, claim: task.Listing}, 0)
	p.pay(d)
}
