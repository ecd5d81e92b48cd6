package kern

// index is a hash set of slots: open addressing, linear probing, no tombstones. What a slot
// hashes to is asked of hashOf, so an entry costs four bytes at a load of 3/8 to 3/4.
type index struct {
	slots  []uint32 // 0: empty
	count  int
	shift  uint8
	hashOf func(slot uint32) uint64
}

const indexMin = 64

func (x *index) bytes() int { return 4 * len(x.slots) }

// home is where the probing for a hash begins.
func (x *index) home(hash uint64) uint32 { return uint32(hash >> x.shift) }

func (x *index) add(slot uint32) {
	if 4*(x.count+1) > 3*len(x.slots) {
		x.grow()
	}
	x.place(slot)
	x.count++
}

func (x *index) place(slot uint32) {
	mask := uint32(len(x.slots) - 1)
	i := x.home(x.hashOf(slot))
	for x.slots[i] != 0 {
		i = (i + 1) & mask
	}
	x.slots[i] = slot
}

func (x *index) grow() {
	old := x.slots
	size := max(indexMin, 2*len(old))
	x.slots = make([]uint32, size)
	x.shift = 64
	for s := size; s > 1; s >>= 1 {
		x.shift--
	}
	for _, slot := range old {
		if slot != 0 {
			x.place(slot)
		}
	}
}

// remove takes slot out, which must still hash to what it did when it was added, and closes the
// gap by moving back the entries behind it that may be.
func (x *index) remove(slot uint32) {
	mask := uint32(len(x.slots) - 1)
	gap := x.home(x.hashOf(slot))
	for x.slots[gap] != slot {
		gap = (gap + 1) & mask
	}
	for i := (gap + 1) & mask; x.slots[i] != 0; i = (i + 1) & mask {
		home := x.home(x.hashOf(x.slots[i]))
		// The entry may move to the gap if its home is not between the two.
		if (i-home)&mask >= (i-gap)&mask {
			x.slots[gap] = x.slots[i]
			gap = i
		}
	}
	x.slots[gap] = 0
	x.count--
}

// golden spreads the low bits of a key into the high ones, which an index uses.
const golden = 0x9E3779B97F4A7C15

func hashKey(key uint64) uint64 { return key * golden }

func hashChild(parent, name uint32) uint64 {
	h := uint64(parent)<<32 | uint64(name)
	h ^= h >> 29
	return h * golden
}
