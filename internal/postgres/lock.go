//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// errLocked says that someone else holds a lock.
var errLocked = errors.New("locked by another process")

// tryLockFile takes the lock of a file, which it makes if need be.
func tryLockFile(path string) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // a path of ours
	if err != nil {
		return nil, err
	}
	return tryLock(f)
}

// tryLockDir takes the lock of a directory.
func tryLockDir(path string) (release func(), err error) {
	f, err := os.Open(path) //nolint:gosec // a path of ours
	if err != nil {
		return nil, err
	}
	return tryLock(f)
}

// tryLock takes a lock among processes and within this one, or fails with
// errLocked. The system frees it if the process dies.
func tryLock(f *os.File) (release func(), err error) {
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) //nolint:gosec // a descriptor fits
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err == nil {
		return func() { _ = f.Close() }, nil
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errLocked
	}
	return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
}

// lock waits for a file's lock.
func lock(ctx context.Context, path string) (release func(), err error) {
	waitErr := poll(ctx, func() bool {
		release, err = tryLockFile(path)
		return !errors.Is(err, errLocked)
	})
	return release, errors.Join(err, waitErr)
}

// ours reports whether a file belongs to this user.
func ours(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
