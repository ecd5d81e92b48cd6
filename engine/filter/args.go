package filter

// MaxConcrete is how many concrete paths a run should be given: above it the list of arguments
// grows past what is sensible (the kernel allows 128 KiB for one and a quarter of the stack for
// all), so a caller splits the run.
const MaxConcrete = 4096

// Rsync is the rules as arguments for a recursive run: what is excluded is neither sent nor, where
// it exists on the target, deleted. Where Untranslatable is true they are not enough for sending;
// use RsyncFor then.
func (r *Rules) Rsync() []string { return r.RsyncFor(nil) }

// RsyncFor is Rsync with, in the place of the expressions that rsync's language can't express, the
// concrete paths that a walk of the run's source found excluded by them (OnlyOurs). Names that
// exist only on the target are protected by wider patterns: some that could be deleted stay, but
// nothing excluded is deleted. At most MaxConcrete paths should be given.
func (r *Rules) RsyncFor(excludedPaths []string) []string {
	if r == nil {
		return nil
	}
	var args []string
	listed := false
	for i := range r.all {
		x := &r.all[i]
		if x.regex == nil {
			args = append(args, "--filter="+x.String())
			continue
		}
		if !listed {
			listed = true
			for _, p := range excludedPaths {
				args = append(args, "--filter=- /"+escape(p))
			}
		}
		for _, p := range x.protect {
			args = append(args, "--filter=P "+p)
		}
	}
	return args
}

// Untranslatable is whether some expression has no form in rsync's language.
func (r *Rules) Untranslatable() bool { return r != nil && r.regexes }

// OnlyOurs is whether the path is excluded by a rule that Rsync can't express. A walk collects
// these paths for RsyncFor; it need not enter an excluded directory.
func (r *Rules) OnlyOurs(path []byte, isDir bool) bool {
	if !r.Untranslatable() {
		return false
	}
	x := r.decide(path, isDir)
	return x != nil && x.action == actExclude && x.regex != nil
}
