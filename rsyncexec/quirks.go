package rsyncexec

import "strings"

// Branch is the form that runs to a target take, by what both ends understand.
type Branch uint8

const (
	// BranchA: nanosecond comparison and --delete-missing-args. Receivers from 3.1.3.
	BranchA Branch = iota + 1
	// BranchAB: nanosecond comparison, but --delete-missing-args is broken (3.4.3, and 3.2.7
	// with the distributions' security patches): deletions go in a run of their own.
	BranchAB
	// BranchAI: --delete-missing-args, but times are compared by whole seconds: files are
	// compared by content. Receivers 3.1.0 to 3.1.2.
	BranchAI
	// BranchNX: neither. Receivers before 3.1, which also store whole seconds only.
	BranchNX
)

func (b Branch) String() string {
	switch b {
	case BranchA:
		return "A"
	case BranchAB:
		return "AB"
	case BranchAI:
		return "A-I"
	case BranchNX:
		return "N+X"
	}
	return "?"
}

// Quirks is what is known of the two rsyncs of a target.
type Quirks struct {
	Local  Version
	Branch Branch
	// Coarse: the target's filesystem keeps times less exactly than the source's.
	Coarse bool
	// window asks for times to be compared to the nanosecond: "-@-1", or "-M-@-1" where only
	// the receiver knows it; "" if nobody does.
	window string
}

// Subsecond says whether the target compares, and keeps, times to the nanosecond. Where it does
// not, no nanoseconds should be compared with it either.
func (q Quirks) Subsecond() bool { return q.exactWindow() && !q.Coarse }

// exactWindow: the receiver can compare to the nanosecond.
func (q Quirks) exactWindow() bool { return q.Branch == BranchA || q.Branch == BranchAB }

// missingArgs: a missing name can be listed and is deleted.
func (q Quirks) missingArgs() bool { return q.Branch == BranchA || q.Branch == BranchAI }

// ignoreMissing: the local rsync knows --ignore-missing-args, which does not travel.
func (q Quirks) ignoreMissing() bool { return !q.Local.Less(Version{3, 1, 0}) }

const coarseWords = "its filesystem keeps times less exactly than the source: files are compared by content, " +
	"which both ends have to read (use one with nanoseconds: ext4 has them with inodes of 256 bytes)"

// Words say to a person what the target lacks and what that costs.
func (q Quirks) Words() string {
	var b strings.Builder
	b.WriteString("rsync " + q.Local.String() + " here; ")
	switch q.Branch {
	case BranchA:
		b.WriteString("the target understands all that is needed")
	case BranchAB:
		b.WriteString("the target's --delete-missing-args is broken: deletions take a run of their own (update rsync on the target)")
	case BranchAI:
		b.WriteString("the target (rsync before 3.1.3) compares times by whole seconds: files are compared by content, which reads or sends more (update rsync on the target)")
	case BranchNX:
		b.WriteString("the target (rsync before 3.1) stores whole seconds and can't delete what is listed as missing: files are compared by content and deletions take a run of their own (update rsync on the target)")
	default:
		b.WriteString("the target was not asked yet")
	}
	if q.Coarse {
		b.WriteString("; " + coarseWords)
	}
	if q.Local != (Version{}) && q.Local.Less(Version{3, 1, 0}) {
		b.WriteString("; the rsync of this machine is older than 3.1 too: update it")
	}
	return b.String()
}

// windowOf is step 1 of the decision: what the local rsync can ask for.
func windowOf(v Version) string {
	switch {
	case v.Less(Version{3, 1, 0}):
		return ""
	case v.Less(Version{3, 1, 3}):
		return "-M-@-1"
	}
	return "-@-1"
}
