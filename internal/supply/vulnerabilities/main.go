package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// check is one run.
type check struct {
	database string // where vulnerabilities are known
	content  content
	reviews  string // the file of those that were looked at
	root     string // the repository
	skipped  string // the file to say in that nothing could be checked; none if empty
	required bool
	today    time.Time
}

// run is main without the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := check{today: time.Now(), content: vulnDev}
	flags := flag.NewFlagSet("vulnerabilities", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.database, "db", "https://vuln.go.dev", "the `URL` of the database; file:// for a copy on this machine")
	flags.IntVar(&c.content.modules, "modules", vulnDev.modules, "the `number` of modules that the database must know at least")
	flags.StringVar(&c.content.canary, "canary", vulnDev.canary, "the `\"module vulnerability\"` that the database must know")
	flags.StringVar(&c.reviews, "reviews", "build/vulnerabilities.yaml", "the `file` of vulnerabilities that were looked at")
	flags.StringVar(&c.root, "C", ".", "the `directory` whose modules are checked")
	flags.StringVar(&c.skipped, "skipped", "", "write to this `file` that nothing was checked, if so")
	flags.BoolVar(&c.required, "required", false, "fail where the database cannot be had, or is none")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitOK
	} else if err != nil {
		return exitUsage
	}
	if err := c.run(ctx, stdout, stderr); err != nil {
		_, _ = fmt.Fprintf(stderr, "vulnerabilities: %v\n", err)
		return exitFailed
	}
	return exitOK
}

func (c check) run(ctx context.Context, stdout, stderr io.Writer) error {
	reviews, err := readReviews(c.reviews)
	if err != nil {
		return err
	}
	if err := c.note(""); err != nil {
		return err
	}
	if err := reach(ctx, c.database, c.content); err != nil {
		if c.required {
			return fmt.Errorf("the database cannot be had, and it is required: %w", err)
		}
		text := banner(c.database, err)
		_, _ = io.WriteString(stderr, text)
		return c.note(text)
	}
	modules, err := modulesBelow(c.root)
	if err != nil {
		return err
	}
	var found []finding
	for _, module := range modules {
		of, err := scan(ctx, c.database, c.root, module)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(stdout, "%-20s %d vulnerabilities called, %d linked only\n", module, count(of, true), count(of, false))
		found = append(found, of...)
	}
	return judge(stdout, found, reviews, c.today)
}

// note keeps for the end of a longer run that this check was skipped, or that it
// was not.
func (c check) note(text string) error {
	if c.skipped == "" {
		return nil
	}
	if text == "" {
		if err := os.Remove(c.skipped); !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(c.skipped), 0o750); err != nil {
		return err
	}
	return os.WriteFile(c.skipped, []byte(text), 0o600)
}

func banner(database string, err error) string {
	line := strings.Repeat("!", 78) + "\n"
	return "\n" + line +
		"!! NOT CHECKED: known vulnerabilities.\n" +
		fmt.Sprintf("!! The database %s cannot be had here:\n!!   %v\n", database, err) +
		"!! GOVULNDB names a mirror or a copy (file:///...). With CI_REQUIRE=1, as in the\n" +
		"!! workflows of GitHub, this is a failure.\n" + line + "\n"
}
