package journal

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCodec(t *testing.T) {
	key := []byte("/data\x00h::m/")
	target := Target{Contact: "clean", LastPass: someTime}
	sealed := encodeTarget(key, target)
	got, err := decodeTarget(key, sealed)
	if err != nil || !cmp.Equal(got, target) {
		t.Errorf("target: %+v, %v", got, err)
	}
	tree, err := decodeTree(key, encodeTree(key, someTree))
	if diff := cmp.Diff(someTree, tree); err != nil || diff != "" {
		t.Errorf("tree: %v\n%s", err, diff)
	}

	record := sealed[:len(sealed)-4]
	later := bytes.Clone(record)
	later[0]++
	tests := []struct {
		name string
		key  []byte
		b    []byte
		want error // nil: any
	}{
		{"empty", key, nil, errTruncated},
		{"another's record", []byte("/data\x00h::n/"), sealed, errChecksum},
		{"cut", key, sealed[:len(sealed)-1], nil},
		{"cut before it was sealed", key, seal(key, record[:len(record)-1]), errTruncated},
		{"too long", key, seal(key, append(bytes.Clone(record), 0)), errTrailing},
		{"of a later version", key, seal(key, later), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := decodeTarget(tt.key, tt.b)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// Any bytes behind a right checksum: no panic, and what is decoded encodes to the same meaning.
func FuzzDecode(f *testing.F) {
	key := []byte("k")
	for _, b := range [][]byte{
		encodeTree(key, someTree), encodeTree(key, Tree{}),
		encodeTarget(key, Target{Contact: "extra", LastPass: someTime}), encodeTarget(key, Target{}),
		{recordVersion, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
	} {
		f.Add(b[:max(len(b)-4, 1)])
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		sealed := seal(key, record)
		if tree, err := decodeTree(key, sealed); err == nil {
			again, err := decodeTree(key, encodeTree(key, tree))
			if err != nil || !cmp.Equal(again, tree) {
				t.Errorf("%+v became %+v, %v", tree, again, err)
			}
		}
		if target, err := decodeTarget(key, sealed); err == nil {
			again, err := decodeTarget(key, encodeTarget(key, target))
			if err != nil || !cmp.Equal(again, target) {
				t.Errorf("%+v became %+v, %v", target, again, err)
			}
		}
		if tree, err := decodeTree(key, record); err == nil && len(record) < 5 {
			t.Errorf("decoded %+v without a checksum", tree)
		}
	})
}

func TestZeroTimeStaysZero(t *testing.T) {
	key := []byte("k")
	got, err := decodeTarget(key, encodeTarget(key, Target{Contact: "unknown"}))
	if err != nil || !got.LastPass.IsZero() {
		t.Errorf("%v, %v", got.LastPass, err)
	}
	if before := (Target{LastPass: time.Unix(-1, 0)}); true {
		if _, err := decodeTarget(key, encodeTarget(key, before)); err == nil {
			t.Error("a time before 1970 was taken")
		}
	}
}
