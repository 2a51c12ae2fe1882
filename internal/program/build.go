//go:build unix

package program

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/internal/filelock"
)

// interruptGrace is how long the go command may take to end.
const interruptGrace = 5 * time.Second

// Module is the path of this module.
const Module = "github.com/tracehaul/tracehaul"

// Build compiles the named commands of this module (directories below cmd)
// and puts the programs into dir. It returns the path of each, in order.
//
// The source is the module around the working directory, or what that module's
// go.mod takes for this one. Where neither is, it is the released version that
// the running program was installed from. Linked programs are kept in the user's
// cache directory, so that a build of unchanged source takes no time to speak of;
// dir gets copies of its own.
func Build(ctx context.Context, dir string, commands ...string) ([]string, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return nil, fmt.Errorf("the go command is needed to build %s: %w", strings.Join(commands, " and "), err)
	}
	root, err := moduleDir(ctx, "")
	if err != nil {
		return nil, err
	}
	cache, err := cacheDir(root)
	if err != nil {
		return nil, err
	}
	unlock, err := filelock.Lock(ctx, filepath.Join(cache, "lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()

	if err := compile(ctx, root, cache, commands); err != nil {
		return nil, err
	}
	paths := make([]string, len(commands))
	for i, c := range commands {
		paths[i] = filepath.Join(dir, c)
		if err := copyProgram(paths[i], filepath.Join(cache, c)); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// Source is where [Build] would get the source from if it were called in dir: a
// directory, or a version of this module. The error says that there is none.
func Source(ctx context.Context, dir string) (string, error) {
	root, err := moduleDir(ctx, dir)
	if err != nil || root != "" {
		return root, err
	}
	return Release()
}

// compile runs the go command in the module, or lets it install the released
// version where root is empty.
func compile(ctx context.Context, root, out string, commands []string) error {
	args := []string{"build", "-trimpath", "-tags", "lambda.norpc", "-o", out + string(filepath.Separator)}
	packages, suffix := "./cmd/", ""
	if root == "" {
		version, err := Release()
		if err != nil {
			return err
		}
		args = []string{"install", "-trimpath", "-tags", "lambda.norpc"}
		packages, suffix = Module+"/cmd/", "@"+version
	}
	for _, c := range commands {
		args = append(args, packages+c+suffix)
	}
	temporary, err := os.MkdirTemp("", "tracehaul-build-") // an interrupted go command leaves its files
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+out, "GOTMPDIR="+temporary) //nolint:forbidigo // the go command needs the user's environment
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }                // it ends its compilers, too
	cmd.WaitDelay = interruptGrace
	if output, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, bytes.TrimSpace(output))
	}
	return nil
}

// moduleDir is the root of this module's source: the module that a directory, or
// for "" the working directory, lies in, or the one that it takes this module from,
// be it replaced or downloaded. It is empty where there is none.
func moduleDir(ctx context.Context, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", Module) // a vendored module lacks its commands
	cmd.Dir = dir
	output, err := cmd.Output()
	if err != nil && ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", nil //nolint:nilerr // not in a module at all, or in one that does not need this one
	}
	return strings.TrimSpace(string(output)), nil
}

// Release is the version the running program was installed from, if others can get
// that, too. The error says what to do without.
func Release() (string, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok || !released(&info.Main) {
		return "", errors.New("the programs are built from source, which is not here: run this in a clone of " + Module +
			", or install a released version of the tool, or name programs by --service-program, --consumer-program and --albspans-program")
	}
	return info.Main.Version, nil
}

// pseudoForm is a version that the go command makes of a commit.
// (golang.org/ref/mod#pseudo-versions.)
var pseudoForm = regexp.MustCompile(`^v[0-9]+\.(0\.0-|[0-9]+\.[0-9]+-([^+]*\.)?0\.)[0-9]{14}-[A-Za-z0-9]+(\+.*)?$`)

// released is whether the go command can fetch the module again by its version.
// It could before if there is a checksum. Without one the program was built in a
// clone, where a version is that of a tag, or is made of a commit that nobody may
// have published, with +dirty behind it if there were edits.
func released(m *debug.Module) bool {
	switch {
	case m.Path != Module || !strings.HasPrefix(m.Version, "v"):
		return false
	case m.Sum != "":
		return true
	}
	return !strings.Contains(m.Version, "+") && !pseudoForm.MatchString(m.Version)
}

// cacheDir makes the directory that keeps the linked programs of one source.
func cacheDir(root string) (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		base = filepath.Join(os.TempDir(), fmt.Sprintf("tracehaul-%d", os.Geteuid()))
	}
	sum := sha256.Sum256([]byte(root))
	dir := filepath.Join(base, "tracehaul", "programs", hex.EncodeToString(sum[:6]))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make a directory for programs: %w", err)
	}
	return dir, nil
}

// copyProgram copies rather than links: a later build may write to the
// cached file while a copy of it runs.
func copyProgram(to, from string) (err error) {
	src, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o700) //nolint:gosec // a program is executable
	if err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	if _, err := io.Copy(dst, src); err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	return nil
}
