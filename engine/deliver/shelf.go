package deliver

import "time"

// shelf is a place where an entry stands: ready in a lane, waiting, or parked behind a run.
type shelf interface {
	put(*entry)
	remove(*entry)
}

// bag is a shelf without order.
type bag struct{ list []*entry }

func (b *bag) put(e *entry) {
	e.on, e.pos = b, int32(len(b.list))
	b.list = append(b.list, e)
}

func (b *bag) remove(e *entry) {
	last := len(b.list) - 1
	b.list[e.pos] = b.list[last]
	b.list[e.pos].pos = e.pos
	b.list[last] = nil
	b.list = b.list[:last]
	e.on = nil
}

// heap is a shelf whose least entry is first. Entries that come in order cost one comparison.
type heap struct {
	list []*entry
	less func(a, b *entry) bool
}

func olderFirst(a, b *entry) bool   { return a.Since < b.Since }
func soonestFirst(a, b *entry) bool { return a.notBefore < b.notBefore }

func (h *heap) first() *entry {
	if len(h.list) == 0 {
		return nil
	}
	return h.list[0]
}

func (h *heap) put(e *entry) {
	e.on = h
	h.list = append(h.list, e)
	h.up(len(h.list)-1, e)
}

func (h *heap) remove(e *entry) {
	i, last := int(e.pos), len(h.list)-1
	moved := h.list[last]
	h.list[last] = nil
	h.list = h.list[:last]
	e.on = nil
	if i == last {
		return
	}
	if h.down(i, moved) == i {
		h.up(i, moved)
	}
}

func (h *heap) up(i int, e *entry) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.less(e, h.list[parent]) {
			break
		}
		h.set(i, h.list[parent])
		i = parent
	}
	h.set(i, e)
}

func (h *heap) down(i int, e *entry) int {
	for {
		child := 2*i + 1
		if child >= len(h.list) {
			break
		}
		if child+1 < len(h.list) && h.less(h.list[child+1], h.list[child]) {
			child++
		}
		if !h.less(h.list[child], e) {
			break
		}
		h.set(i, h.list[child])
		i = child
	}
	h.set(i, e)
	return i
}

func (h *heap) set(i int, e *entry) {
	h.list[i] = e
	e.pos = int32(i)
}

// dueBy returns the first entry if it is due, else nil.
func (h *heap) dueBy(now time.Time) *entry {
	if e := h.first(); e != nil && e.notBefore <= now.UnixNano() {
		return e
	}
	return nil
}
