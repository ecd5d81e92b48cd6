package scan

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/kern/internal/sys"
)

func TestParseMountLine(t *testing.T) {
	for name, test := range map[string]struct {
		line string
		want mountLine
	}{
		"of proc(5)": {
			`36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`,
			mountLine{36, 35, sys.Makedev(98, 0), "/mnt2", "ext3", "/dev/root"},
		},
		"no optional fields": {
			`26 1 254:0 / / rw,relatime - ext4 /dev/vda rw`,
			mountLine{26, 1, sys.Makedev(254, 0), "/", "ext4", "/dev/vda"},
		},
		"several optional fields": {
			`40 26 0:33 / /a rw shared:7 master:1 propagate_from:2 unbindable - tmpfs none rw`,
			mountLine{40, 26, sys.Makedev(0, 33), "/a", "tmpfs", "none"},
		},
		"escapes": {
			`40 26 0:33 / /a\040b\011c\012d\134e\043 rw - tmpfs t\040s rw`,
			mountLine{40, 26, sys.Makedev(0, 33), "/a b\tc\nd\\e#", "tmpfs", "t s"},
		},
		"no escape": {
			`40 26 0:33 / /a\9\04 rw - tmpfs \ rw`,
			mountLine{40, 26, sys.Makedev(0, 33), `/a\9\04`, "tmpfs", `\`},
		},
		"empty source": {
			`40 26 0:33 / /a rw - tmpfs  rw`,
			mountLine{40, 26, sys.Makedev(0, 33), "/a", "tmpfs", ""},
		},
		"a mount point called -": {
			`40 26 0:33 / - rw - tmpfs s rw`,
			mountLine{40, 26, sys.Makedev(0, 33), "-", "tmpfs", "s"},
		},
		"high bytes": {
			"40 26 0:33 / /\xff\xfe rw - fuse.sshfs h:/x rw",
			mountLine{40, 26, sys.Makedev(0, 33), "/\xff\xfe", "fuse.sshfs", "h:/x"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseMountLine([]byte(test.line))
			must(t, err)
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(mountLine{})); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, line := range []string{
		"", "36", "36 35 98:0 / / rw", "36 35 98:0 / / rw - ext3", "x 35 98:0 / / rw - a b c",
		"36 x 98:0 / / rw - a b c", "36 35 98 / / rw - a b c", "36 35 98:x / / rw - a b c",
	} {
		if _, err := parseMountLine([]byte(line)); !errors.Is(err, errMountinfo) {
			t.Errorf("%q: error %v", line, err)
		}
	}
}

func FuzzParseMountinfo(f *testing.F) {
	if text, err := os.ReadFile("/proc/self/mountinfo"); err == nil {
		f.Add(text)
	}
	f.Add([]byte("36 35 98:0 /m\\040 /mnt2 rw master:1 - ext3 /dev/root rw\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, err := parseMountinfo(text)
		if err != nil {
			return
		}
		for _, m := range mountsBelow(lines, 36, "/mnt2") {
			if m.point == "" || strings.HasPrefix(m.point, "/") {
				t.Errorf("%q is not below the root", m.point)
			}
		}
	})
}

func TestMountsBelow(t *testing.T) {
	const top = "/srv/data"
	for name, test := range map[string]struct {
		mounts []mountLine
		want   string // id:point
	}{
		"none": {},
		"elsewhere": {
			mounts: []mountLine{
				{id: 2, parent: 1, point: "/srv"},
				{id: 3, parent: 1, point: "/srv/data2"},
				{id: 4, parent: 1, point: "/srv/datax/y"},
			},
		},
		"below, nested and sorted": {
			mounts: []mountLine{
				{id: 2, parent: 1, point: "/srv/data/z"},
				{id: 3, parent: 1, point: "/srv/data/a"},
				{id: 4, parent: 3, point: "/srv/data/a/b/c"},
			},
			want: "3:a 4:a/b/c 2:z",
		},
		"the topmost of a stack": {
			mounts: []mountLine{
				{id: 2, parent: 1, point: "/srv/data/a"},
				{id: 3, parent: 2, point: "/srv/data/a/under"},
				{id: 4, parent: 2, point: "/srv/data/a"},
				{id: 5, parent: 4, point: "/srv/data/a/over"},
			},
			want: "4:a 5:a/over",
		},
		"hidden by one that came later, higher up": {
			mounts: []mountLine{
				{id: 2, parent: 1, point: "/srv/data/a/b"}, {id: 3, parent: 1, point: "/srv/data/a"},
			},
			want: "3:a",
		},
		"mounted over the root: the pinned one is below that": {
			mounts: []mountLine{
				{id: 2, parent: 1, point: "/srv/data/a"},
				{id: 3, parent: 1, point: "/srv/data"},
				{id: 4, parent: 3, point: "/srv/data/b"},
			},
			want: "2:a",
		},
		"hidden by a mount above the root: pinned all the same": {
			mounts: []mountLine{
				{id: 2, parent: 1, point: "/srv/data/a"}, {id: 3, parent: 1, point: "/srv"},
			},
			want: "2:a",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, m := range mountsBelow(test.mounts, 1, top) {
				got = append(got, string('0'+rune(m.id))+":"+m.point)
			}
			if s := strings.Join(got, " "); s != test.want {
				t.Errorf("%q, want %q", s, test.want)
			}
		})
	}
}

func TestMounts(t *testing.T) {
	eachCalls(t, func(t *testing.T, c calls) {
		dir := t.TempDir()
		odd := "odd \t\n\\#\xff name"
		populate(t, dir, "root/"+odd+"/", "root/sub/bind/", "root/from/", "root/file", "other/x/")
		r := pin(t, dir+"/root", c)
		if mounts, err := r.Mounts(); len(mounts) > 0 || err != nil {
			t.Fatalf("before any mount: %v, %v", mounts, err)
		}
		mount(t, "first", filepath.Join(dir, "root", odd), "tmpfs", 0)
		mount(t, dir+"/root/from", dir+"/root/sub/bind", "", syscall.MS_BIND)
		mount(t, dir+"/root/file", dir+"/root/file", "", syscall.MS_BIND)
		mount(t, "elsewhere", dir+"/other/x", "tmpfs", 0)

		paths := func() (list []string, of map[string]Mount) {
			mounts, err := r.Mounts()
			must(t, err)
			of = map[string]Mount{}
			for _, m := range mounts {
				list = append(list, m.Path)
				of[m.Path] = m
			}
			return list, of
		}
		list, before := paths()
		if diff := cmp.Diff([]string{"file", odd, "sub/bind"}, list); diff != "" {
			t.Fatal(diff)
		}
		var st syscall.Stat_t
		must(t, syscall.Stat(filepath.Join(dir, "root", odd), &st))
		if id := before[odd].Identity; id.Dev != st.Dev || id.Ino != st.Ino {
			t.Errorf("identity %+v, want inode %d of device %d", id, st.Ino, st.Dev)
		}
		if m := before[odd]; m.FSType != "tmpfs" || m.Source != "first" {
			t.Errorf("%+v", m)
		}

		mount(t, "second", filepath.Join(dir, "root", odd), "tmpfs", 0)
		list, over := paths()
		if len(list) != 3 || over[odd].Identity.Dev == before[odd].Identity.Dev {
			t.Errorf("mounted over: %v, %+v", list, over[odd])
		}
		must(t, syscall.Unmount(filepath.Join(dir, "root", odd), 0))
		must(t, syscall.Unmount(filepath.Join(dir, "root", odd), 0))
		if list, _ = paths(); len(list) != 2 {
			t.Errorf("unmounted: %v", list)
		}
	})
}
