package kern

import "encoding/binary"

const (
	noName = ^uint32(0)

	chunkBits = 16
	chunkSize = 1 << chunkBits

	// nameHeader precedes each name in a chunk: the slot of its node and its length, so that one
	// chunk can be emptied without looking at all nodes.
	nameHeader = 5
)

// nameSlab keeps the names of directories as bytes in chunks. An offset is the chunk's number and
// the place in it. Names that are dropped leave garbage; once a third of the slab is garbage,
// chunks are emptied one at a time, so that no call takes long and churn stays bounded.
type nameSlab struct {
	chunks  []nameChunk
	spare   []uint32 // numbers of chunks without bytes
	current uint32
	used    int // bytes written in all chunks
	dead    int // of these, of dropped names
	cursor  uint32
}

type nameChunk struct {
	bytes []byte // nil: spare
	dead  int
}

func (s *nameSlab) bytes() int { return (len(s.chunks) - len(s.spare)) * chunkSize }

// add stores the name of slot and returns its offset.
func (s *nameSlab) add(slot uint32, name []byte) uint32 {
	need := nameHeader + len(name)
	if len(s.chunks) == 0 || len(s.chunks[s.current].bytes)+need > chunkSize {
		s.current = s.fresh()
	}
	c := &s.chunks[s.current]
	off := s.current<<chunkBits | uint32(len(c.bytes))
	c.bytes = binary.LittleEndian.AppendUint32(c.bytes, slot)
	c.bytes = append(c.bytes, byte(len(name)))
	c.bytes = append(c.bytes, name...)
	s.used += need
	return off
}

func (s *nameSlab) get(off uint32, length uint8) []byte {
	if off == noName {
		return nil
	}
	from := off&(chunkSize-1) + nameHeader
	return s.chunks[off>>chunkBits].bytes[from : from+uint32(length)]
}

func (s *nameSlab) drop(off uint32, length uint8) {
	if off == noName {
		return
	}
	number := off >> chunkBits
	s.chunks[number].dead += nameHeader + int(length)
	s.dead += nameHeader + int(length)
	if c := &s.chunks[number]; c.dead == len(c.bytes) && number != s.current {
		s.empty(number)
	}
}

// fresh returns the number of an empty chunk.
func (s *nameSlab) fresh() uint32 {
	bytes := make([]byte, 0, chunkSize)
	if n := len(s.spare); n > 0 {
		number := s.spare[n-1]
		s.spare = s.spare[:n-1]
		s.chunks[number].bytes = bytes
		return number
	}
	if len(s.chunks) == 1<<(32-chunkBits) {
		panic("kern: more than 4 GiB of directory names")
	}
	s.chunks = append(s.chunks, nameChunk{bytes: bytes})
	return uint32(len(s.chunks) - 1)
}

// empty gives a chunk's memory back.
func (s *nameSlab) empty(number uint32) {
	c := &s.chunks[number]
	s.used -= len(c.bytes)
	s.dead -= c.dead
	*c = nameChunk{}
	s.spare = append(s.spare, number)
}

// victim returns the number of a chunk worth emptying, if there is so much garbage.
func (s *nameSlab) victim() (uint32, bool) {
	if s.dead < 2*chunkSize || 3*s.dead < s.used {
		return 0, false
	}
	for range s.chunks {
		s.cursor = (s.cursor + 1) % uint32(len(s.chunks))
		c := &s.chunks[s.cursor]
		if c.bytes != nil && s.cursor != s.current && 4*c.dead > len(c.bytes) {
			return s.cursor, true
		}
	}
	return 0, false
}

// compactNames empties one chunk of names if there is so much garbage.
func (t *DirTable) compactNames() {
	number, ok := t.names.victim()
	if !ok {
		return
	}
	bytes := t.names.chunks[number].bytes
	for at := 0; at < len(bytes); {
		slot := binary.LittleEndian.Uint32(bytes[at:])
		length := int(bytes[at+4])
		name := bytes[at+nameHeader : at+nameHeader+length]
		// The name is alive if the node still points here: an offset is not used twice before
		// its chunk was emptied.
		if n := t.nodes.at(slot); n.key != 0 && n.name == number<<chunkBits|uint32(at) {
			n.name = t.names.add(slot, name)
		}
		at += nameHeader + length
	}
	t.names.empty(number)
}
