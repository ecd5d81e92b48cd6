package task

import "testing"

func TestWhatThen(t *testing.T) {
	tests := []struct {
		name     string
		old, new What
		want     What
	}{
		{"a close ends a write", Content | Writing, Content, Content},
		{"a write after a close", Content, Content | Writing, Content | Writing},
		{"attributes do not end a write", Content | Writing, Attr, Content | Writing | Attr},
		{"content after the name left", Attr | Left, Content, Attr | Left | Content | Stray},
		{"the name left after content", Content, Attr | Left, Content | Attr | Left},
		{"left again", Left | Content | Stray, Left, Left | Content},
		{"left, made again, closed", Attr | Left, Attr, Attr | Left},
		{"was a directory", Left | WasDir, Attr, Left | WasDir | Attr},
		{"stray stays", Content | Stray, Content, Content | Stray},
		{"left, came again, written", Attr | Left, Content | Attr | Came, Attr | Content | Came},
		{"written after it came again", Content | Attr | Came, Content, Content | Attr | Came},
		{"came and left", Content | Attr | Came, Left, Content | Attr | Came | Left},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.old.Then(tt.new); got != tt.want {
				t.Errorf("%#b.Then(%#b) = %#b, want %#b", tt.old, tt.new, got, tt.want)
			}
		})
	}
}

func TestKindOf(t *testing.T) {
	tests := []struct {
		name string
		debt Debt
		want Kind
	}{
		{"content", Debt{What: Content | Attr}, KindContent},
		{"attributes", Debt{What: Attr}, KindQuick},
		{"listing with content", Debt{Scope: Listing, What: Content}, KindQuick},
		{"subtree with content", Debt{Scope: Subtree, What: Content}, KindTree},
		{"large file", Debt{What: Content | Large}, KindLarge},
		{"large listing", Debt{Scope: Listing, What: Content | Large}, KindLarge},
		{"subtree is never large", Debt{Scope: Subtree, What: Large}, KindTree},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := KindOf(tt.debt); got != tt.want {
				t.Errorf("KindOf(%+v) = %v, want %v", tt.debt, got, tt.want)
			}
		})
	}
}
