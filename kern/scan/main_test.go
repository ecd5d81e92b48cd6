package scan

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails the package if a goroutine or a descriptor is left at the end.
func TestMain(m *testing.M) {
	before := descriptors()
	code := m.Run()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	for fd, to := range descriptors() {
		profile := flag.Lookup("test.cpuprofile").Value.String()
		if code == 0 && profile == "" && before[fd] != to {
			fmt.Fprintln(os.Stderr, "descriptor left open:", fd, to)
			code = 1
		}
	}
	os.Exit(code)
}

// descriptors returns the files and directories that the process has open, without those of the
// runtime, by descriptor.
func descriptors() map[string]string {
	open := make(map[string]string)
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		theirs := strings.HasPrefix(to, "/sys/fs/cgroup/") || strings.HasPrefix(to, "/dev/")
		if err == nil && strings.HasPrefix(to, "/") && !theirs {
			open[e.Name()] = to
		}
	}
	return open
}

// eachCalls runs f with the newest system calls and with what stands in for them.
func eachCalls(t *testing.T, f func(t *testing.T, c calls)) {
	t.Helper()
	for name, c := range map[string]calls{
		"openat2+statx": {openat2: true, statx: true},
		"statx":         {statx: true},
		"openat2":       {openat2: true},
		"oldest":        {},
	} {
		t.Run(name, func(t *testing.T) { f(t, c) })
	}
}

// pin opens a root that is closed when the test ends.
func pin(t testing.TB, path string, c calls) *Root {
	t.Helper()
	r, err := openRoot(path, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func modern() calls { return calls{openat2: true, statx: true} }

// must fails the test on an error of its own preparations.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mkdirs and files below dir.
func populate(t testing.TB, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		p := filepath.Join(dir, name)
		if name[len(name)-1] == '/' {
			must(t, os.MkdirAll(p, 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		must(t, os.WriteFile(p, []byte(name), 0o644))
	}
}

// mount mounts and unmounts at the end of the test. It skips where the kernel refuses mounts.
func mount(t testing.TB, source, target, fstype string, flags uintptr) {
	t.Helper()
	err := syscall.Mount(source, target, fstype, flags, "")
	if errors.Is(err, syscall.EPERM) {
		t.Skipf("mount %s: %v", fstype, err)
	}
	must(t, err)
	t.Cleanup(func() {
		for syscall.Unmount(target, syscall.MNT_DETACH) == nil {
		}
	})
}

// loopMount makes a filesystem in a file and mounts it.
func loopMount(t testing.TB, megabytes int64, mkfs ...string) (dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skipf("mount a loop device: %v", syscall.EPERM)
	}
	image := filepath.Join(t.TempDir(), "image")
	must(t, os.WriteFile(image, nil, 0o600))
	must(t, os.Truncate(image, megabytes<<20))
	run(t, append(mkfs, image)...)
	dir = t.TempDir()
	run(t, "mount", "-o", "loop", image, dir)
	t.Cleanup(func() { run(t, "umount", "-l", dir) })
	return dir
}

func run(t testing.TB, argv ...string) string {
	t.Helper()
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatalf("%q: %v\n%s", argv, err, out)
	}
	return string(out)
}
