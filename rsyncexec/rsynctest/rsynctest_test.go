package rsynctest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sersync/sersync/rsyncexec/rsynctest"
)

func source(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte("content"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("f", filepath.Join(dir, "l")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func rsync(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("rsync", args...).CombinedOutput(); err != nil {
		t.Fatalf("rsync %q: %v\n%s", args, err, out)
	}
}

func TestTargetsReceiveATree(t *testing.T) {
	src := source(t)
	want := rsynctest.Tree(t, src)
	check := func(t *testing.T, dir string) {
		t.Helper()
		if diff := cmp.Diff(want, rsynctest.Tree(t, dir)); diff != "" {
			t.Errorf("the target differs (-source +target):\n%s", diff)
		}
	}
	t.Run("daemon", func(t *testing.T) {
		d := rsynctest.Daemon(t, rsynctest.Options{})
		rsync(t, "-a", "-@-1", src+"/", d.URL("m"))
		check(t, d.Path("m"))
		d.Stop()
		if err := exec.Command("rsync", "-a", src+"/", d.URL("m")).Run(); err == nil {
			t.Error("a stopped daemon took a run")
		}
		d.Start()
		rsync(t, "-a", "-@-1", src+"/", d.URL("m"))
	})
	t.Run("daemon without chroot, with users", func(t *testing.T) {
		d := rsynctest.Daemon(t, rsynctest.Options{
			NoChroot: true, Users: map[string]string{"u": "secret"},
		})
		password := filepath.Join(t.TempDir(), "p")
		if err := os.WriteFile(password, []byte("secret\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		rsync(t, "-a", "-@-1", "--password-file="+password, src+"/", d.UserURL("u", "m"))
		check(t, d.Path("m"))
	})
	t.Run("sshd", func(t *testing.T) {
		s, dst := rsynctest.SSHD(t), t.TempDir()
		rsync(t, "-a", "-@-1", "-e", s.RSH(), src+"/", s.Dest(dst))
		check(t, dst)
	})
	t.Run("rsh", func(t *testing.T) {
		dst := t.TempDir()
		rsync(t, "-a", "-@-1", "-e", rsynctest.RSH(t), src+"/", "localhost:"+dst+"/")
		check(t, dst)
	})
}

func TestRefusingReceiver(t *testing.T) {
	src, dst := source(t), t.TempDir()
	old := rsynctest.Refusing(t, "", "-@-1")
	base := []string{"-a", "-e", rsynctest.RSH(t), "--rsync-path=" + old}
	rsync(t, append(base, src+"/", "localhost:"+dst+"/")...)
	out, err := exec.Command("rsync", append(base, "-@-1", src+"/", "localhost:"+dst+"/")...).CombinedOutput()
	if err == nil {
		t.Fatalf("the receiver took -@-1:\n%s", out)
	}
}
