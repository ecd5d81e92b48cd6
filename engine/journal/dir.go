package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// StateRoot returns the directory that holds one folder for each config: /var/lib/sersync for root,
// $XDG_STATE_HOME/sersync, or ~/.local/state/sersync, for everybody else.
func StateRoot(uid int, getenv func(string) string) (string, error) {
	if uid == 0 {
		return "/var/lib/sersync", nil
	}
	// A relative path is to be ignored (XDG Base Directory Specification).
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "sersync"), nil
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local/state/sersync"), nil
	}
	return "", errors.New("find the state directory: neither XDG_STATE_HOME nor HOME is set")
}

// FolderOf returns the name of the folder of a config file: readable, and the same for each way to
// write its path but through symlinks.
func FolderOf(configFile string) (string, error) {
	path, err := filepath.Abs(configFile)
	if err != nil {
		return "", fmt.Errorf("name the state folder of %s: %w", configFile, err)
	}
	return folder(filepath.Base(path), "config", path), nil
}

// FolderOfPair returns the name of the folder of a source and its destinations that no config file
// names. The order of the destinations does not matter.
func FolderOfPair(source string, destinations []string) (string, error) {
	path, err := filepath.Abs(source)
	if err != nil {
		return "", fmt.Errorf("name the state folder of %s: %w", source, err)
	}
	sorted := slices.Sorted(slices.Values(destinations))
	return folder(filepath.Base(path), append([]string{"pair", path}, sorted...)...), nil
}

// folder makes a name of a word for people and the hash of what it stands for.
func folder(word string, key ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(key, "\x00")))
	word = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_':
			return r
		}
		return '-'
	}, word)
	word = strings.TrimLeft(word, ".-")
	if len(word) > maxWord {
		word = word[:maxWord]
	}
	if word == "" {
		word = "root"
	}
	return word + "-" + hex.EncodeToString(sum[:8])
}

// maxWord keeps the name well below the 255 bytes of a file name.
const maxWord = 64
