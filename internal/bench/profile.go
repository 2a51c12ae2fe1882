package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
)

// profileOf is the file of a profile, or empty if there are to be none.
func (b *bench) profileOf(name string) string {
	if b.profiles == "" {
		return ""
	}
	return filepath.Join(b.profiles, name+".pprof")
}

// profileCPU profiles this process into a file until stop.
func profileCPU(file string) (stop func() error, err error) {
	if file == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

// profileAllocations profiles every allocation of this process from now on.
func profileAllocations(file string) (stop func() error) {
	if file == "" {
		return func() error { return nil }
	}
	runtime.MemProfileRate = 1
	return func() error {
		f, err := os.Create(file)
		if err != nil {
			return err
		}
		runtime.GC() // a profile is as of the last one
		return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
	}
}

// labelled runs f so that a profile tells its samples by the label "way".
func labelled[T any](ctx context.Context, way string, f func(context.Context) (T, error)) func() (T, error) {
	return func() (value T, err error) {
		pprof.Do(ctx, pprof.Labels("way", way), func(ctx context.Context) { value, err = f(ctx) })
		return value, err
	}
}
