package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"time"
)

// recordVersion is the first byte of every record.
const recordVersion = 1

var (
	errTruncated = errors.New("record is cut off")
	errChecksum  = errors.New("record fails its checksum")
	errTrailing  = errors.New("record goes on after its end")
)

// maxMounts bounds what a damaged count makes us allocate.
const maxMounts = 1 << 16

// seal appends the checksum over key and record.
func seal(key, record []byte) []byte {
	return binary.LittleEndian.AppendUint32(record, sum(key, record))
}

func sum(key, record []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(key, table), table, record)
}

// unseal checks the checksum and the version, and returns a reader of the fields.
func unseal(key, b []byte) (reader, error) {
	if len(b) < 5 {
		return reader{}, errTruncated
	}
	record, want := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if sum(key, record) != want {
		return reader{}, errChecksum
	}
	if record[0] != recordVersion {
		return reader{}, fmt.Errorf("record of version %d, want %d", record[0], recordVersion)
	}
	return reader{left: record[1:]}, nil
}

// reader decodes fields. After the first error it gives zero values.
type reader struct {
	left []byte
	err  error
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.left)
	if n <= 0 {
		r.fail(errTruncated)
		return 0
	}
	r.left = r.left[n:]
	return v
}

func (r *reader) string() string {
	n := r.uint()
	if n > uint64(len(r.left)) {
		r.fail(errTruncated)
		return ""
	}
	s := string(r.left[:n])
	r.left = r.left[n:]
	return s
}

func (r *reader) identity() Identity {
	return Identity{UUID: r.string(), FSType: int64(r.uint()), Ino: r.uint()}
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.left = nil
}

// end reports the first error, or that there is more than there should be.
func (r *reader) end() error {
	if r.err == nil && len(r.left) > 0 {
		return errTrailing
	}
	return r.err
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendIdentity(b []byte, i Identity) []byte {
	b = appendString(b, i.UUID)
	b = binary.AppendUvarint(b, uint64(i.FSType))
	return binary.AppendUvarint(b, i.Ino)
}

func encodeTree(key []byte, t Tree) []byte {
	b := appendIdentity([]byte{recordVersion}, t.Root)
	b = binary.AppendUvarint(b, uint64(len(t.Mounts)))
	for _, m := range t.Mounts {
		b = appendIdentity(appendString(b, m.Path), m.Identity)
	}
	return seal(key, b)
}

func decodeTree(key, b []byte) (Tree, error) {
	r, err := unseal(key, b)
	if err != nil {
		return Tree{}, err
	}
	t := Tree{Root: r.identity()}
	n := r.uint()
	if n > maxMounts {
		return Tree{}, fmt.Errorf("record of %d mounts", n)
	}
	for range n {
		t.Mounts = append(t.Mounts, Mount{Path: r.string(), Identity: r.identity()})
		if r.err != nil {
			break
		}
	}
	return t, r.end()
}

func encodeTarget(key []byte, t Target) []byte {
	b := appendString([]byte{recordVersion}, t.Contact)
	pass := uint64(0)
	if !t.LastPass.IsZero() {
		pass = uint64(t.LastPass.UnixNano())
	}
	return seal(key, binary.AppendUvarint(b, pass))
}

func decodeTarget(key, b []byte) (Target, error) {
	r, err := unseal(key, b)
	if err != nil {
		return Target{}, err
	}
	t := Target{Contact: r.string()}
	switch pass := r.uint(); {
	case pass > math.MaxInt64:
		return Target{}, errors.New("record of a time before 1970")
	case pass > 0:
		t.LastPass = time.Unix(0, int64(pass))
	}
	return t, r.end()
}
