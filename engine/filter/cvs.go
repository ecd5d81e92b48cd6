package filter

// CVS is what rsync's option -C excludes in every directory. Its per-directory .cvsignore files
// and the CVSIGNORE variable are not part of it.
func CVS(src Source) []RsyncRule {
	names := []string{
		"RCS", "SCCS", "CVS", "CVS.adm", "RCSLOG", "cvslog.*", "tags", "TAGS",
		".make.state", ".nse_depinfo", "*~", "#*", ".#*", ",*", "_$*", "*$", "*.old", "*.bak",
		"*.BAK", "*.orig", "*.rej", ".del-*", "*.a", "*.olb", "*.o", "*.obj", "*.so", "*.exe",
		"*.Z", "*.elc", "*.ln", "core", ".svn/", ".git/", ".hg/", ".bzr/",
	}
	rules := make([]RsyncRule, 0, len(names))
	for _, n := range names {
		rules = append(rules, RsyncRule{Text: "-p " + n, Source: src})
	}
	return rules
}
