package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// errNothing is for what chose none of the letters that were read.
func errNothing(d *dlq, read int) error {
	info := d.Info()
	text := info.Name + " is empty"
	switch {
	case read > 0:
		text = fmt.Sprintf("%s: %s read, none chosen", info.Name, trace.Counted(read, "letter"))
	case info.Hidden > 0:
		text = fmt.Sprintf("no letter of %s can be had now: about %d are hidden, by somebody who reads them or by a run that was killed, and come back by themselves", info.Name, info.Hidden)
	}
	return codedError{errors.New(text), exitNothing}
}

type dlqLsCmd struct {
	dlqFlags
	dlqFilter
	Limit int `default:"1000" help:"How many letters to read at most; 0 for all, 20000 at most." placeholder:"N"`
}

// Help is shown by --help below the line about the command.
func (dlqLsCmd) Help() string {
	return dlqHelp + `

Ages count from when a letter was sent: for those that SQS gave up from their first arrival in the queue, as the retention does.

Examples:
  tracehaul dlq ls -e prod -c ledger
  tracehaul dlq ls -e prod -c ledger --undelivered
  tracehaul dlq ls -q "$DLQ" --reason refused --since 2h --json
  tracehaul dlq ls --sqs-endpoint http://127.0.0.1:9324`
}

func (c dlqLsCmd) Run(ctx context.Context, env environment) error {
	f, err := c.filter()
	if err != nil {
		return err
	}
	if c.Limit < 0 {
		return usageError("--limit %d: want 0 for all, or more", c.Limit)
	}
	p := startProgress(env.err, askingForQueue)
	defer p.done()
	d, err := c.open(ctx, env)
	if err != nil {
		return err
	}
	p.phase("read")
	l, err := d.List(ctx, f, c.Limit, p.tell)
	p.done()
	if err != nil && l.Seen == 0 {
		return err
	}
	if c.JSON {
		err = errors.Join(err, listingJSON(env.out, l))
	} else {
		err = errors.Join(err, printListing(env.out, l, time.Now()))
	}
	if err == nil && l.Matched == 0 {
		return errNothing(d, l.Seen)
	}
	return err
}

func printListing(w io.Writer, l deadletter.Listing, now time.Time) error {
	info := l.Queue
	fmt.Fprintf(w, "%s: %s read", info.Name, trace.Counted(l.Seen, "letter"))
	if l.Matched != l.Seen {
		fmt.Fprintf(w, ", %d chosen", l.Matched)
	}
	fmt.Fprintln(w)
	if n := l.Unseen(); n > 0 {
		fmt.Fprintf(w, "About %d more were not seen: %d are hidden, %d come later, the rest is beyond --limit, or SQS counts what is no longer there.\n", n, info.Hidden, info.Delayed)
	}
	if info.RedrivePolicy != "" {
		fmt.Fprintln(w, "This queue has a dead-letter queue itself: each look counts as a receive, and too many move letters on.")
	}
	if len(l.Groups) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	if err := writeGroups(w, l.Groups, now); err != nil {
		return err
	}
	fmt.Fprintln(w)
	told := map[string]bool{}
	oldest := now
	for i := range l.Groups {
		g := &l.Groups[i]
		if g.Oldest.Before(oldest) {
			oldest = g.Oldest
		}
		if why := deadletter.Why(g.Reason); why != "" && !told[g.Reason] {
			told[g.Reason] = true
			fmt.Fprintf(w, "%s: %s\n", g.Reason, why)
		}
	}
	_, err := fmt.Fprintf(w, "The oldest of these is deleted in %s: the queue keeps letters for %s.\n", trace.FormatAge(oldest.Add(info.Retention).Sub(now)), trace.FormatAge(info.Retention))
	return err
}

func listingJSON(w io.Writer, l deadletter.Listing) error {
	return encodeJSON(w, struct {
		Queue            string      `json:"queue"`
		URL              string      `json:"url"`
		Waiting          int         `json:"waiting"` // as SQS counts
		Hidden           int         `json:"hidden"`
		Delayed          int         `json:"delayed"`
		Seen             int         `json:"seen"`
		Matched          int         `json:"matched"`
		Unseen           int         `json:"unseen"`
		RetentionSeconds int         `json:"retention_seconds"`
		Groups           []groupJSON `json:"groups"`
	}{
		l.Queue.Name, l.Queue.URL, l.Queue.Waiting, l.Queue.Hidden, l.Queue.Delayed, l.Seen, l.Matched, l.Unseen(),
		int(l.Queue.Retention / time.Second), groupsJSON(l.Groups),
	})
}
