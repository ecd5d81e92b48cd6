package journal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	_, err := Open(context.Background(), dir, Options{})
	var locked *LockedError
	if !errors.Is(err, ErrLocked) || !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("second Open: %v, want ErrLocked by process %d", err, os.Getpid())
	}
	ctx, cancel := context.WithCancel(context.Background())
	_, err = Open(ctx, dir, Options{Wait: true, Waiting: func(int) { cancel() }})
	if !errors.Is(err, ErrLocked) || !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v, want ErrLocked and context.Canceled", err)
	}
}

// A daemon that ends, or is killed, while its runs go on: the next one waits for the last of them.
func TestWaitsForTheLastInheritor(t *testing.T) {
	dir := t.TempDir()
	old := open(t, dir)
	first, said, endFirst := again(t, asInheritor+"=1", old.LockFile())
	readLine(t, said)
	second, said, endSecond := again(t, asInheritor+"=1", old.LockFile())
	readLine(t, said)
	closeNow(t, old)

	if _, err := Open(context.Background(), dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("while both run: %v, want ErrLocked", err)
	}
	waiting := make(chan int, 10)
	opened := make(chan error, 1)
	go func() {
		j, err := Open(context.Background(), dir, Options{
			Wait: true, Waiting: func(pid int) { waiting <- pid },
		})
		if err == nil {
			err = j.Close()
		}
		opened <- err
	}()
	if pid := <-waiting; pid != os.Getpid() {
		t.Errorf("waits for process %d, want %d", pid, os.Getpid())
	}
	endFirst.Close()
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("while one runs: %v, want ErrLocked", err)
	}
	endSecond.Close()
	if err := second.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Error(err)
	}
	if len(waiting) > 0 {
		t.Error("waiting was reported more than once")
	}
}

// Looking whether a folder is in use must not keep its owner out, nor hold up one without patience.
func TestHolder(t *testing.T) {
	c := Config{Dir: t.TempDir()}
	free := func(when string) {
		t.Helper()
		if pid, held, err := c.Holder(); pid != 0 || held || err != nil {
			t.Errorf("%s: held %v by process %d, %v", when, held, pid, err)
		}
	}
	free("before the first start")
	j := open(t, c.Dir)
	if pid, held, err := c.Holder(); pid != os.Getpid() || !held || err != nil {
		t.Errorf("held %v by process %d, %v; want process %d", held, pid, err, os.Getpid())
	}
	closeNow(t, j)
	free("after the end")

	looking, stop := context.WithCancel(context.Background())
	var looks errgroup.Group
	looks.Go(func() error {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for looking.Err() == nil {
			<-tick.C
			if _, _, err := c.Holder(); err != nil {
				return err
			}
		}
		return nil
	})
	for range 20 {
		j, err := Open(context.Background(), c.Dir, Options{
			Wait: true, Waiting: func(int) { t.Error("waits for somebody who only looks") },
		})
		if err != nil {
			t.Fatal(err)
		}
		closeNow(t, j)
	}
	stop()
	if err := looks.Wait(); err != nil {
		t.Error(err)
	}
}

func TestLockedErrorNamesTheRemedy(t *testing.T) {
	for err, want := range map[*LockedError]string{
		{Dir: "/d"}:         "state directory is in use: /d: by another sersync, or an rsync that it started; wait until it has ended",
		{Dir: "/d", PID: 7}: "state directory is in use: /d: by sersync, process 7, or an rsync that it started; wait until it has ended, or end it",
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestStateRoot(t *testing.T) {
	tests := []struct {
		name string
		uid  int
		env  map[string]string
		want string
	}{
		{"root", 0, map[string]string{"XDG_STATE_HOME": "/x"}, "/var/lib/sersync"},
		{"XDG", 1000, map[string]string{"XDG_STATE_HOME": "/x", "HOME": "/home/u"}, "/x/sersync"},
		{
			"XDG, relative", 1000,
			map[string]string{"XDG_STATE_HOME": "x", "HOME": "/home/u"},
			"/home/u/.local/state/sersync",
		},
		{"home", 1000, map[string]string{"HOME": "/home/u"}, "/home/u/.local/state/sersync"},
		{"neither", 1000, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := StateRoot(tt.uid, func(k string) string { return tt.env[k] })
			if got != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestFolders(t *testing.T) {
	t.Chdir(t.TempDir())
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	of := func(name string, err error) string {
		t.Helper()
		if err != nil || name == "" || name != filepath.Base(name) || len(name) > 100 {
			t.Errorf("folder %q, %v", name, err)
		}
		return name
	}
	relative, absolute := of(FolderOf("./a/../confxml.xml")), of(FolderOf(wd+"/confxml.xml"))
	if relative != absolute || !strings.HasPrefix(relative, "confxml.xml-") {
		t.Errorf("one file: %q and %q", relative, absolute)
	}
	if other := of(FolderOf("/etc/confxml.xml")); other == absolute {
		t.Errorf("two files: %q", other)
	}
	pair := of(FolderOfPair("/data/www", []string{"h::m", "g::m"}))
	if again := of(FolderOfPair("/data/www/", []string{"g::m", "h::m"})); again != pair {
		t.Errorf("one pair: %q and %q", pair, again)
	}
	if other := of(FolderOfPair("/data/www", []string{"h::m"})); other == pair {
		t.Errorf("two pairs: %q", other)
	}
	of(FolderOfPair("/", nil))
	of(FolderOf("/" + strings.Repeat("é\n/..", 40) + "x"))
}
