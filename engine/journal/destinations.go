package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Destination is where a config sends a source.
type Destination struct {
	Source string `json:"source"`
	Target string `json:"target"`         // in rsync's notation
	Port   int    `json:"port,omitempty"` // of a daemon, where Target has none; 0: the usual one
	// Delete is the guard's word for the delete mode.
	Delete string `json:"delete"`
}

// Config is what a state directory says of the config that it belongs to.
type Config struct {
	Dir  string `json:"-"`
	Name string `json:"config"` // the file, or the command line without one
	// Once: it makes one pass and ends.
	Once         bool          `json:"once,omitempty"`
	Destinations []Destination `json:"destinations"`
}

// configName is a file beside the database, so that others can read it while that is locked.
const configName = "config.json"

type configFile struct {
	Format int `json:"format"`
	Config
}

// SetConfig writes down what the config of this state directory sends where. Two that do so and then
// ask for Destinations, each with its lock held, can't both miss the other.
func (j *Journal) SetConfig(c Config) error {
	b, err := json.MarshalIndent(configFile{Format: formatVersion, Config: c}, "", "\t")
	if err != nil {
		return fmt.Errorf("encode destinations: %w", err)
	}
	if err := writeAtomically(filepath.Join(j.dir, configName), append(b, '\n')); err != nil {
		return fmt.Errorf("write destinations: %w", err)
	}
	return nil
}

// Destinations returns what the configs that ran on this host send where. It takes no lock. Folders
// that cannot be read are left out and their errors joined; the configs are valid also then.
func Destinations(stateRoot string) ([]Config, error) {
	entries, err := os.ReadDir(stateRoot)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list state directories: %w", err)
	}
	var configs []Config
	var faults []error
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		dir := filepath.Join(stateRoot, e.Name())
		c, err := readConfig(dir)
		switch {
		case err == nil:
			configs = append(configs, c)
		case !errors.Is(err, fs.ErrNotExist):
			faults = append(faults, err)
		}
	}
	return configs, errors.Join(faults...)
}

func readConfig(dir string) (Config, error) {
	path := filepath.Join(dir, configName)
	b, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read destinations: %w", err)
	}
	var f configFile
	if err := json.Unmarshal(b, &f); err != nil {
		return Config{}, fmt.Errorf("read destinations: %s: %w", path, err)
	}
	if f.Format > formatVersion {
		return Config{}, &FormatError{Path: path, Version: uint64(f.Format)}
	}
	f.Dir = dir
	return f.Config, nil
}

// writeAtomically replaces the file at path: whoever reads it sees the old content or the new one,
// also after a crash.
func writeAtomically(path string, b []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if _, err := f.Write(b); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
