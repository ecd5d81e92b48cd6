package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// configName is what sersync2 looked for.
const configName = "confxml.xml"

// findConfig is the configuration file to use: the one that was given, else the first that exists
// of: the working directory's (where sersync2 looked), the one beside the executable (where its
// guides say that it looked), /etc/sersync's. Its path is absolute.
func findConfig(given string) (string, error) {
	if given != "" {
		path, err := filepath.Abs(given)
		if err != nil {
			return "", err
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("there is no configuration %s; correct -o, or give none: sersync mirror SRC DST", path)
		}
		return path, nil
	}
	candidates := []string{configName}
	if executable, err := os.Executable(); err == nil {
		candidates = append(candidates, filepath.Join(filepath.Dir(executable), configName))
	}
	candidates = append(candidates, filepath.Join("/etc/sersync", configName))
	for _, path := range candidates {
		_, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return filepath.Abs(path) // an error that is not "no such file" is said by who opens it
	}
	candidates[0] = "./" + configName
	return "", fmt.Errorf("no configuration: there is no %s; give one with -o FILE, or none: sersync mirror SRC DST",
		strings.Join(candidates, ", no "))
}
