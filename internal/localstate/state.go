//go:build unix

package localstate

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/tracehaul/tracehaul/internal/localpipeline"
)

// State is what a running pipeline says of itself.
type State struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	// Prefix is that of all names: environment and product.
	Prefix string `json:"prefix"`
	// File is the description, as an absolute path.
	File string `json:"file"`

	localpipeline.Addresses
}

const (
	suffix = ".json"
	// maxFile bounds what is read of a file.
	maxFile = 64 << 10
)

// Dir is where the files lie: in the user's directory for what lasts as long
// as a login, or else in that for caches. getenv reads the environment.
func Dir(getenv func(string) string) (string, error) {
	for _, place := range []struct{ variable, below string }{{"XDG_RUNTIME_DIR", ""}, {"XDG_CACHE_HOME", ""}, {"HOME", ".cache"}} {
		if base := getenv(place.variable); filepath.IsAbs(base) {
			return filepath.Join(base, place.below, "tracehaul"), nil
		}
	}
	return "", errors.New("no place to tell other processes of a local pipeline: want XDG_RUNTIME_DIR, XDG_CACHE_HOME or HOME to be set")
}

// Write leaves the file of this process in dir, readable for the user alone.
// remove takes it away again.
func Write(dir string, s State) (remove func() error, err error) {
	s.PID = os.Getpid()
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("state of the local pipeline: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state of the local pipeline: %w", err)
	}
	f, err := os.CreateTemp(dir, strconv.Itoa(s.PID)+"-*.new") // 0600
	if err != nil {
		return nil, fmt.Errorf("state of the local pipeline: %w", err)
	}
	// Locked and written before it gets the name by which it is found.
	path := strings.TrimSuffix(f.Name(), ".new") + suffix
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		_, err = f.Write(b)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("state of the local pipeline: %w", err), f.Close(), os.Remove(f.Name()))
	}
	return func() error { return errors.Join(os.Remove(path), f.Close()) }, nil
}

// Find returns the pipelines that run now, the one started last first. A
// directory that is not there has none. What cannot be read is left out.
func Find(dir string) ([]State, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("local pipelines: %w", err)
	}
	var running []State
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasSuffix(e.Name(), suffix) {
			continue
		}
		if s, ok := read(filepath.Join(dir, e.Name())); ok {
			running = append(running, s)
		}
	}
	slices.SortFunc(running, func(a, b State) int { return cmp.Or(b.Started.Compare(a.Started), b.PID-a.PID) })
	return running, nil
}

// Named returns the pipeline with that prefix which runs now, the one started
// last if there are several, or nil.
func Named(dir, prefix string) (*State, error) {
	running, err := Find(dir)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(running, func(s State) bool { return s.Prefix == prefix }); i >= 0 {
		return &running[i], nil
	}
	return nil, nil //nolint:nilnil // none runs
}

// read reads a file whose process lives, and removes one whose process is gone.
func read(path string) (State, bool) {
	f, err := os.Open(path)
	if err != nil {
		return State{}, false
	}
	defer f.Close()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		_ = os.Remove(path) // what matters is that it is not used
		return State{}, false
	}
	info, err := f.Stat()
	if err != nil || info.Size() > maxFile {
		return State{}, false
	}
	var s State
	if err := json.NewDecoder(f).Decode(&s); err != nil || s.PID <= 0 {
		return State{}, false
	}
	return s, true
}
