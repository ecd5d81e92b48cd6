package guard

import "fmt"

// Contact is what is known about names that only the target has. It outlives the process: the
// journal keeps it, with the identities of source and destination.
type Contact uint8

const (
	// Unknown: the target was never compared with this source. Only names seen leaving are deleted.
	Unknown Contact = iota
	// Extra: it was compared and holds names that the source has not. They may be somebody else's,
	// so nothing but names seen leaving is deleted until a person says so.
	Extra
	// Confirmed: a person said that such names may go (--delete, confirm, -r of an XML setup).
	Confirmed
	// Clean: a full pass found, or left, nothing extra.
	Clean
)

var contactNames = [...]string{
	Unknown: "unknown", Extra: "extra", Confirmed: "confirmed", Clean: "clean",
}

// ParseContact reads what String wrote. What it does not know it takes as Unknown, the contact that
// deletes least.
func ParseContact(s string) Contact {
	for c, name := range contactNames {
		if s == name {
			return Contact(c)
		}
	}
	return Unknown
}

func (c Contact) String() string {
	if int(c) < len(contactNames) {
		return contactNames[c]
	}
	return fmt.Sprintf("Contact(%d)", uint8(c))
}

// passesMayDelete says whether names that nobody saw leaving may go at all.
func (c Contact) passesMayDelete() bool { return c == Confirmed || c == Clean }
