package config

// Effect is what becomes of one of rsync's options in commonParams.
type Effect uint8

const (
	// Keep: rsync is given it.
	Keep Effect = iota
	// KeepWarn: rsync is given it, and Why is said.
	KeepWarn
	// Ours: dropped without a word; every run has it, or our own reading of rsync's output.
	Ours
	// Drop: dropped, and Why is said.
	Drop
	// Refuse: an error, Why says the reason.
	Refuse
	// Archive and Piece: -a and its parts; what of it is not asked for is taken back.
	Archive
	Piece
	// FilterRule: it joins the one filter list.
	FilterRule
	// Setting: it becomes a setting of the target.
	Setting
)

func (e Effect) String() string {
	return [...]string{
		"kept", "kept, with a warning", "always given or meaningless here, dropped",
		"dropped, with a warning", "refused", "part of -a", "part of -a", "filter rule", "setting",
	}[e]
}

// Option is a row of the table.
type Option struct {
	Long   string // without dashes; "" if it has a short form only
	Short  byte   // 0: none
	Arg    bool   // it takes an argument
	Effect Effect
	Why    string
}

// find looks a long name up; "no-" in front is cut off by the caller.
func find(long string) (Option, bool) {
	for _, o := range Options() {
		if o.Long == long {
			return o, true
		}
	}
	return Option{}, false
}

func findShort(c byte) (Option, bool) {
	for _, o := range Options() {
		if o.Short == c {
			return o, true
		}
	}
	return Option{}, false
}

// Options is every option of rsync 3.5.0 and what becomes of it. The slice is the caller's.
func Options() []Option {
	var all []Option
	all = append(all, contentOptions()...)
	all = append(all, attributeOptions()...)
	all = append(all, deletionOptions()...)
	all = append(all, connectionOptions()...)
	return append(all, outputOptions()...)
}

const (
	behindLinks = "what is behind a symlink is not watched: its changes arrive only with a full pass"
	sourceList  = "the list of paths is ours"
	torn        = "a reader of the target would see a file half written, and two runs would mix their bytes"
)

// contentOptions choose which files are sent and how their content goes.
func contentOptions() []Option {
	return []Option{
		{"archive", 'a', false, Archive, ""},
		{"recursive", 'r', false, Ours, ""},
		{"inc-recursive", 0, false, Keep, ""},
		{"i-r", 0, false, Keep, ""},
		{"relative", 'R', false, Ours, ""},
		{"implied-dirs", 0, false, Drop, "new parent directories would get wrong attributes without implied ones"},
		{"dirs", 'd', false, Ours, ""},
		{"old-dirs", 0, false, Ours, ""},
		{"old-d", 0, false, Ours, ""},
		{"mkpath", 0, false, Keep, ""},
		{"update", 'u', false, Keep, ""},
		{"existing", 0, false, Keep, ""},
		{"ignore-non-existing", 0, false, Keep, ""},
		{"ignore-existing", 0, false, Keep, ""},
		{"max-size", 0, true, Keep, ""},
		{"min-size", 0, true, Keep, ""},
		{"max-alloc", 0, true, Keep, ""},
		{"checksum", 'c', false, KeepWarn, "every full pass reads every file on both sides"},
		{"ignore-times", 'I', false, KeepWarn, "every full pass sends every file again"},
		{"size-only", 0, false, KeepWarn, "a full pass does not see a change that keeps the size"},
		{"modify-window", '@', true, Drop, "-@-1 is needed: whole seconds hide a second change"},
		{"whole-file", 'W', false, Keep, ""},
		{"checksum-choice", 0, true, Keep, ""},
		{"cc", 0, true, Keep, ""},
		{"checksum-seed", 0, true, Keep, ""},
		{"block-size", 'B', true, Keep, ""},
		{"compress", 'z', false, Keep, ""},
		{"compress-choice", 0, true, Keep, ""},
		{"zc", 0, true, Keep, ""},
		{"compress-level", 0, true, Keep, ""},
		{"zl", 0, true, Keep, ""},
		{"compress-threads", 0, true, Keep, ""},
		{"zt", 0, true, Keep, ""},
		{"skip-compress", 0, true, Keep, ""},
		{"old-compress", 0, false, Keep, ""},
		{"new-compress", 0, false, Keep, ""},
		{"sparse", 'S', false, Keep, ""},
		{"preallocate", 0, false, Keep, ""},
		{"fsync", 0, false, Keep, ""},
		{"temp-dir", 'T', true, Keep, ""},
		{"partial", 0, false, Ours, ""},
		{"partial-dir", 0, true, Drop, "large files are sent resumably anyway"},
		{"", 'P', false, Ours, ""},
		{"delay-updates", 0, false, Drop, "a run is already small"},
		{"prune-empty-dirs", 'm', false, KeepWarn, "an empty directory is not mirrored until something is in it"},
		{"fuzzy", 'y', false, Drop, "rsync refuses it together with deleting listed names"},
		{"copy-dest", 0, true, Keep, ""},
		{"link-dest", 0, true, KeepWarn, "files on the target share their content with that directory's"},
		{"compare-dest", 0, true, Refuse, "files that are there would be left out of the target"},
		{"inplace", 0, false, Refuse, torn},
		{"append", 0, false, Refuse, "a file that was rewritten, not extended, would be wrong on the target"},
		{"append-verify", 0, false, Refuse, "a file that was rewritten, not extended, would be wrong on the target"},
		{"write-devices", 0, false, Refuse, "it writes into devices of the target"},
		{"copy-devices", 0, false, Refuse, "a device has no end"},
		{"dry-run", 'n', false, Refuse, `nothing would ever be sent; use "sersync … --dry-run"`},
		{"list-only", 0, false, Refuse, "nothing would ever be sent"},
		{"remove-source-files", 0, false, Refuse, "the tree is the original, not a queue"},
		{"remove-sent-files", 0, false, Refuse, "the tree is the original, not a queue"},
		{"files-from", 0, true, Refuse, sourceList},
		{"from0", '0', false, Refuse, sourceList},
		{"write-batch", 0, true, Refuse, "it is for one run"},
		{"only-write-batch", 0, true, Refuse, "nothing would ever be sent"},
		{"read-batch", 0, true, Refuse, "nothing would ever be sent"},
		{"stop-after", 0, true, Refuse, "a run would end before it is complete"},
		{"stop-at", 0, true, Refuse, "a run would end before it is complete"},
		{"time-limit", 0, true, Refuse, "a run would end before it is complete"},
		{"cvs-exclude", 'C', false, FilterRule, ""},
		{"filter", 'f', true, FilterRule, ""},
		{"", 'F', false, Refuse, "per-directory files of rules are not supported; write the rules here"},
		{"exclude", 0, true, FilterRule, ""},
		{"exclude-from", 0, true, FilterRule, ""},
		{"include", 0, true, FilterRule, ""},
		{"include-from", 0, true, FilterRule, ""},
	}
}

// attributeOptions choose what of a file is kept beside its content.
func attributeOptions() []Option {
	return []Option{
		{"links", 'l', false, Piece, ""},
		{"perms", 'p', false, Piece, ""},
		{"group", 'g', false, Piece, ""},
		{"owner", 'o', false, Piece, ""},
		{"devices", 0, false, Piece, ""},
		{"specials", 0, false, Piece, ""},
		{"D", 'D', false, Piece, ""},
		{"times", 't', false, Ours, ""},
		{"copy-links", 'L', false, KeepWarn, behindLinks},
		{"copy-unsafe-links", 0, false, KeepWarn, behindLinks},
		{"copy-dirlinks", 'k', false, KeepWarn, behindLinks},
		{"keep-dirlinks", 'K', false, Keep, ""},
		{"safe-links", 0, false, Keep, ""},
		{"munge-links", 0, false, Keep, ""},
		{"insecure-links", 0, false, Keep, ""},
		{"confine-root", 0, true, Keep, ""},
		{"drop-D", 0, false, Keep, ""},
		{"hard-links", 'H', false, Setting, ""},
		{"executability", 'E', false, Keep, ""},
		{"chmod", 0, true, Keep, ""},
		{"acls", 'A', false, Keep, ""},
		{"xattrs", 'X', false, Keep, ""},
		{"atimes", 'U', false, Keep, ""},
		{"open-noatime", 0, false, Keep, ""},
		{"crtimes", 'N', false, Keep, ""},
		{"omit-dir-times", 'O', false, Keep, ""},
		{"omit-link-times", 'J', false, Keep, ""},
		{"super", 0, false, Keep, ""},
		{"fake-super", 0, false, Keep, ""},
		{"numeric-ids", 0, false, Ours, ""},
		{"usermap", 0, true, Keep, ""},
		{"groupmap", 0, true, Keep, ""},
		{"chown", 0, true, Keep, ""},
		{"copy-as", 0, true, Keep, ""},
		{"one-file-system", 'x', false, Setting, ""},
		{"iconv", 0, true, KeepWarn, "names on the target differ from those here"},
	}
}

// deletionOptions delete or keep what was there.
func deletionOptions() []Option {
	return []Option{
		{"delete", 0, false, Setting, ""},
		{"del", 0, false, Setting, ""},
		{"delete-before", 0, false, Setting, ""},
		{"delete-during", 0, false, Setting, ""},
		{"delete-delay", 0, false, Setting, ""},
		{"delete-after", 0, false, Setting, ""},
		{"delete-excluded", 0, false, Drop, "what is excluded is never deleted on the target"},
		{"delete-missing-args", 0, false, Ours, ""},
		{"ignore-missing-args", 0, false, Ours, ""},
		{"ignore-errors", 0, false, Drop, "it would delete the replica of what can't be read here"},
		{"force", 0, false, Ours, ""},
		{"max-delete", 0, true, Setting, ""},
		{"backup", 'b', false, Setting, ""},
		{"backup-dir", 0, true, Setting, ""},
		{"suffix", 0, true, Setting, ""},
	}
}

// connectionOptions are about the way to the target.
func connectionOptions() []Option {
	return []Option{
		{"rsh", 'e', true, Setting, ""},
		{"rsync-path", 0, true, Keep, ""},
		{"port", 0, true, Setting, ""},
		{"password-file", 0, true, Setting, ""},
		{"early-input", 0, true, Keep, ""},
		{"timeout", 0, true, Setting, ""},
		{"contimeout", 0, true, Setting, ""},
		{"bwlimit", 0, true, Setting, ""},
		{"address", 0, true, Keep, ""},
		{"sockopts", 0, true, Keep, ""},
		{"blocking-io", 0, false, Keep, ""},
		{"protocol", 0, true, Keep, ""},
		{"ipv4", '4', false, Keep, ""},
		{"ipv6", '6', false, Keep, ""},
		{"remote-option", 'M', true, Keep, ""},
		{"secluded-args", 's', false, Keep, ""},
		{"protect-args", 0, false, Keep, ""},
		{"old-args", 0, false, Drop, "names would pass through the remote shell"},
		{"trust-sender", 0, false, Keep, ""},
		{"daemon", 0, false, Refuse, "it would start a server, not a run"},
		{"config", 0, true, Refuse, "it is an option of a server"},
		{"detach", 0, false, Refuse, "it is an option of a server"},
		{"server", 0, false, Refuse, "it is rsync's own"},
		{"sender", 0, false, Refuse, "it is rsync's own"},
		{"help", 0, false, Refuse, "nothing would ever be sent"},
		{"version", 'V', false, Refuse, "nothing would ever be sent"},
	}
}

// outputOptions are about what rsync prints, which the program reads and nobody else.
func outputOptions() []Option {
	const read = "the program reads rsync's output itself"
	return []Option{
		{"verbose", 'v', false, Ours, ""},
		{"quiet", 'q', false, Ours, ""},
		{"motd", 0, false, Ours, ""},
		{"stats", 0, false, Ours, ""},
		{"progress", 0, false, Ours, ""},
		{"itemize-changes", 'i', false, Ours, ""},
		{"human-readable", 'h', false, Ours, ""},
		{"8-bit-output", '8', false, Ours, ""},
		{"info", 0, true, Drop, read},
		{"debug", 0, true, Drop, read},
		{"stderr", 0, true, Drop, read},
		{"msgs2stderr", 0, false, Drop, read},
		{"outbuf", 0, true, Drop, read},
		{"out-format", 0, true, Drop, read},
		{"log-format", 0, true, Drop, read},
		{"log-file", 0, true, Keep, ""},
		{"log-file-format", 0, true, Keep, ""},
	}
}
