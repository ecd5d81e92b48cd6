package kern

// DirID names one directory of a DirTable: a slot in the low 32 bits, the slot's generation in
// the high ones. The zero DirID is no directory. An id whose directory was removed never comes
// to mean another one.
type DirID uint64

// NoDir is the zero DirID.
const NoDir DirID = 0
