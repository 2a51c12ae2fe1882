//go:build unix

package postgres

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

const workDirPrefix = "tracehaul-postgres-"

// sweepAge is how old a directory that nobody holds has to be to be removed.
const sweepAge = time.Minute

// dataDir is where an identity's data directories are made. A server that need
// not keep anything is kept in memory; making its thousand files is most of
// what its start costs. Otherwise it is the cache directory, which is private
// and on a disk, unless the identity cannot enter it.
func (c Config) dataDir(id identity) string {
	if c.DataDir != "" {
		return c.DataDir
	}
	if dir := memoryDir(); dir != "" && !c.Durable {
		return dir
	}
	if id.uid == os.Geteuid() {
		return c.CacheDir
	}
	return os.TempDir()
}

// workDir makes a directory for a server or for initdb. It is ours as long as
// its lock is held: the watchdog removes it when we die, and what even the
// watchdog could not remove, because the machine went down, is removed by the
// next one who makes a directory beside it.
func workDir(parent string) (dir string, release func(), err error) {
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", nil, err
	}
	sweep(parent)
	if dir, err = os.MkdirTemp(parent, workDirPrefix); err != nil {
		return "", nil, err
	}
	if release, err = tryLockDir(dir); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	return dir, release, nil
}

// sweep removes the directories that nobody holds.
func sweep(parent string) {
	dirs, err := filepath.Glob(filepath.Join(parent, workDirPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || !ours(info) || time.Since(info.ModTime()) < sweepAge {
			continue // perhaps its lock is still to come
		}
		if release, err := tryLockDir(dir); err == nil {
			_ = os.RemoveAll(dir) // trying again next time will do
			release()
		}
	}
}
