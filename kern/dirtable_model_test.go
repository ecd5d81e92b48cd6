package kern

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// model is the table as one would write it without caring for memory: a map of pointers.
type model struct {
	byKey map[uint64]*modelDir
	root  *modelDir
}

type modelDir struct {
	key    uint64
	parent *modelDir // nil: detached or root
	name   string
	visit  uint32
	id     DirID
}

func (m *model) child(parent *modelDir, name string) *modelDir {
	for _, d := range m.byKey {
		if d.parent == parent && d.name == name && parent != nil {
			return d
		}
	}
	return nil
}

func (m *model) below(d, top *modelDir) bool {
	for ; d != nil; d = d.parent {
		if d == top {
			return true
		}
	}
	return false
}

func (m *model) put(parent *modelDir, name string, key uint64, visit uint32) *modelDir {
	d := m.byKey[key]
	if d != nil && (d == m.root || d.visit > visit) {
		return d
	}
	known := d != nil
	if !known {
		d = &modelDir{key: key, visit: visit}
		m.byKey[key] = d
	}
	if parent == nil || parent == d {
		return d
	}
	other := m.child(parent, name)
	if other != nil && other != d && other.visit > visit {
		return d
	}
	if other != d {
		m.move(d, parent, name)
	}
	d.visit = visit
	return d
}

func (m *model) move(d, parent *modelDir, name string) {
	if d == m.root || parent == d || m.child(parent, name) == d {
		return
	}
	if other := m.child(parent, name); other != nil {
		other.parent, other.name = nil, ""
	}
	if m.below(parent, d) {
		parent.parent, parent.name = nil, ""
	}
	d.parent, d.name = parent, name
}

func (m *model) forget(d *modelDir) {
	for _, c := range m.byKey {
		if c.parent == d {
			c.parent, c.name = nil, ""
		}
	}
	delete(m.byKey, d.key)
}

func (m *model) path(d *modelDir) (string, bool) {
	var names []string
	for ; d != m.root; d = d.parent {
		if d.parent == nil {
			return "", false
		}
		names = append([]string{d.name}, names...)
	}
	return strings.Join(names, "/"), true
}

// TestTableAgainstModel edits a table and the model in the same random way and compares all that
// can be asked.
func TestTableAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := NewDirTable()
		m := &model{byKey: map[uint64]*modelDir{}}
		m.root = &modelDir{key: 1, id: table.Root(1, 0)}
		m.byKey[1] = m.root
		var gone []DirID
		key := rapid.Uint64Range(1, 40)
		name := rapid.Map(rapid.IntRange(0, 12), func(i int) string {
			return strings.Repeat("n", 1+i*20) + fmt.Sprint(i)
		})
		visit := rapid.Uint32Range(1, 4)
		pick := func(t *rapid.T, label string) *modelDir { return m.byKey[key.Draw(t, label)] }
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				parent, n := pick(t, "parent"), name.Draw(t, "name")
				k, v := key.Draw(t, "key"), visit.Draw(t, "visit")
				parentID := NoDir
				if parent != nil {
					parentID = parent.id
				}
				id := table.Put(parentID, []byte(n), k, v)
				m.put(parent, n, k, v).id = id
			},
			"move": func(t *rapid.T) {
				d, parent, n := pick(t, "dir"), pick(t, "parent"), name.Draw(t, "name")
				if d == nil || parent == nil {
					t.Skip("no such directory")
				}
				table.Move(d.id, parent.id, []byte(n))
				m.move(d, parent, n)
			},
			"detach": func(t *rapid.T) {
				d := pick(t, "dir")
				if d == nil || d == m.root {
					t.Skip("no such directory")
				}
				table.Detach(d.id)
				d.parent, d.name = nil, ""
			},
			"forget": func(t *rapid.T) {
				d := pick(t, "dir")
				if d == nil || d == m.root {
					t.Skip("no such directory")
				}
				table.Forget(d.key)
				m.forget(d)
				gone = append(gone, d.id)
			},
			"": func(t *rapid.T) { compareModel(t, table, m, gone) },
		})
	})
}

func compareModel(t *rapid.T, table *DirTable, m *model, gone []DirID) {
	if table.Len() != len(m.byKey) {
		t.Fatalf("Len = %d, want %d", table.Len(), len(m.byKey))
	}
	limbo := 0
	for key, d := range m.byKey {
		if table.ByKey(key) != d.id || table.Key(d.id) != key {
			t.Fatalf("key %d: id %v, want %v", key, table.ByKey(key), d.id)
		}
		want, ok := m.path(d)
		got, _, gotOK := table.AppendPath(nil, d.id)
		if gotOK != ok || string(got) != want {
			t.Fatalf("path of %d: %q %v, want %q %v", key, got, gotOK, want, ok)
		}
		if d.parent != nil && table.Child(d.parent.id, []byte(d.name)) != d.id {
			t.Fatalf("Child does not find %d", key)
		}
		if d.parent == nil && d != m.root {
			limbo++
		}
	}
	if table.Limbo() != limbo {
		t.Fatalf("Limbo = %d, want %d", table.Limbo(), limbo)
	}
	for _, id := range gone {
		if _, _, ok := table.AppendPath(nil, id); ok {
			t.Fatalf("stale id %x has a path", uint64(id))
		}
	}
}

// TestChurnIsBounded makes and removes a million directories, never more than a thousand at once.
func TestChurnIsBounded(t *testing.T) {
	table := NewDirTable()
	root := table.Root(1, 0)
	const alive = 1000
	name := make([]byte, 0, 64)
	most := 0
	for i := range uint64(1_000_000) {
		name = fmt.Appendf(name[:0], "build-%d-%x", i, i*i)
		table.Put(root, name, 2+i, 1)
		if i >= alive {
			table.Forget(2 + i - alive)
		}
		most = max(most, table.Bytes())
	}
	if table.Len() != alive+1 {
		t.Fatalf("Len = %d", table.Len())
	}
	if most > 1<<20 {
		t.Fatalf("%d bytes for %d directories", most, alive)
	}
}

// TestRenameChurnIsBounded renames few directories many times.
func TestRenameChurnIsBounded(t *testing.T) {
	table := NewDirTable()
	root := table.Root(1, 0)
	var ids []DirID
	for i := range uint64(5000) {
		ids = append(ids, table.Put(root, fmt.Appendf(nil, "d%d", i), 2+i, 1))
	}
	before := table.Bytes()
	var name []byte
	for i := range 300_000 {
		// Some are never renamed: their names must survive the emptying of chunks.
		id := ids[i*7%4000]
		name = fmt.Appendf(name[:0], "renamed-%d", i)
		table.Move(id, root, name)
	}
	if got := table.Bytes(); got > before+16*chunkSize {
		t.Fatalf("%d bytes, %d before", got, before)
	}
	mustPath(t, table, ids[4999], "d4999")
}
