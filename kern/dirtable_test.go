package kern

import (
	"reflect"
	"slices"
	"testing"
)

func mustPath(t *testing.T, table *DirTable, id DirID, want string) {
	t.Helper()
	got, _, ok := table.AppendPath(nil, id)
	if !ok || string(got) != want {
		t.Fatalf("AppendPath = %q, %v; want %q", got, ok, want)
	}
}

func mustLost(t *testing.T, table *DirTable, id DirID) {
	t.Helper()
	if got, _, ok := table.AppendPath([]byte("x"), id); ok || string(got) != "x" {
		t.Fatalf("AppendPath of a lost directory = %q, %v; want it untouched and false", got, ok)
	}
}

// chain puts root/a/b/c with keys 1 to 4.
func chain(t *testing.T) (table *DirTable, root, a, b, c DirID) {
	t.Helper()
	table = NewDirTable()
	root = table.Root(1, 0)
	a = table.Put(root, []byte("a"), 2, 1)
	b = table.Put(a, []byte("b"), 3, 1)
	c = table.Put(b, []byte("c"), 4, 1)
	mustPath(t, table, root, "")
	mustPath(t, table, c, "a/b/c")
	return table, root, a, b, c
}

func TestRenameCarriesWhatIsBelow(t *testing.T) {
	table, root, _, b, c := chain(t)
	table.Move(b, root, []byte("z"))
	mustPath(t, table, c, "z/c")
	if got := table.Child(root, []byte("z")); got != b {
		t.Fatalf("Child(z) = %v, want %v", got, b)
	}
}

func TestStaleIDNeverMeansAnotherDirectory(t *testing.T) {
	table, root, _, b, c := chain(t)
	table.Forget(table.Key(c))
	mustLost(t, table, c)
	again := table.Put(b, []byte("c"), 5, 2)
	if again == c {
		t.Fatal("the id was used again")
	}
	mustLost(t, table, c)
	table.Move(c, root, []byte("q"))
	table.SetVisit(c, 9)
	table.Detach(c)
	if table.Child(root, []byte("q")) != NoDir {
		t.Fatal("a stale id moved a directory")
	}
	mustPath(t, table, again, "a/b/c")
}

func TestForgottenParentDetachesChildren(t *testing.T) {
	table, root, _, b, c := chain(t)
	table.Forget(table.Key(b))
	mustLost(t, table, c)
	table.Put(root, []byte("new"), 4, 1)
	mustPath(t, table, c, "new")
}

func TestReplacedDirectoryIsDetached(t *testing.T) {
	table, root, a, _, c := chain(t)
	fresh := table.Put(root, []byte("a"), 9, 1)
	mustPath(t, table, fresh, "a")
	mustLost(t, table, a)
	mustLost(t, table, c)
	table.Put(root, []byte("old"), 2, 1)
	mustPath(t, table, c, "old/b/c")
}

func TestOlderWalkDoesNotOverruleNewer(t *testing.T) {
	table, root, a, b, _ := chain(t)
	table.Put(root, []byte("moved"), 3, 7)
	table.Put(a, []byte("b"), 3, 6)
	mustPath(t, table, b, "moved")

	// A late walk's other directory at the same name is remembered, not believed.
	late := table.Put(root, []byte("moved"), 8, 6)
	mustPath(t, table, b, "moved")
	mustLost(t, table, late)
	if table.ByKey(8) != late {
		t.Fatal("the late directory's key was not remembered")
	}
}

func TestCycleIsBrokenWhereTheTableIsBehind(t *testing.T) {
	tests := []struct {
		name string
		edit func(table *DirTable, a, c DirID)
	}{
		{"move", func(table *DirTable, a, c DirID) { table.Move(a, c, []byte("a")) }},
		{"put", func(table *DirTable, a, c DirID) { table.Put(c, []byte("a"), table.Key(a), 5) }},
		{"into itself", func(table *DirTable, a, _ DirID) {
			table.Move(a, a, []byte("a"))
			table.Put(a, []byte("a"), table.Key(a), 5)
			table.Detach(a)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			table, root, a, b, c := chain(t)
			test.edit(table, a, c)
			mustLost(t, table, a)
			mustLost(t, table, b)
			table.Put(root, []byte("c"), table.Key(c), 6)
			mustPath(t, table, c, "c")
		})
	}
}

func TestRootIsRecreated(t *testing.T) {
	table, root, a, _, c := chain(t)
	if again := table.Root(50, 0); again != root {
		t.Fatalf("Root = %v, want the same id %v", again, root)
	}
	mustPath(t, table, root, "")
	mustLost(t, table, a)
	mustLost(t, table, c)
	if table.Key(root) != 50 || table.ByKey(1) == NoDir || table.Limbo() != 2 {
		t.Fatalf("key %d, old one known as %v, limbo %d",
			table.Key(root), table.ByKey(1), table.Limbo())
	}
	table.Forget(50)
	if table.RootOf(0) != NoDir {
		t.Fatal("the tree has a root that the kernel forgot")
	}
}

func TestTwoTrees(t *testing.T) {
	table, root, _, _, _ := chain(t)
	other := table.Root(60, 3)
	d := table.Put(other, []byte("d"), 61, 1)
	if _, tree, ok := table.AppendPath(nil, d); !ok || tree != 3 {
		t.Fatalf("tree %d, %v; want 3", tree, ok)
	}
	table.SetVisit(root, 1)
	if n := table.Sweep(0, 2); n != 1 {
		t.Fatalf("swept %d directories of tree 0, want a", n)
	}
	mustPath(t, table, d, "d")
}

func TestPruneGivesBackWholeSubtreeInSteps(t *testing.T) {
	table, _, a, b, c := chain(t)
	table.Detach(a)
	var dropped []uint64
	drop := func(key uint64) bool { dropped = append(dropped, key); return key == 3 }
	if table.Prune(10, drop) || len(dropped) != 0 {
		t.Fatalf("pruned %v before the quiet period", dropped)
	}
	table.Age()
	for range 10 {
		if !table.Prune(1, drop) {
			break
		}
	}
	slices.Sort(dropped)
	if !slices.Equal(dropped, []uint64{2, 3, 4}) {
		t.Fatalf("dropped %v, want 2, 3 and 4", dropped)
	}
	if table.ByKey(3) != NoDir || table.ByKey(2) != a || table.ByKey(4) != c || table.Limbo() != 0 {
		t.Fatal("gone is forgotten at once, the others wait for the kernel's last word")
	}
	table.Forget(2)
	table.Forget(4)
	if table.Len() != 1 {
		t.Fatalf("Len = %d, want only the root", table.Len())
	}
	mustLost(t, table, b)
}

func TestSeenAgainIsNotPruned(t *testing.T) {
	table, root, a, _, c := chain(t)
	table.Detach(a)
	table.Age()
	table.Put(root, []byte("back"), 2, 3)
	if table.Prune(100, func(key uint64) bool { t.Errorf("dropped %d", key); return false }) {
		t.Error("more is left")
	}
	mustPath(t, table, c, "back/b/c")
}

func TestLostLastWordIsAskedAgain(t *testing.T) {
	table, root, a, _, _ := chain(t)
	table.Detach(a)
	table.Age()
	table.Prune(100, func(uint64) bool { return false })
	table.Sweep(0, 0)
	table.Prune(100, func(uint64) bool { return true })
	if table.Len() != 1 || table.RootOf(0) != root {
		t.Fatalf("Len = %d after the kernel knew none of them", table.Len())
	}
}

func TestVisitsWrap(t *testing.T) {
	table := NewDirTable()
	root := table.Root(1, 0)
	old := table.Put(root, []byte("old"), 2, 1<<30)
	seq := uint32(7 << 29)
	table.RaiseVisits(seq - 1<<30)
	seq += 1<<29 + 5
	if table.Covered(root, []byte("old"), seq) {
		t.Fatal("a directory seen 2^31 reads ago counts as just seen")
	}
	if seq > 1<<29 {
		t.Fatal("the number did not wrap")
	}
	table.SetVisit(old, seq+1)
	if !table.Covered(root, []byte("old"), seq) || table.Covered(root, []byte("old"), seq+1) {
		t.Fatal("Covered is not: seen after the read")
	}
}

func TestNamesAreBytes(t *testing.T) {
	table := NewDirTable()
	root := table.Root(1, 0)
	long := make([]byte, 255)
	for i := range long {
		long[i] = byte(i + 1)
	}
	id := table.Put(root, long, 2, 1)
	mustPath(t, table, id, string(long))
	if table.Child(root, long) != id || table.Child(root, long[:254]) != NoDir {
		t.Fatal("Child compares names wrongly")
	}
	if table.Put(root, append(long, 'x'), 3, 1); table.Child(root, append(long, 'x')) != NoDir {
		t.Fatal("a name longer than NAME_MAX was taken")
	}
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	table, root, _, b, c := chain(t)
	path := make([]byte, 0, 64)
	names := [][]byte{[]byte("x"), []byte("y")}
	if n := testing.AllocsPerRun(200, func() {
		for i := range 10 {
			table.ByKey(uint64(i))
			table.Child(b, []byte("c"))
			table.Move(c, root, names[i&1])
			path, _, _ = table.AppendPath(path[:0], c)
		}
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func TestNodeHasNoPointers(t *testing.T) {
	typ := reflect.TypeFor[node]()
	if typ.Size() != nodeBytes {
		t.Errorf("a node has %d bytes, counted as %d", typ.Size(), nodeBytes)
	}
	for i := range typ.NumField() {
		switch f := typ.Field(i); f.Type.Kind() {
		case reflect.Uint64, reflect.Uint32, reflect.Uint8, reflect.Bool:
		default:
			t.Errorf("%s may hold a pointer", f.Name)
		}
	}
}
