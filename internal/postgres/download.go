package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	embedded "github.com/fergusstrange/embedded-postgres"

	"github.com/tracehaul/tracehaul/internal/filelock"
	"github.com/tracehaul/tracehaul/internal/freeport"
)

const (
	mavenCentral = "https://repo1.maven.org/maven2"

	// downloadVersion is what a machine without PostgreSQL gets.
	downloadVersion = embedded.V17
)

// download fetches PostgreSQL's programs, once per machine, and returns where
// they are.
//
// The library that does it offers no such call, only a start of the server,
// which does not work as root. So its start is made to end right after the
// programs are there: a data directory with nothing but a PG_VERSION is taken
// for one that is initialised, and the server refuses it.
func download(ctx context.Context, c Config) (install, error) {
	dir := filepath.Join(c.DownloadDir, "postgresql-"+string(downloadVersion))
	if in, err := inspect(ctx, filepath.Join(dir, "bin")); err == nil {
		return in, nil
	}
	if err := os.MkdirAll(c.DownloadDir, 0o755); err != nil { //nolint:gosec // another user runs these programs when we are root
		return install{}, fmt.Errorf("download: %w", err)
	}
	unlock, err := filelock.Lock(ctx, dir+".lock")
	if err != nil {
		return install{}, fmt.Errorf("download: %w", err)
	}
	defer unlock()
	if in, err := inspect(ctx, filepath.Join(dir, "bin")); err == nil {
		return in, nil // another process was faster
	}

	fmt.Fprintf(c.Progress, "downloading PostgreSQL %s from %s\n", downloadVersion, c.DownloadURL)
	tmp, err := os.MkdirTemp(c.DownloadDir, "download-")
	if err != nil {
		return install{}, fmt.Errorf("download: %w", err)
	}
	defer os.RemoveAll(tmp)
	if err := fetch(ctx, c.DownloadURL, tmp); err != nil {
		return install{}, fmt.Errorf("download from %s: %w", c.DownloadURL, err)
	}
	if err := errors.Join(os.RemoveAll(dir), os.Rename(filepath.Join(tmp, "programs"), dir)); err != nil {
		return install{}, fmt.Errorf("download: %w", err)
	}
	in, err := inspect(ctx, filepath.Join(dir, "bin"))
	if err != nil {
		return install{}, fmt.Errorf("download from %s: %w", c.DownloadURL, err)
	}
	return in, nil
}

// fetch puts the programs into tmp/programs. The library takes no context: if
// ctx ends first, its goroutine ends with its request.
func fetch(ctx context.Context, url, tmp string) error {
	programs, data := filepath.Join(tmp, "programs"), filepath.Join(tmp, "data")
	major, _, _ := strings.Cut(string(downloadVersion), ".")
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte(major+"\n"), 0o600); err != nil {
		return err
	}
	port, err := freeport.Find(ctx)
	if err != nil {
		return err
	}
	library := embedded.NewDatabase(embedded.DefaultConfig().
		Version(downloadVersion).BinaryRepositoryURL(url).Port(uint32(port)). //nolint:gosec // a port fits
		CachePath(filepath.Join(tmp, "cache")).RuntimePath(filepath.Join(tmp, "runtime")).
		BinariesPath(programs).DataPath(data).Logger(io.Discard))

	started := make(chan error, 1)
	go func() { started <- library.Start() }()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case err = <-started:
	}
	if err == nil { // cannot be, by the data directory
		return errors.Join(errors.New("the server started without data"), library.Stop())
	}
	if _, statErr := os.Stat(filepath.Join(programs, "bin", "postgres")); statErr != nil {
		return err
	}
	return os.Chmod(programs, 0o755) //nolint:gosec // another user runs these programs when we are root
}
