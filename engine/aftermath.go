package engine

import (
	"slices"
	"strings"

	"github.com/sersync/sersync/rsyncexec"
)

// missing says that there is no directory where the target's should be: behind a module, or above
// the one that rsync would make.
func missing(e *rsyncexec.Error) bool {
	switch e.Code {
	case rsyncexec.ExitStartClient:
		return strings.Contains(e.Detail, "chdir failed") || strings.Contains(e.Detail, "chroot failed")
	case rsyncexec.ExitFileIO:
		return strings.Contains(e.Detail, "mkdir") && strings.Contains(e.Detail, "No such file")
	case rsyncexec.ExitFileSelect:
		return strings.Contains(e.Detail, "[Receiver] change_dir")
	}
	return false
}

// partialDir is where rsyncexec has rsync keep the parts of files that did not arrive, to resume them.
const partialDir = ".rsync-partial"

// parts are the directories in which a run may have left the part of a file that there was room for.
func parts(inv rsyncexec.Invocation) (dirs []string) {
	if !inv.Partial || inv.DryRun {
		return nil
	}
	for _, it := range inv.Items {
		dir := it.Path
		if !it.Level {
			dir = dir[:max(strings.LastIndexByte(dir, '/'), 0)]
		}
		if dir = strings.TrimPrefix(dir+"/"+partialDir, "/"); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// unlisted returns those of dirs that are neither listed nor in or below what is: rsync made them
// because of what it had to put there.
func unlisted(dirs []string, inv rsyncexec.Invocation) (parents []string) {
	if len(dirs) == 0 || inv.DryRun {
		return nil
	}
	listed := make(map[string]rsyncexec.Item, len(inv.Items))
	for _, it := range inv.Items {
		listed[it.Path] = it
	}
	for _, dir := range dirs {
		_, in := listed[dir]
		for at, depth := dir, 0; !in && at != ""; depth++ {
			at = at[:max(strings.LastIndexByte(at, '/'), 0)]
			it, ok := listed[at]
			in = ok && it.Dir && (inv.Recursive || it.Level && depth == 0)
		}
		if !in {
			parents = append(parents, dir)
		}
	}
	return parents
}
