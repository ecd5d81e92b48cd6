package scan

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestOpenRoot(t *testing.T) {
	dir := t.TempDir()
	populate(t, dir, "real/inner/", "file")
	must(t, os.Symlink("real/inner", filepath.Join(dir, "link")))

	for name, test := range map[string]struct {
		path string
		want error
		same string // the directory that is pinned
	}{
		"directory":                  {path: "real", same: "real"},
		"trailing slash":             {path: "real/", same: "real"},
		"symlink":                    {path: "link", same: "real/inner"},
		"symlink, then ..":           {path: "link/..", same: "real"},
		"missing":                    {path: "none", want: fs.ErrNotExist},
		"below what is no directory": {path: "file/x", want: syscall.ENOTDIR},
		"file":                       {path: "file", want: syscall.ENOTDIR},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := OpenRoot(dir + "/" + test.path)
			if test.want != nil {
				if !errors.Is(err, test.want) {
					t.Fatalf("error %v, want %v", err, test.want)
				}
				return
			}
			must(t, err)
			defer r.Close()
			var st syscall.Stat_t
			must(t, syscall.Stat(filepath.Join(dir, test.same), &st))
			if id := r.Identity(); id.Ino != st.Ino || id.Dev != st.Dev || id.MountID == 0 {
				t.Errorf("pinned %+v, want inode %d of device %d", id, st.Ino, st.Dev)
			}
			if state, err := r.Recheck(); state != RootSame || err != nil {
				t.Errorf("recheck: %v, %v", state, err)
			}
		})
	}
}

func TestRootRelativePath(t *testing.T) {
	dir := t.TempDir()
	populate(t, dir, "real/")
	t.Chdir(dir)
	r := pin(t, "real/", modern())
	if r.Path() != "real" {
		t.Errorf("path %q", r.Path())
	}
	t.Chdir("/")
	if state, err := r.Recheck(); state != RootSame || err != nil {
		t.Errorf("after chdir: %v, %v", state, err)
	}
}

func TestRecheck(t *testing.T) {
	remove := func(t *testing.T, dir string) { must(t, os.RemoveAll(dir+"/root")) }
	for name, test := range map[string]struct {
		change func(t *testing.T, dir string)
		want   RootState
	}{
		"nothing":        {func(*testing.T, string) {}, RootSame},
		"its content":    {func(t *testing.T, dir string) { populate(t, dir, "root/new") }, RootSame},
		"removed":        {remove, RootMissing},
		"parent removed": {func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)) }, RootMissing},
		"removed and made again": {func(t *testing.T, dir string) {
			remove(t, dir)
			populate(t, dir, "root/")
		}, RootReplaced},
		"file in its place": {func(t *testing.T, dir string) {
			remove(t, dir)
			populate(t, dir, "root")
		}, RootMissing},
		"renamed away": {func(t *testing.T, dir string) {
			must(t, os.Rename(dir+"/root", dir+"/old"))
		}, RootMissing},
		"renamed away and back": {func(t *testing.T, dir string) {
			must(t, os.Rename(dir+"/root", dir+"/old"))
			must(t, os.Rename(dir+"/old", dir+"/root"))
		}, RootSame},
		"exchanged by rename": {func(t *testing.T, dir string) {
			populate(t, dir, "next/")
			must(t, os.Rename(dir+"/root", dir+"/old"))
			must(t, os.Rename(dir+"/next", dir+"/root"))
		}, RootReplaced},
		"renamed away, symlink to it": {func(t *testing.T, dir string) {
			must(t, os.Rename(dir+"/root", dir+"/old"))
			must(t, os.Symlink("old", dir+"/root"))
		}, RootSame},
		"symlink to itself": {func(t *testing.T, dir string) {
			remove(t, dir)
			must(t, os.Symlink("root", dir+"/root"))
		}, RootMissing},
	} {
		t.Run(name, func(t *testing.T) {
			eachCalls(t, func(t *testing.T, c calls) {
				dir := filepath.Join(t.TempDir(), "dir")
				populate(t, dir, "root/")
				r := pin(t, dir+"/root", c)
				test.change(t, dir)
				if got, err := r.Recheck(); got != test.want || err != nil {
					t.Errorf("%v, %v, want %v", got, err, test.want)
				}
			})
		})
	}
}

func TestRecheckSwitchedSymlink(t *testing.T) {
	dir := t.TempDir()
	populate(t, dir, "releases/41/", "releases/42/")
	must(t, os.Symlink("releases/41", dir+"/current"))
	r := pin(t, dir+"/current", modern())
	must(t, os.Symlink("releases/42", dir+"/next"))
	must(t, os.Rename(dir+"/next", dir+"/current"))
	if got, err := r.Recheck(); got != RootReplaced || err != nil {
		t.Errorf("%v, %v, want replaced", got, err)
	}
}

func TestRecheckMounts(t *testing.T) {
	eachCalls(t, func(t *testing.T, c calls) {
		dir := t.TempDir()
		expect := func(r *Root, when string, want RootState) {
			t.Helper()
			if got, err := r.Recheck(); got != want || err != nil {
				t.Errorf("%s: %v, %v, want %v", when, got, err, want)
			}
		}
		bare := pin(t, dir, c)
		mount(t, "first", dir, "tmpfs", 0)
		expect(bare, "mounted over", RootOtherFS)

		first := pin(t, dir, c)
		mount(t, "second", dir, "tmpfs", 0)
		expect(first, "mounted over a mount", RootOtherFS)
		must(t, syscall.Unmount(dir, 0))
		expect(first, "upper one unmounted", RootSame)

		mount(t, dir, dir, "", syscall.MS_BIND)
		expect(first, "the same directory through another mount", RootReplaced)
		must(t, syscall.Unmount(dir, 0))
		expect(first, "bind mount gone", RootSame)

		must(t, syscall.Unmount(dir, syscall.MNT_DETACH))
		expect(first, "unmounted, the mount point shows", RootOtherFS)
		expect(bare, "what was below shows again", RootSame)
	})
}

func TestIdentityUUID(t *testing.T) {
	const uuid = "12345678-9abc-def0-1234-56789abcdef0"
	for name, test := range map[string]struct {
		megabytes int64
		mkfs      []string
		prefix    bool
	}{
		"ext4":  {8, []string{"mkfs.ext4", "-q", "-U", uuid}, false},
		"xfs":   {320, []string{"mkfs.xfs", "-q", "-m", "uuid=" + uuid}, false},
		"btrfs": {120, []string{"mkfs.btrfs", "-q", "-U", uuid}, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := loopMount(t, test.megabytes, test.mkfs...)
			r := pin(t, dir, modern())
			id := r.Identity()
			if id.UUID == "" {
				t.Skipf("FS_IOC_GETFSUUID on %s is not in kernel %s", name, run(t, "uname", "-r"))
			}
			if got, _, _ := strings.Cut(id.UUID, "/"); got != uuid || test.prefix == (got == id.UUID) {
				t.Errorf("UUID %q, want %q", id.UUID, uuid)
			}
			if name != "btrfs" {
				return
			}
			run(t, "btrfs", "-q", "subvolume", "create", dir+"/sub")
			sub := pin(t, dir+"/sub", modern()).Identity()
			if sub.UUID == id.UUID || sub.Dev == id.Dev {
				t.Errorf("subvolume %+v looks like its parent %+v", sub, id)
			}
		})
	}
}

func TestUUIDByLinks(t *testing.T) {
	dir := loopMount(t, 8, "mkfs.ext4", "-q")
	source := strings.TrimSpace(run(t, "findmnt", "-no", "SOURCE", dir))
	links := t.TempDir()
	must(t, os.Symlink("/dev/null", links+"/0000"))
	must(t, os.Symlink(source, links+"/ABCD-1234"))
	must(t, os.Symlink("/dev/none", links+"/ffff"))
	dev := pin(t, dir, modern()).Identity().Dev
	if got := uuidByLinks(links, dev); got != "abcd-1234" {
		t.Errorf("%q", got)
	}
	if got := uuidByLinks(links, dev+1); got != "" {
		t.Errorf("unknown device: %q", got)
	}
}

// A tree that is renamed away between the guard and the run: rsync reads the pinned one.
func TestRootFileIsARsyncSource(t *testing.T) {
	dir := t.TempDir()
	populate(t, dir, "root/a/b", "root/c", "target/")
	r := pin(t, dir+"/root", modern())
	must(t, os.Rename(dir+"/root", dir+"/elsewhere"))
	populate(t, dir, "root/wrong")

	f, err := r.File()
	must(t, err)
	defer f.Close()
	for _, args := range [][]string{
		{"-a", "--delete", "/proc/self/fd/3/", dir + "/target/"},
		{"-a", "--files-from=-", "--from0", "/proc/self/fd/3/", dir + "/target/"},
	} {
		cmd := exec.Command("rsync", args...)
		cmd.ExtraFiles = []*os.File{f}
		cmd.Stdin = strings.NewReader("a/b\x00c\x00")
		if out, err := cmd.CombinedOutput(); errors.Is(err, exec.ErrNotFound) {
			t.Skip(err)
		} else if err != nil {
			t.Fatalf("rsync %q: %v\n%s", args, err, out)
		}
		for _, name := range []string{"a/b", "c"} {
			if got, err := os.ReadFile(dir + "/target/" + name); string(got) != "root/"+name {
				t.Errorf("%s on the target: %q, %v", name, got, err)
			}
		}
		if _, err := os.Lstat(dir + "/target/wrong"); err == nil {
			t.Error("rsync followed the path, not the descriptor")
		}
		must(t, os.RemoveAll(dir+"/target"))
		populate(t, dir, "target/")
	}
}
