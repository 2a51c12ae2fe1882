package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/internal/trace"
)

type dlqDropCmd struct {
	dlqFlags
	dlqFilter
	All       bool   `help:"Delete all letters. Required without a filter."`
	Limit     int    `default:"0"                                                     help:"How many letters to delete at most; 0 for all." placeholder:"N"`
	Archive   string `help:"A new file for the letters, bodies included: JSON lines." placeholder:"FILE"                                    xor:"archive"`
	NoArchive bool   `help:"Keep no copy of what is deleted."                         xor:"archive"`
	Yes       bool   `help:"Do not ask. Required without a terminal."`
}

// Help is shown by --help below the line about the command.
func (dlqDropCmd) Help() string {
	return dlqHelp + `

There is no other copy of a letter. It is deleted after it was written to the archive and that has reached the disk. The archive is readable by its owner alone (0600); it holds whole messages and perhaps personal data.

Examples:
  tracehaul dlq drop -e prod -c ledger --reason malformed \
    --archive dropped.jsonl
  tracehaul dlq drop -e prod -c ledger --event order-4711 \
    --archive order-4711.jsonl --yes
  tracehaul dlq drop --sqs-endpoint http://127.0.0.1:9324 \
    --all --no-archive --yes`
}

func (c dlqDropCmd) Run(ctx context.Context, env environment) (err error) {
	f, err := c.filter()
	if err != nil {
		return err
	}
	if err := c.check(f); err != nil {
		return codedError{err, exitUsage}
	}
	asking := startProgress(env.err, askingForQueue)
	d, err := c.open(ctx, env)
	asking.done()
	if err != nil {
		return err
	}
	if !c.Yes {
		if err := c.confirm(ctx, env, d, f, os.Stdin); err != nil {
			return err
		}
	}
	config := deadletter.DropConfig{Filter: f, All: c.All, Limit: c.Limit, Archive: io.Discard}
	file, err := c.create()
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if file != nil {
		config.Archive, config.Sync = file, file.Sync
	}
	p := startProgress(env.err, "deleted")
	config.Progress = p.tell
	report, err := d.Drop(ctx, config)
	p.done()
	if file != nil {
		err = errors.Join(err, closeArchive(file))
	}
	err = errors.Join(err, c.print(env.out, report))
	if err != nil {
		return err
	}
	return c.outcome(d, report)
}

// outcome is an error if not all that was asked for is done.
func (c dlqDropCmd) outcome(d *dlq, r deadletter.Dropped) error {
	switch enough := c.Limit > 0 && r.Deleted >= c.Limit; {
	case r.Left > 0 || r.Full:
		return errors.New("not all letters were deleted")
	case r.Deleted == 0:
		return errNothing(d, r.Skipped+r.Later)
	case r.Hidden() > 0 && !enough:
		return fmt.Errorf("not all letters were deleted: about %d are hidden", r.Hidden())
	}
	return nil
}

// archiveIsThere is told before anybody is asked to confirm.
func (c dlqDropCmd) archiveIsThere() bool {
	_, err := os.Lstat(c.Archive)
	return c.Archive != "" && err == nil
}

// create makes the archive, if there is to be one. A file that is there meanwhile
// is left alone.
func (c dlqDropCmd) create() (*os.File, error) {
	if c.Archive == "" {
		return nil, nil //nolint:nilnil // none is asked for
	}
	return os.OpenFile(c.Archive, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// closeArchive leaves no empty file behind.
func closeArchive(file *os.File) error {
	info, err := file.Stat()
	if err == nil && info.Size() == 0 {
		err = os.Remove(file.Name())
	}
	return errors.Join(err, file.Close())
}

// check refuses what would delete more than was meant.
func (c dlqDropCmd) check(f deadletter.Filter) error {
	switch {
	case f.Empty() && !c.All:
		return errors.New("nothing says which letters: want a filter such as --reason, or --all")
	case !f.Empty() && c.All:
		return errors.New("--all and a filter: want one of them")
	case c.Archive == "" && !c.NoArchive:
		return errors.New("nothing says where the copy goes: want --archive FILE, or --no-archive")
	case c.archiveIsThere():
		return fmt.Errorf("--archive %s: there is such a file: want the name of a new file", c.Archive)
	case c.Limit < 0:
		return fmt.Errorf("--limit %d: want 0 for all, or more", c.Limit)
	case !c.Yes && !isDevice(os.Stdin):
		return errors.New("nobody is there to confirm it: want --yes, or a terminal")
	}
	return nil
}

// confirm shows what would go and has the queue's name typed.
func (c dlqDropCmd) confirm(ctx context.Context, env environment, d *dlq, f deadletter.Filter, in io.Reader) error {
	p := startProgress(env.err, "read")
	l, err := d.List(ctx, f, 0, p.tell)
	p.done()
	if err != nil {
		return err
	}
	if l.Matched == 0 {
		return errNothing(d, l.Seen)
	}
	if err := printListing(env.err, l, time.Now()); err != nil {
		return err
	}
	count := l.Matched
	if c.Limit > 0 {
		count = min(count, c.Limit)
	}
	fmt.Fprintf(env.err, "\n%s will be deleted. Type the name of the queue to go on: ", trace.Counted(count, "letter"))
	answer, err := readLine(ctx, in)
	if err != nil {
		fmt.Fprintln(env.err)
		return err
	}
	if strings.TrimSpace(answer) != d.Info().Name {
		return errors.New("not confirmed, nothing was deleted")
	}
	return ctx.Err()
}

// readLine does not wait for who interrupts it: a read of a terminal ends with a
// line alone.
func readLine(ctx context.Context, in io.Reader) (string, error) {
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		line, err := bufio.NewReader(in).ReadString('\n')
		if errors.Is(err, io.EOF) {
			err = nil
		}
		answers <- answer{line, err}
	}()
	select {
	case a := <-answers:
		return a.line, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (c dlqDropCmd) print(w io.Writer, r deadletter.Dropped) error {
	if c.JSON {
		return encodeJSON(w, struct {
			Queue   string      `json:"queue"`
			Deleted int         `json:"deleted"`
			Left    int         `json:"left"` // archived and not deleted
			Skipped int         `json:"skipped"`
			Later   int         `json:"later"`
			Hidden  int         `json:"hidden"` // with others, about
			Full    bool        `json:"full"`
			Archive string      `json:"archive"`
			Groups  []groupJSON `json:"groups"`
		}{r.Queue.Name, r.Deleted, r.Left, r.Skipped, r.Later, r.Hidden(), r.Full, c.Archive, groupsJSON(r.Groups)})
	}
	fmt.Fprintf(w, "%s: %s deleted", r.Queue.Name, trace.Counted(r.Deleted, "letter"))
	if c.Archive != "" {
		fmt.Fprintf(w, ", with a copy in %s", c.Archive)
	}
	fmt.Fprintln(w)
	if r.Left > 0 && c.Archive != "" {
		fmt.Fprintf(w, "%d could not be deleted: still in the queue, and in the archive, too.\n", r.Left)
	} else if r.Left > 0 {
		fmt.Fprintf(w, "%d could not be deleted: still in the queue.\n", r.Left)
	}
	if r.Later > 0 {
		fmt.Fprintf(w, "%d came after the look at them, and stay.\n", r.Later)
	}
	if n := r.Hidden(); n > 0 {
		fmt.Fprintln(w, hiddenWords(n))
	}
	if r.Full {
		fmt.Fprintln(w, "It ended early, as too many letters that were not chosen had to be held. Run it again.")
	}
	return nil
}
