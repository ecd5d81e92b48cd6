package engine

import (
	"errors"
	"os"
	"strings"

	"github.com/sersync/sersync/engine/deliver"
	"github.com/sersync/sersync/engine/task"
)

// errMounts: a run was planned over something else than what shows in the tree now.
var errMounts = errors.New("a filesystem in the tree came or went")

// hold keeps the filesystems that belong to the tree where they are until release: umount(2) says
// EBUSY. One that goes between the look and the end of a run would leave its replica to that run as
// names to delete. umount -l can't be kept from it, and a mount over a directory only up to here.
func (t *tree) hold(p *task.Plan) (release func(), err error) {
	if !t.conf.CrossMounts {
		return func() {}, nil
	}
	var held []*os.File
	release = func() {
		for _, f := range held {
			f.Close() // only pins
		}
	}
	root := t.root.Load()
	for _, m := range t.rememberedMounts() {
		if !meets(p, m.Path) {
			continue
		}
		if f, err := root.Pin(m.Path); err == nil {
			held = append(held, f)
		}
	}
	// Asked after they are held: what is there now stays.
	for _, mount := range t.absentMounts() {
		if meets(p, mount) {
			release()
			return nil, &deliver.RunError{Class: deliver.ClassVanished, Err: errMounts}
		}
	}
	return release, nil
}

// meets reports whether a run reads or deletes what is mounted there.
func meets(p *task.Plan, mount string) bool {
	for i := range p.Items {
		it := &p.Items[i]
		all := it.Missing || it.Dir && p.Kind == task.KindTree
		if within(mount, it.Path) || all && within(it.Path, mount) {
			return true
		}
	}
	return false
}

// within reports whether path is dir or lies below it.
func within(dir, path string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (dir == "" || rest == "" || rest[0] == '/')
}
