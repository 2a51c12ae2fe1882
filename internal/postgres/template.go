//go:build unix

package postgres

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/internal/filelock"
)

// A template is what initdb made, packed as one tar file: it is there whole or
// not at all, whoever else starts a server at the same time. Its end holds a
// checksum. Beside the data directory it has the superuser's first password,
// which every server replaces at once.
const (
	templateFormat = "1" // goes into the key: change it when initdb's options or the file's layout change
	dataName       = "data"
	passwordName   = "password"
	superuser      = "postgres"

	// templateAge is how long a template of, say, an older PostgreSQL is kept
	// after its last use.
	templateAge = 30 * 24 * time.Hour

	maxTemplateBytes = 1 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errTemplate says that a template is damaged: it is made anew.
var errTemplate = errors.New("damaged template")

// template is the place of the template that suits an install and an identity.
type template struct {
	path string
	in   install
	id   identity
	c    Config
}

func newTemplate(in install, id identity, c Config) template {
	sum := sha256.Sum256([]byte(strings.Join([]string{templateFormat, runtime.GOARCH, in.version, in.dir, id.mode}, "\x00")))
	return template{path: filepath.Join(c.CacheDir, "template-"+hex.EncodeToString(sum[:8])+".tar"), in: in, id: id, c: c}
}

// unpack fills dir with a fresh data directory and returns the superuser's
// password in it. It makes the template if there is none that is whole.
func (t template) unpack(ctx context.Context, dir string) (password string, err error) {
	if password, err = t.extract(dir); err == nil {
		return password, nil
	}
	if err := os.MkdirAll(t.c.CacheDir, 0o700); err != nil {
		return "", err
	}
	unlock, err := filelock.Lock(ctx, t.path+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if password, err = t.extract(dir); err == nil {
		return password, nil // another process was faster
	}
	if !errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(t.c.Progress, "making the PostgreSQL template again: %v\n", err)
	}
	if err := t.build(ctx); err != nil {
		return "", fmt.Errorf("template: %w", err)
	}
	t.prune()
	return t.extract(dir)
}

// build runs initdb where the identity can enter and packs what it made.
func (t template) build(ctx context.Context) (err error) {
	fmt.Fprintf(t.c.Progress, "preparing %s, once for this machine\n", t.in.version)
	dir, release, err := workDir(t.c.DataDir)
	if err != nil {
		return err
	}
	defer release()
	defer os.RemoveAll(dir)

	password := rand.Text()
	if err := os.WriteFile(filepath.Join(dir, passwordName), []byte(password), 0o600); err != nil {
		return err
	}
	if err := t.id.own(dir); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, t.in.path("initdb"),
		"--pgdata", filepath.Join(dir, dataName), "--username", superuser, "--pwfile", filepath.Join(dir, passwordName),
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	cmd.Env = programEnv
	cmd.Dir = "/"
	cmd.SysProcAttr = t.id.attr()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb %s: %w: %s", t.id.mode, err, lastLines(string(out), 5))
	}

	f, err := os.CreateTemp(t.c.CacheDir, "template-*.new")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(pack(f, dir), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), t.path)
}

// pack writes dir as a tar file, and its checksum after it.
func pack(w io.Writer, dir string) error {
	sum := crc32.New(castagnoli)
	buffered := bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<20)
	archive := tar.NewWriter(buffered)
	if err := errors.Join(archive.AddFS(os.DirFS(dir)), archive.Close(), buffered.Flush()); err != nil {
		return err
	}
	_, err := w.Write(sum.Sum(nil))
	return err
}

// extract unpacks the template. Whatever is wrong with it, dir is left empty.
func (t template) extract(dir string) (password string, err error) {
	f, err := os.Open(t.path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !ours(info) {
		return "", fmt.Errorf("%w: %s belongs to another user", errTemplate, t.path)
	}
	if err := unpack(f, info.Size(), dir); err != nil {
		return "", errors.Join(fmt.Errorf("%w: %w", errTemplate, err), os.RemoveAll(filepath.Join(dir, dataName)))
	}
	b, err := os.ReadFile(filepath.Join(dir, passwordName))
	if err != nil || len(b) == 0 {
		return "", errors.Join(fmt.Errorf("%w: no password", errTemplate), os.RemoveAll(filepath.Join(dir, dataName)))
	}
	if err := os.Remove(filepath.Join(dir, passwordName)); err != nil {
		return "", err
	}
	now := time.Now()
	_ = os.Chtimes(t.path, now, now) // in use; nothing is lost if that cannot be noted
	return string(b), nil
}

// unpack reads a tar file of the given size, checksum included, into dir.
func unpack(f io.Reader, size int64, dir string) error {
	if size < crc32.Size || size > maxTemplateBytes {
		return fmt.Errorf("%d bytes long", size)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()

	sum := crc32.New(castagnoli)
	content := io.TeeReader(bufio.NewReaderSize(io.LimitReader(f, size-crc32.Size), 1<<20), sum)
	archive := tar.NewReader(content)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := unpackEntry(root, header, archive); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return err
	}
	var want [crc32.Size]byte
	if _, err := io.ReadFull(f, want[:]); err != nil {
		return err
	}
	if got := sum.Sum(nil); !bytes.Equal(got, want[:]) {
		return fmt.Errorf("checksum %x, want %x", got, want)
	}
	return nil
}

func unpackEntry(root *os.Root, header *tar.Header, content io.Reader) error {
	name := filepath.FromSlash(strings.TrimSuffix(header.Name, "/"))
	switch header.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o700)
	case tar.TypeReg:
		f, err := root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, content)
		return errors.Join(err, f.Close())
	default:
		return fmt.Errorf("%s is neither a file nor a directory", header.Name)
	}
}

// prune removes templates that nobody has used for long, and what builds that
// were killed have left.
func (t template) prune() {
	paths, err := filepath.Glob(filepath.Join(t.c.CacheDir, "template-*"))
	if err != nil {
		return
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && path != t.path+".lock" && time.Since(info.ModTime()) > templateAge {
			_ = os.Remove(path) // a cache: trying again next time will do
		}
	}
}
