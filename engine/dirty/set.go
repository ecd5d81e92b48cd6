package dirty

import (
	"bytes"
	"hash/maphash"
	"math"
	"time"

	"github.com/sersync/sersync/kern"
)

// Options are the windows and bounds of a Set. The zero value works.
type Options struct {
	// Ceiling is the most names that the set holds. Default 1 Mi: about 80 MB with names.
	Ceiling int
	// Burst and Rate say up to how many Adds, and Adds a second after those, the set counts as
	// idle, where a new name is due at once (a leaky bucket). One save of an editor makes fewer
	// than ten. Default 32 and 1,000.
	Burst, Rate int
	// Quiet is how long a burst must pause to be due. Default 20 ms.
	Quiet time.Duration
	// MaxAge is how long a burst waits at most, counted from its first name or from the last
	// Take, whichever is later. Default 120 ms: at most 8 batches a second under load.
	MaxAge time.Duration
	// Leaving multiplies Quiet and MaxAge while every name in the set has left: what a removal of a
	// tree names last, its top, stands for all the others. Default 8: 160 ms and 1 s.
	Leaving int
	// Walk is how long a Walking Subtree, and without a burst all that became dirty with it, waits at
	// most for the end of its walk. Default 50 ms.
	Walk time.Duration
	// Pace is how long a name waits at least after it was last handed out. Default 120 ms.
	Pace time.Duration
}

func (o Options) withDefaults() Options {
	if o.Ceiling <= 0 {
		o.Ceiling = 1 << 20
	}
	if o.Burst <= 0 {
		o.Burst = 32
	}
	if o.Rate <= 0 {
		o.Rate = 1000
	}
	if o.Quiet <= 0 {
		o.Quiet = 20 * time.Millisecond
	}
	if o.MaxAge <= 0 {
		o.MaxAge = 120 * time.Millisecond
	}
	if o.Leaving <= 0 {
		o.Leaving = 8
	}
	if o.Walk <= 0 {
		o.Walk = 50 * time.Millisecond
	}
	if o.Pace <= 0 {
		o.Pace = 120 * time.Millisecond
	}
	return o
}

// entry is one dirty name. It has no pointers.
type entry struct {
	dir    kern.DirID
	since  int64
	seq    uint64
	hash   uint32
	off    uint32 // into names
	length uint16
	mark   Mark
}

// Set is what is dirty and not yet handed out.
type Set struct {
	opts Options
	seed maphash.Seed

	entries []entry // FIFO: [head:] are in the set
	head    int
	names   []byte
	index   []uint32 // open addressing, linear probing; position in entries + 1, 0 is free
	seq     uint64

	level    int64 // of the leaky bucket, in nanoseconds that it needs to be empty
	lastAdd  int64
	lastTake int64
	stay     int   // names in the set that have not just left
	walking  int   // and those that wait for the end of their walk,
	walkFrom int64 // since when
	fresh    bool  // some name in the set was not handed out within Pace
	paced    int64 // otherwise: when the first of them may be handed out again

	recent [recentSets][recentWays]handed
}

// What was handed out lately is kept in a cache of 4,096 names. A name that is pushed out of it
// by others is merely sent sooner.
const (
	recentSets = 1024
	recentWays = 4
)

type handed struct {
	hash uint32
	at   int64
}

// minIndex is the smallest index: 4 KiB.
const minIndex = 1024

// New returns an empty Set.
func New(o Options) *Set {
	return &Set{
		opts: o.withDefaults(), seed: maphash.MakeSeed(),
		index: make([]uint32, minIndex), lastTake: math.MinInt64 / 2,
	}
}

// Len returns the number of names in the set.
func (s *Set) Len() int { return len(s.entries) - s.head }

// Full reports whether the set is at its ceiling, so that its owner must not add new names.
func (s *Set) Full() bool { return s.Len() >= s.opts.Ceiling }

// Oldest returns the Since of the oldest event in the set; ok is false if the set is empty.
func (s *Set) Oldest() (since int64, ok bool) {
	if s.Len() == 0 {
		return 0, false
	}
	return s.entries[s.head].since, true
}

// Tick returns a sequence newer than every event that was added, for what did not come by Add.
func (s *Set) Tick() uint64 {
	s.seq++
	return s.seq
}

// Add records that name in dir is dirty. The name may be empty: the directory itself. It keeps no
// reference to name. It reports false, and records nothing, if the name is new and the set full.
func (s *Set) Add(dir kern.DirID, name []byte, mark Mark, now int64) bool {
	h := s.hash(dir, name)
	slot := s.find(h, dir, name)
	if at := s.index[slot]; at != 0 {
		e := &s.entries[at-1]
		s.count(e.mark, e.mark.then(mark), now)
		e.mark = e.mark.then(mark)
		s.seq++
		e.seq = s.seq
		s.pour(now)
		return true
	}
	if s.Full() || len(name) > math.MaxUint16 {
		return false
	}
	s.insert(slot, h, dir, name, mark, now)
	return true
}

func (s *Set) insert(slot, h uint32, dir kern.DirID, name []byte, mark Mark, now int64) {
	if n := s.Len() + 1; n*2 > len(s.index) {
		s.rebuild(len(s.index) * 2)
		slot = s.find(h, dir, name)
	}
	s.seq++
	s.entries = append(s.entries, entry{
		dir: dir, since: now, seq: s.seq, hash: h,
		off: uint32(len(s.names)), length: uint16(len(name)), mark: mark,
	})
	s.names = append(s.names, name...)
	s.count(unmarked, mark, now)
	s.index[slot] = uint32(len(s.entries))
	s.pour(now)
	s.judge(h, now)
}

// unmarked is what count is told of a name before it is in the set, and after.
const unmarked Mark = 0

// count follows how many names of the set have a mark that Due asks for.
func (s *Set) count(old, now Mark, at int64) {
	s.stay += stays(now) - stays(old)
	waited := s.walking
	s.walking += walks(now) - walks(old)
	if waited == 0 && s.walking > 0 {
		s.walkFrom = at
	}
}

func stays(m Mark) int {
	if m == unmarked || m.leaves() {
		return 0
	}
	return 1
}

func walks(m Mark) int {
	if m&Walking != 0 {
		return 1
	}
	return 0
}

// pour puts one Add into the bucket.
func (s *Set) pour(now int64) {
	// Twice the burst is as full as it gets, so that idleness is found again soon after a storm.
	s.level = min(max(0, s.level-(now-s.lastAdd)), 2*s.brim()) + int64(time.Second)/int64(s.opts.Rate)
	s.lastAdd = now
}

func (s *Set) brim() int64 { return int64(s.opts.Burst) * int64(time.Second) / int64(s.opts.Rate) }

func (s *Set) burst() bool { return s.level > s.brim() }

// judge notes whether the new name may be handed out at once or was so just now.
func (s *Set) judge(h uint32, now int64) {
	if s.Len() == 1 {
		s.fresh, s.paced = false, math.MaxInt64
	}
	for _, r := range s.recent[h%recentSets] {
		if free := r.at + int64(s.opts.Pace); r.hash == h && free > now {
			s.paced = min(s.paced, free)
			return
		}
	}
	s.fresh = true
}

// Due returns the moment at which a batch is worth taking, which may be in the past; ok is false
// if the set is empty. It changes with every Add.
func (s *Set) Due() (at int64, ok bool) {
	if s.Len() == 0 {
		return 0, false
	}
	first := s.entries[s.head].since
	if s.Full() {
		return first, true
	}
	if !s.burst() {
		if s.walking > 0 {
			return s.walkFrom + int64(s.opts.Walk), true
		}
		if s.fresh {
			return first, true
		}
		return s.paced, true
	}
	patience := int64(1)
	if s.stay == 0 {
		patience = int64(s.opts.Leaving)
	}
	quiet := s.lastAdd + patience*int64(s.opts.Quiet)
	late := max(first, s.lastTake) + patience*int64(s.opts.MaxAge)
	if !s.fresh { // a few names, over and over
		quiet = max(quiet, s.paced)
	}
	return min(quiet, late), true
}

// Take moves the oldest names, at most limit of them, into b, whose former content it discards.
func (s *Set) Take(b *Batch, now int64, limit int) {
	n := min(s.Len(), limit)
	if n == s.Len() && s.head == 0 {
		// All of it: the batch gets our memory and we get the batch's.
		s.unindex(s.entries)
		s.remember(s.entries, now)
		s.stay, s.walking = 0, 0
		b.entries, s.entries = s.entries, b.entries[:0]
		b.names, s.names = s.names, b.names[:0]
	} else {
		s.takePart(b, n, now)
	}
	s.lastTake = now
}

func (s *Set) takePart(b *Batch, n int, now int64) {
	part := s.entries[s.head : s.head+n]
	s.unindex(part)
	s.remember(part, now)
	b.entries, b.names = b.entries[:0], b.names[:0]
	for _, e := range part {
		s.count(e.mark, unmarked, now)
		name := s.names[e.off : e.off+uint32(e.length)]
		e.off = uint32(len(b.names))
		b.names = append(b.names, name...)
		b.entries = append(b.entries, e)
	}
	s.head += n
	// What is left is dirty for longer than any pace.
	s.fresh = true
	if s.head*2 >= len(s.entries) {
		s.compact()
	}
}

// compact drops what was taken from the front. Amortised over the takes it is one move an entry.
func (s *Set) compact() {
	live := s.entries[s.head:]
	names := make([]byte, 0, max(len(s.names)/2, 64))
	for i := range live {
		e := &live[i]
		name := s.names[e.off : e.off+uint32(e.length)]
		e.off = uint32(len(names))
		names = append(names, name...)
	}
	s.names = names
	s.entries = append(s.entries[:0], live...)
	s.head = 0
	s.rebuild(len(s.index))
}

// remember notes when these names were handed out.
func (s *Set) remember(part []entry, now int64) {
	for i := range part {
		h := part[i].hash
		set := &s.recent[h%recentSets]
		oldest := 0
		for w := range set {
			if set[w].hash == h {
				oldest = w
				break
			}
			if set[w].at < set[oldest].at {
				oldest = w
			}
		}
		set[oldest] = handed{hash: h, at: now}
	}
}

func (s *Set) hash(dir kern.DirID, name []byte) uint32 {
	h := maphash.Bytes(s.seed, name) ^ uint64(dir)*0x9E3779B97F4A7C15
	return uint32(h ^ h>>32)
}

// find returns the index slot of the name, or the free slot where it belongs.
func (s *Set) find(h uint32, dir kern.DirID, name []byte) uint32 {
	mask := uint32(len(s.index) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		at := s.index[i]
		if at == 0 {
			return i
		}
		e := &s.entries[at-1]
		if e.hash == h && e.dir == dir &&
			bytes.Equal(s.names[e.off:e.off+uint32(e.length)], name) {
			return i
		}
	}
}

// unindex takes entries out of the index: all of it at once where that is cheaper than one by one.
func (s *Set) unindex(part []entry) {
	if len(part) == s.Len() && len(part) > len(s.index)/64 {
		clear(s.index)
		return
	}
	mask := uint32(len(s.index) - 1)
	base := uint32(cap(s.entries) - cap(part)) // position of part[0] in entries
	for k := range part {
		at := base + uint32(k) + 1
		i := part[k].hash & mask
		for s.index[i] != at {
			i = (i + 1) & mask
		}
		s.closeGap(i, mask)
	}
}

// closeGap frees slot i and moves back what probing had pushed past it (Knuth 6.4, algorithm R).
func (s *Set) closeGap(i, mask uint32) {
	for j := i; ; {
		j = (j + 1) & mask
		at := s.index[j]
		if at == 0 {
			break
		}
		home := s.entries[at-1].hash & mask
		if (j-home)&mask >= (j-i)&mask {
			s.index[i] = at
			i = j
		}
	}
	s.index[i] = 0
}

func (s *Set) rebuild(size int) {
	if size != len(s.index) {
		s.index = make([]uint32, size)
	} else {
		clear(s.index)
	}
	mask := uint32(size - 1)
	for k := s.head; k < len(s.entries); k++ {
		i := s.entries[k].hash & mask
		for s.index[i] != 0 {
			i = (i + 1) & mask
		}
		s.index[i] = uint32(k + 1)
	}
}
