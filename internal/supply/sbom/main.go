package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/tracehaul/tracehaul/internal/supply/licence"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// repository is the path of this module, and the beginning of that of others here.
const repository = "github.com/tracehaul/tracehaul"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// request is one bill.
type request struct {
	root    string // the repository
	program string // the file
	version string // of the program: the commit
	written string // when, in RFC 3339; none if empty
}

// run is main without the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var r request
	flags := flag.NewFlagSet("sbom", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&r.root, "C", ".", "the `directory` of the repository")
	flags.StringVar(&r.version, "version", "", "the `commit` that the program is of")
	flags.StringVar(&r.written, "time", "", "when the program was made, in RFC 3339: the `time` of the commit")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitOK
	} else if err != nil {
		return exitUsage
	}
	if flags.NArg() != 1 || r.version == "" {
		_, _ = fmt.Fprintln(stderr, "sbom: want -version and one program, such as: sbom -version $(git rev-parse HEAD) dist/service")
		return exitUsage
	}
	r.program = flags.Arg(0)
	if err := r.write(ctx, stdout); err != nil {
		_, _ = fmt.Fprintf(stderr, "sbom: %v\n", err)
		return exitFailed
	}
	return exitOK
}

func (r request) write(ctx context.Context, w io.Writer) error {
	if r.written != "" {
		if _, err := time.Parse(time.RFC3339, r.written); err != nil {
			return fmt.Errorf("-time: %w, want such as 2026-02-28T12:00:00Z", err)
		}
	}
	info, err := buildinfo.ReadFile(r.program)
	if err != nil {
		return fmt.Errorf("read what %s is made of: %w", r.program, err)
	}
	source, err := r.source(info)
	if err != nil {
		return err
	}
	modules, err := licence.Of(ctx, source)
	if err != nil {
		return err
	}
	made, err := r.cyclonedx(ctx)
	if err != nil {
		return err
	}
	b, err := read(made)
	if err != nil {
		return err
	}
	b.clean()
	if r.written != "" {
		b.metadata()["timestamp"] = r.written
	}
	if err := b.license(modules); err != nil {
		return err
	}
	if err := b.covers(info); err != nil {
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(b)
}

// source is where the program is built from.
func (r request) source(info *buildinfo.BuildInfo) (licence.Program, error) {
	inside, ok := strings.CutPrefix(info.Main.Path, repository)
	if !ok {
		return licence.Program{}, fmt.Errorf("%s is of module %q, want one of %s", r.program, info.Main.Path, repository)
	}
	p := licence.Program{Dir: filepath.Join(r.root, filepath.FromSlash(inside)), Package: "./" + path.Clean(strings.TrimPrefix(strings.TrimPrefix(info.Path, info.Main.Path), "/"))}
	for _, s := range info.Settings {
		if s.Key == "-tags" {
			p.Tags = s.Value
		}
	}
	return p, nil
}

// cyclonedx has cyclonedx-gomod read the program. Its own licences are not asked
// for: it takes many of BSD's for others.
func (r request) cyclonedx(ctx context.Context) ([]byte, error) {
	program, err := filepath.Abs(r.program)
	if err != nil {
		return nil, err
	}
	serial, err := serial(program)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", "tool", "-modfile=tools/cyclonedx/go.mod", "cyclonedx-gomod", "bin",
		"-json", "-std", "-output-version", "1.6", "-short-purls", "-notimestamp", "-serial", serial, "-version", r.version, program)
	cmd.Dir = r.root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cyclonedx-gomod: %w\n%s", err, stderr.Bytes())
	}
	return out, nil
}

// serial is a UUID of version 8 (RFC 9562), made from the program: two programs
// have two, and one has always the same.
func serial(program string) (string, error) {
	text, err := os.ReadFile(program)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]), nil
}
