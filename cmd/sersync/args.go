package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// checkArgs refuses what would parse and not mean what was meant: a long word behind a single
// dash. "-old" is not a file "ld" for -o, "-help" not -h with something behind it.
func checkArgs(root *cobra.Command, args []string) error {
	cmd, rest, err := root.Find(args)
	if err != nil {
		return nil //nolint:nilerr // Execute says it, in its own words
	}
	cmd.InitDefaultHelpFlag()
	flags := cmd.Flags()
	for i := 0; i < len(rest); i++ {
		word := rest[i]
		switch {
		case word == "--":
			return nil
		case strings.HasPrefix(word, "--"):
			name, _, hasValue := strings.Cut(word[2:], "=")
			if f := flags.Lookup(name); f != nil && f.NoOptDefVal == "" && !hasValue {
				i++ // its value, whatever it looks like
			}
		case len(word) > 1 && word[0] == '-':
			next, err := checkCluster(flags, word)
			if err != nil {
				return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
			}
			if next {
				i++
			}
		}
	}
	return nil
}

// checkCluster looks at one word with a single dash. next: the following word is its value.
func checkCluster(flags *pflag.FlagSet, word string) (next bool, err error) {
	for i, letter := range word[1:] {
		if letter > unicode.MaxASCII {
			return false, longWord(flags, word)
		}
		f := flags.ShorthandLookup(string(letter))
		if f == nil {
			if len(word) > 2 {
				return false, longWord(flags, word)
			}
			return false, nil // pflag says it
		}
		if f.NoOptDefVal != "" {
			continue
		}
		tail := word[1+i+1:]
		if tail != "" && !plausible(f.Name, tail) {
			return false, longWord(flags, word)
		}
		return tail == "", nil
	}
	return false, nil
}

// plausible tells whether text, written straight behind a flag's letter, is that flag's value and
// not the rest of a word.
func plausible(flag, text string) bool {
	letters := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && r != '-' }) < 0
	switch flag {
	case "config":
		if _, err := os.Stat(text); err == nil {
			return true
		}
		return !letters
	case "plugin":
		return slices.Contains(plugins, text) || !letters
	}
	return !letters || len(text) == 1
}

func longWord(flags *pflag.FlagSet, word string) error {
	name, _, _ := strings.Cut(word[1:], "=")
	if flags.Lookup(name) != nil {
		return fmt.Errorf("%s is not a flag: words take two dashes: --%s", word, word[1:])
	}
	return fmt.Errorf("%s is not a flag: behind a single dash every letter is one, and words take two dashes", word)
}

// flagError turns pflag's errors into ours: what, where, remedy.
func flagError(cmd *cobra.Command, err error) error {
	see := "; see " + cmd.CommandPath() + " --help"
	var unknown *pflag.NotExistError
	var valueless *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name := "--" + unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			name = "-" + unknown.GetSpecifiedName()
		}
		return fmt.Errorf("%s is not a flag%s%s", name, suggestFlag(cmd.Flags(), unknown.GetSpecifiedName()), see)
	case errors.As(err, &valueless):
		return fmt.Errorf("%s needs a value%s", flagName(valueless.GetFlag()), see)
	case errors.As(err, &invalid):
		return fmt.Errorf("%s %s: %w", flagName(invalid.GetFlag()), invalid.GetValue(), invalidValue(invalid))
	}
	return fmt.Errorf("%w%s", err, see)
}

// invalidValue says what a flag's value should have been. Flags of our own types say it themselves;
// those of pflag's give what strconv and time say, to programmers.
func invalidValue(err *pflag.InvalidValueError) error {
	switch err.GetFlag().Value.Type() {
	case "int":
		return errors.New("give a number")
	case "duration":
		return errors.New("give a duration, such as 90s or 5m")
	case "bool":
		return errors.New("give true or false, or leave the value out")
	}
	return errors.Unwrap(err)
}

func flagName(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand
	}
	return "--" + f.Name
}

// suggestFlag is the flag that begins as name does, or nothing.
func suggestFlag(flags *pflag.FlagSet, name string) (text string) {
	if len(name) < 3 {
		return ""
	}
	flags.VisitAll(func(f *pflag.Flag) {
		if text == "" && !f.Hidden && (strings.HasPrefix(f.Name, name[:3]) || strings.HasPrefix(name, f.Name)) {
			text = " (did you mean --" + f.Name + "?)"
		}
	})
	return text
}
