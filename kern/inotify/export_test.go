package inotify

// AddWatch adds the watch of an open directory.
type AddWatch = func(fd, dirfd int, mask uint32) (int32, error)

// WrapAddWatch puts a function around the adding of watches.
func (s *Source) WrapAddWatch(wrap func(AddWatch) AddWatch) { s.addWatch = wrap(s.addWatch) }
