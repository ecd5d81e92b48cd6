// Package filter decides which paths of a tree are mirrored: one rule list, in two forms that a
// corpus test keeps equal by running rsync itself.
//
// Our form ([Rules.Excluded]) decides what is watched and which live events count. rsync's form
// ([Rules.Rsync]) goes with every recursive run, so that a full pass sends and deletes by the
// same rules. Four kinds of rules join the list, and the first that matches decides:
//
//  1. the program's own state directories;
//  2. sersync2's regular expressions (<filter>), see below;
//  3. rsync's filter rules, in the order they were given;
//  4. sersync2's temp-file rule: files (never directories) named ".x", "x~" or "4913". It stands
//     last because rsync has no pattern for "not a directory": "+ .*/" has to stand before "- .*",
//     and before other rules it would shadow theirs. So a "+ .htaccess" in 3 brings that name back.
//
// # Usage
//
//	rules, err := filter.New(filter.Options{Rsync: []filter.RsyncRule{{Text: "- *.o"}}})
//	rules.Excluded([]byte("a/b.o"), false) // the parents of the path being included
//	rules.ExcludedTree("a/b.o", false)     // asks for the parents too
//	args := rules.Rsync()                  // --filter=… for a recursive run
//
// A path is relative to the root, without leading or trailing slash. An excluded directory
// excludes all that is below it. The root itself ("") is never excluded.
//
// # rsync's language
//
// "-", "+", "H", "S", "P", "R", "!" and their long names, with the modifiers "/", "!", "s", "r",
// "p" and "x"; patterns as rsync(1), FILTER RULES, has them. Only the rules of the sender's side
// decide for [Rules.Excluded]; a plain "-" also protects the name on the target, "H" does not,
// exactly as in rsync. Merge files and the modifier "C" are errors that name the construct.
//
// # sersync2's regular expressions
//
// sersync2 matched the whole string (boost::regex_match, byte by byte), and the string differed
// by place: "name" for an event in the root, "/sub/name" deeper, "sub/" at start-up. An
// expression here excludes a path if it matches any string that sersync2 could have used for it,
// or "sub/name" without the leading slash, which is what people wrote. Constructs of Perl's
// syntax that Go's regexp lacks are errors that name the construct.
//
// Most expressions are translated into rsync patterns with exactly the same meaning, and those
// patterns are what both forms then use. For the rest [Rules.Untranslatable] is true: a recursive
// run is then given the concrete paths that a walk found ([Rules.OnlyOurs], [Rules.RsyncFor]), and
// on the target every name is protected from deletion that a wider pattern matches.
//
// # Concurrency
//
// Rules are immutable: all methods may be called from any goroutine. Matching rsync's rules, and
// translated expressions, does not allocate.
package filter
