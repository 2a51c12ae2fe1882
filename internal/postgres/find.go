package postgres

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// oldest is the first major version with DROP DATABASE ... WITH (FORCE).
const oldest = 13

// install is a directory with PostgreSQL's programs.
type install struct {
	dir     string
	version string // all that `postgres --version` says
	major   int
}

func (i install) path(program string) string { return filepath.Join(i.dir, program) }

// errNotInstalled says that a search found no usable PostgreSQL.
var errNotInstalled = errors.New("no PostgreSQL is installed")

// usualPlaces are where packages put the programs that they leave out of
// $PATH: Debian, Red Hat, Alpine, Homebrew (Apple silicon, Intel), Postgres.app,
// MacPorts.
var usualPlaces = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
	"/opt/local/lib/postgresql*/bin",
	"/usr/local/pgsql/bin",
}

// finder looks for installed programs; its fields are what tests replace.
type finder struct {
	lookPath func(string) (string, error)
	places   []string
}

// find returns the first usable install: the one in $PATH, pg_config's, then
// the newest in the usual places. Its error names all that was tried.
func (f finder) find(ctx context.Context) (install, error) {
	var tried []string
	try := func(dir, from string) (install, bool) {
		in, err := inspect(ctx, dir)
		if err != nil {
			tried = append(tried, fmt.Sprintf("%s: %v", from, err))
		}
		return in, err == nil
	}

	if path, err := f.lookPath("postgres"); err != nil {
		tried = append(tried, "$PATH: no postgres")
	} else if in, ok := try(realDir(path), "$PATH"); ok {
		return in, nil
	}
	if path, err := f.lookPath("pg_config"); err != nil {
		tried = append(tried, "$PATH: no pg_config")
	} else if out, err := output(ctx, path, "--bindir"); err != nil {
		tried = append(tried, fmt.Sprintf("pg_config --bindir: %v", err))
	} else if in, ok := try(out, "pg_config"); ok {
		return in, nil
	}

	var best install
	for _, pattern := range f.places {
		dirs, err := filepath.Glob(pattern)
		if err != nil || len(dirs) == 0 {
			tried = append(tried, pattern+": no such directory")
			continue
		}
		slices.Sort(dirs)
		for _, dir := range dirs {
			if in, ok := try(dir, pattern); ok && in.major > best.major {
				best = in
			}
		}
	}
	if best.dir != "" {
		return best, nil
	}
	return install{}, fmt.Errorf("%w (tried %s)", errNotInstalled, strings.Join(tried, "; "))
}

// realDir is the directory of a program whose links are followed: packages
// link a few programs, not all, into a directory of $PATH.
func realDir(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	return filepath.Dir(path)
}

var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

// inspect checks that a directory has the programs that are needed, in a
// version that can be used.
func inspect(ctx context.Context, dir string) (install, error) {
	for _, program := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, program)); err != nil {
			return install{}, fmt.Errorf("no %s in %s", program, dir)
		}
	}
	version, err := output(ctx, filepath.Join(dir, "postgres"), "--version")
	if err != nil {
		return install{}, err
	}
	match := versionLine.FindStringSubmatch(version)
	if match == nil {
		return install{}, fmt.Errorf("%s/postgres --version says %.80q", dir, version)
	}
	major, err := strconv.Atoi(match[1])
	if err != nil || major < oldest {
		return install{}, fmt.Errorf("PostgreSQL %s in %s: want %d or newer", match[1], dir, oldest)
	}
	return install{dir: dir, version: version, major: major}, nil
}

// output runs a program that prints one line.
func output(ctx context.Context, path string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = programEnv
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", path, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// programEnv is the environment of PostgreSQL's programs. They inherit nothing:
// settings of libpq and of the locale would reach into the private server.
var programEnv = []string{"LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin:/usr/sbin:/sbin"}
