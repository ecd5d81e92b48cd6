package inotify

import (
	"bytes"
	"encoding/binary"

	"github.com/sersync/sersync/kern"
	"github.com/sersync/sersync/kern/internal/sys"
)

// record is a struct inotify_event. name points into the buffer.
type record struct {
	wd     int32
	mask   uint32
	cookie uint32
	name   []byte
}

// nextRecord splits the first record off p; it is false where p does not hold a whole one.
func nextRecord(p []byte) (r record, size int, ok bool) {
	if len(p) < sys.InotifyHeader {
		return record{}, 0, false
	}
	length := binary.NativeEndian.Uint32(p[12:])
	if uint64(length) > uint64(len(p)-sys.InotifyHeader) {
		return record{}, 0, false
	}
	size = sys.InotifyHeader + int(length)
	name := p[sys.InotifyHeader:size:size]
	if end := bytes.IndexByte(name, 0); end >= 0 {
		name = name[:end]
	}
	return record{
		wd:     int32(binary.NativeEndian.Uint32(p)),
		mask:   binary.NativeEndian.Uint32(p[4:]),
		cookie: binary.NativeEndian.Uint32(p[8:]),
		name:   name,
	}, size, true
}

// opOf translates a mask about a name.
func opOf(mask uint32) kern.Op {
	var op kern.Op
	if mask&(sys.InCreate|sys.InMovedTo) != 0 {
		op |= kern.OpCreate
	}
	if mask&(sys.InDelete|sys.InMovedFrom) != 0 {
		op |= kern.OpDelete
	}
	if mask&(sys.InMovedFrom|sys.InMovedTo) != 0 {
		op |= kern.OpMoved
	}
	if mask&sys.InModify != 0 {
		op |= kern.OpModify
	}
	if mask&sys.InCloseWrite != 0 {
		op |= kern.OpClose
	}
	if mask&sys.InAttrib != 0 {
		op |= kern.OpAttrib
	}
	if mask&sys.InIsDir != 0 {
		op |= kern.OpIsDir
	}
	return op
}
