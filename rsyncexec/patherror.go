package rsyncexec

import (
	"strings"
)

// sourcePrefix is how rsync names our paths: the source is descriptor 3 of the run.
const sourcePrefix = "/proc/self/fd/3/"

// parsePathError finds the path in one of rsync's messages. Their wording differs from operation
// to operation and version to version:
//
//	rsync: [sender] link_stat "/proc/self/fd/3/a" failed: No such file or directory (2)
//	rsync: [receiver] mkstemp "/d/.f.Ab3xYz" (in m) failed: Read-only file system (30)
//	rsync: [receiver] rename "/d/.f.Ab3xYz" -> "d/f": Operation not permitted (1)
//	rsync: [generator] delete_file: unlink(a/b) failed: Operation not permitted (1)
//	file has vanished: "/proc/self/fd/3/a"
//	could not make way for new regular file: a/b
//	skipping non-regular file "a"
func parsePathError(line string) (PathError, bool) {
	path, ok := pathIn(line)
	if !ok || path == "" {
		return PathError{}, false
	}
	if rest, ok := strings.CutPrefix(path, sourcePrefix); ok {
		path = strings.TrimPrefix(rest, "./")
	}
	path = strings.TrimPrefix(path, "/")
	if strings.Contains(line, "mkstemp") {
		path = withoutTemp(path)
	}
	return PathError{Path: string(decodeName([]byte(path))), Text: line}, true
}

func pathIn(line string) (string, bool) {
	if _, after, ok := strings.Cut(line, "could not make way for "); ok {
		_, path, ok := strings.Cut(after, ": ")
		return path, ok
	}
	if i := strings.Index(line, "unlink("); i >= 0 {
		return between(line[i+len("unlink("):], ") failed")
	}
	if i := strings.Index(line, "rmdir("); i >= 0 {
		return between(line[i+len("rmdir("):], ") failed")
	}
	if strings.HasPrefix(line, "@ERROR") || !strings.HasSuffix(line, `"`) && !aboutPath(line) {
		return "", false
	}
	if _, after, ok := strings.Cut(line, `" -> "`); ok {
		return between(after, `"`)
	}
	_, after, ok := strings.Cut(line, `"`)
	if !ok {
		return "", false
	}
	return between(after, `"`)
}

// aboutPath tells an operation that failed on a path from a complaint about a host or an option.
func aboutPath(line string) bool {
	return strings.Contains(line, `" failed`) || strings.Contains(line, `) failed`) ||
		strings.Contains(line, `failed to `) || strings.HasPrefix(line, "file has vanished") ||
		strings.Contains(line, "failed verification") || strings.Contains(line, `" -> "`)
}

func between(s, end string) (string, bool) {
	if i := strings.Index(s, end); i >= 0 {
		return s[:i], true
	}
	return "", false
}

// withoutTemp takes back rsync's temporary name: dir/.name.XXXXXX is dir/name.
func withoutTemp(path string) string {
	slash := strings.LastIndexByte(path, '/')
	name := path[slash+1:]
	if len(name) > 8 && name[0] == '.' && name[len(name)-7] == '.' {
		return path[:slash+1] + name[1:len(name)-7]
	}
	return path
}
