//go:build unix

package postgres

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeTemplate is a template whose initdb writes two small files. Tests of the
// servers have the real one.
func fakeTemplate(t *testing.T, progress io.Writer) template {
	t.Helper()
	bin := t.TempDir()
	script := `#!/bin/sh
sleep 0.1
mkdir -p "$2/base" && echo 15 >"$2/PG_VERSION" && seq 1 2000 >"$2/base/1"
`
	if err := os.WriteFile(filepath.Join(bin, "initdb"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	c := Config{CacheDir: t.TempDir(), Progress: progress}.WithDefaults()
	c.DataDir = c.CacheDir
	us := identity{mode: "as this user", uid: os.Geteuid(), attr: identities()[0].attr}
	return newTemplate(install{dir: bin, version: "fake"}, us, c)
}

// wantUnpacked unpacks the template and checks what is in it.
func wantUnpacked(t *testing.T, tpl template) (password string) {
	t.Helper()
	dir := t.TempDir()
	password, err := tpl.unpack(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(password) < 20 {
		t.Errorf("password of %d characters", len(password))
	}
	b, err := os.ReadFile(filepath.Join(dir, dataName, "base", "1"))
	if err != nil || !strings.HasSuffix(string(b), "\n1999\n2000\n") {
		t.Errorf("the data ends with %q, %v", lastLines(string(b), 2), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("beside the data there is %v, %v", entries, err)
	}
	return password
}

func TestTemplate_UsedTwice_RunsInitdbOnce(t *testing.T) {
	var progress lockedBuilder
	tpl := fakeTemplate(t, &progress)
	if first, second := wantUnpacked(t, tpl), wantUnpacked(t, tpl); first != second {
		t.Error("the second password is another one")
	}
	if n := strings.Count(progress.String(), "preparing"); n != 1 {
		t.Errorf("initdb ran %d times", n)
	}
}

func TestTemplate_Concurrently_RunsInitdbOnce(t *testing.T) {
	var progress lockedBuilder
	tpl := fakeTemplate(t, &progress)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := tpl.unpack(t.Context(), t.TempDir()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := strings.Count(progress.String(), "preparing"); n != 1 {
		t.Errorf("initdb ran %d times", n)
	}
}

type lockedBuilder struct {
	mu sync.Mutex
	strings.Builder
}

func (b *lockedBuilder) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Builder.Write(p)
}

func TestTemplate_Damaged_IsMadeAgain(t *testing.T) {
	damages := map[string]func(f *os.File, size int64) error{
		"a flipped bit":          func(f *os.File, size int64) error { return flip(f, size/2) },
		"a flipped checksum bit": func(f *os.File, size int64) error { return flip(f, size-1) },
		"cut short":              func(f *os.File, size int64) error { return f.Truncate(size / 2) },
		"cut before the sum":     func(f *os.File, size int64) error { return f.Truncate(size - 4) },
		"empty":                  func(f *os.File, _ int64) error { return f.Truncate(0) },
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			var progress lockedBuilder
			tpl := fakeTemplate(t, &progress)
			first := wantUnpacked(t, tpl)
			f, err := os.OpenFile(tpl.path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			size, err := f.Seek(0, io.SeekEnd)
			if err := errors.Join(err, damage(f, size), f.Close()); err != nil {
				t.Fatal(err)
			}
			if again := wantUnpacked(t, tpl); again == first {
				t.Error("the password is that of the damaged template")
			}
			if !strings.Contains(progress.String(), "damaged template") {
				t.Errorf("progress %q does not say that it was damaged", progress.String())
			}
		})
	}
}

func flip(f *os.File, offset int64) error {
	b := make([]byte, 1)
	_, readErr := f.ReadAt(b, offset)
	b[0] ^= 1
	_, writeErr := f.WriteAt(b, offset)
	return errors.Join(readErr, writeErr)
}

func TestTemplate_InitdbFails_SaysWhatItSaid(t *testing.T) {
	tpl := fakeTemplate(t, io.Discard)
	script := "#!/bin/sh\necho 'initdb: error: no luck' >&2\nexit 1\n"
	if err := os.WriteFile(tpl.in.path("initdb"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := tpl.unpack(t.Context(), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "no luck") {
		t.Errorf("error %v, want what initdb said", err)
	}
	left, err := os.ReadDir(tpl.c.CacheDir)
	if err != nil || len(left) != 1 || !strings.HasSuffix(left[0].Name(), ".lock") {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestTemplate_LongUnused_IsRemoved(t *testing.T) {
	tpl := fakeTemplate(t, io.Discard)
	stale := filepath.Join(tpl.c.CacheDir, "template-0123456789abcdef.tar")
	if err := os.WriteFile(stale, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-templateAge - time.Hour)
	if err := os.Chtimes(stale, old, old); err != nil {
		t.Fatal(err)
	}
	wantUnpacked(t, tpl)
	if _, err := os.Stat(stale); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestWorkDir_LeftByAMachineThatWentDown_IsRemoved(t *testing.T) {
	parent := t.TempDir()
	held, release, err := workDir(parent)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	left := filepath.Join(parent, workDirPrefix+"left")
	if err := os.Mkdir(left, 0o700); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-2 * sweepAge)
	if err := errors.Join(os.Chtimes(left, old, old), os.Chtimes(held, old, old)); err != nil {
		t.Fatal(err)
	}
	sweep(parent)
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the one that nobody holds is still there: %v", err)
	}
	if _, err := os.Stat(held); err != nil {
		t.Errorf("the one that is held is gone: %v", err)
	}
}
