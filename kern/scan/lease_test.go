package scan

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// writableMapping maps a file shared and closes it: only the mapping is left.
func writableMapping(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	m, err := syscall.Mmap(int(f.Fd()), 0, 1, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	must(t, err)
	t.Cleanup(func() { syscall.Munmap(m) })
}

func openUntilEnd(t *testing.T, path string, flags int) {
	t.Helper()
	f, err := os.OpenFile(path, flags, 0)
	must(t, err)
	t.Cleanup(func() { f.Close() })
}

func TestLeased(t *testing.T) {
	cases := map[string]struct {
		prepare func(t *testing.T, path string)
		want    Lease
	}{
		"nobody": {func(*testing.T, string) {}, Quiet},
		"a reader": {func(t *testing.T, p string) {
			openUntilEnd(t, p, os.O_RDONLY)
		}, Quiet},
		"a writer": {func(t *testing.T, p string) {
			openUntilEnd(t, p, os.O_WRONLY)
		}, Written},
		"an appender": {func(t *testing.T, p string) {
			openUntilEnd(t, p, os.O_WRONLY|os.O_APPEND)
		}, Written},
		"a writable shared mapping after its close": {writableMapping, Written},
		"a writer through another link": {func(t *testing.T, p string) {
			must(t, os.Link(p, p+".link"))
			openUntilEnd(t, p+".link", os.O_WRONLY)
		}, Written},
		"missing": {func(t *testing.T, p string) { must(t, os.Remove(p)) }, Unknown},
		"a directory": {func(t *testing.T, p string) {
			must(t, os.Remove(p))
			must(t, os.Mkdir(p, 0o755))
		}, Unknown},
		"a symlink to a file": {func(t *testing.T, p string) {
			must(t, os.Rename(p, p+".real"))
			must(t, os.Symlink("file.real", p))
		}, Unknown},
		"a fifo that nobody writes to": {func(t *testing.T, p string) {
			must(t, os.Remove(p))
			must(t, syscall.Mkfifo(p, 0o644))
		}, Unknown},
	}
	for fsName, where := range map[string]func(t *testing.T) string{
		"ext4": func(t *testing.T) string { return loopMount(t, 8, "mkfs.ext4", "-q") },
		"tmpfs": func(t *testing.T) string {
			dir := t.TempDir()
			mount(t, "tmpfs", dir, "tmpfs", 0)
			return dir
		},
	} {
		t.Run(fsName, func(t *testing.T) {
			top := where(t)
			for name, test := range cases {
				t.Run(name, func(t *testing.T) {
					must(t, os.RemoveAll(top+"/d"))
					populate(t, top, "d/file")
					l := pin(t, top, modern()).Looker(false)
					defer l.Close()
					test.prepare(t, top+"/d/file")
					if got, err := l.Leased("d/file"); got != test.want || err != nil {
						t.Errorf("%v, %v, want %v", got, err, test.want)
					}
				})
			}
		})
	}
}

// TestLeasedOfOthersFile runs itself again as nobody, who has no CAP_LEASE.
func TestLeasedOfOthersFile(t *testing.T) {
	const asked = "SCAN_TEST_LEASED"
	if dir := os.Getenv(asked); dir != "" {
		l := pin(t, dir, modern()).Looker(false)
		defer l.Close()
		for _, name := range []string{"file", "closed"} {
			if got, err := l.Leased(name); got != Unknown || err != nil {
				t.Errorf("%s: %v, %v, want unknown", name, got, err)
			}
		}
		return
	}
	if os.Geteuid() != 0 {
		t.Skipf("act as another user: %v", syscall.EPERM)
	}
	dir := t.TempDir()
	populate(t, dir, "file", "closed")
	must(t, os.Chmod(dir+"/closed", 0o600))
	must(t, os.Chmod(dir+"/..", 0o755))
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestLeasedOfOthersFile$", "-test.v")
	cmd.Dir, cmd.Env = "/", append(os.Environ(), asked+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestLeasedOfOthersFile") {
		t.Errorf("%v\n%s", err, out)
	}
}

// Writers that open the file all the time neither fail nor end this process: breaking a lease
// sends its holder SIGIO, the default of which is death.
func TestLeasedAmongWriters(t *testing.T) {
	dir := t.TempDir()
	populate(t, dir, "file")
	cmd := exec.Command("sh", "-ec", `i=0; while [ $i -lt 3000 ]; do : >>file; i=$((i+1)); done`)
	cmd.Dir = dir
	must(t, cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	l := pin(t, dir, modern()).Looker(false)
	defer l.Close()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("writer: %v", err)
			}
			if got, err := l.Leased("file"); got != Quiet || err != nil {
				t.Errorf("at the end: %v, %v, want quiet", got, err)
			}
			return
		default:
		}
		if got, err := l.Leased("file"); err != nil || got == Unknown {
			t.Fatalf("%v, %v", got, err)
		}
	}
}
