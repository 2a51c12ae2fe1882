package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	oteltrace "go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry"
)

type dlqRedriveCmd struct {
	dlqFlags
	dlqFilter
	To          string  `complete:"queue"                                 help:"The queue to send to, by name, URL or ARN. Defaults to the one that the letters came from." placeholder:"QUEUE"`
	DryRun      bool    `help:"Say what would be sent, and send nothing."`
	Limit       int     `default:"0"                                      help:"How many letters to send at most; 0 for all."                                               placeholder:"N"`
	Rate        float64 `default:"50"                                     help:"How many letters to send in a second; 0 for as many as possible."                           placeholder:"N"`
	MaxRedrives int     `default:"3"                                      help:"Leave letters that were redriven this often; 0 leaves none."                                placeholder:"N"`
}

// Help is shown by --help below the line about the command.
func (dlqRedriveCmd) Help() string {
	return dlqHelp + `

A letter is deleted once the other queue has confirmed it, not before. If this is interrupted or killed, begin it again: it goes on where it was, after --visibility at the latest. What was sent and could not be deleted, or whose answer was lost, comes twice; the consumer knows an event by source and id, and writes it once.

Messages keep body, attributes and trace; failure-* is taken off, and "redrive" says how often and by which redrive, where there is room for it beside nine other attributes. The redrive has a trace of its own, with links to theirs, sent to OTEL_EXPORTER_OTLP_ENDPOINT if that is set.

Examples:
  tracehaul dlq redrive -e prod -c ledger --dry-run
  tracehaul dlq redrive -e prod -c ledger --reason unsettled --limit 10
  tracehaul dlq redrive -e prod -c ledger --undelivered --rate 20
  tracehaul dlq redrive -q other-dlq --to other --event order-4711`
}

func (c dlqRedriveCmd) Run(ctx context.Context, env environment) (err error) {
	f, err := c.filter()
	if err != nil {
		return err
	}
	r := deadletter.RedriveConfig{
		To: "-", Filter: f, Limit: c.Limit, Rate: c.Rate, MaxRedrives: c.MaxRedrives, DryRun: c.DryRun,
	}
	if err := r.Validate(); err != nil {
		return codedError{err, exitUsage}
	}
	p := startProgress(env.err, askingForQueue)
	defer p.done()
	d, err := c.open(ctx, env)
	if err != nil {
		return err
	}
	if r.To, err = d.source(ctx, c.To); err != nil {
		return err
	}
	tracers, stop, err := dlqTracers(ctx, environment{env.out, p, env.getenv})
	if err != nil {
		return codedError{err, exitUsage}
	}
	defer func() { err = errors.Join(err, stop()) }()
	what := "sent"
	if c.DryRun {
		what = "read"
	}
	p.phase(what)
	r.TracerProvider, r.Progress = tracers, p.tell
	report, err := d.Redrive(ctx, r)
	p.done()
	if report.ID == "" {
		return err // it never began
	}
	if c.JSON {
		err = errors.Join(err, redrivenJSON(env.out, report))
	} else {
		err = errors.Join(err, printRedriven(env.out, report, c.MaxRedrives))
	}
	if err != nil {
		return err
	}
	return c.outcome(d, report)
}

// outcome is an error if not all that was asked for is done.
func (c dlqRedriveCmd) outcome(d *dlq, r deadletter.Redriven) error {
	switch enough := c.Limit > 0 && r.Sent >= c.Limit; {
	case r.Failed+r.Left > 0 || r.Full:
		return errors.New("not all letters were redriven")
	case r.Sent == 0:
		return errNothing(d, r.Skipped+r.Exhausted+r.Later)
	case r.Hidden() > 0 && !enough && !c.DryRun:
		return fmt.Errorf("not all letters were redriven: about %d are hidden", r.Hidden())
	}
	return nil
}

// dlqTracers sends the spans of a redrive where the environment says, if it
// says so.
func dlqTracers(ctx context.Context, env environment) (oteltrace.TracerProvider, func() error, error) {
	if env.getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && env.getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return noop.NewTracerProvider(), func() error { return nil }, nil
	}
	c, err := telemetry.ConfigFromEnv(env.getenv)
	if err != nil {
		return nil, nil, err
	}
	if c.ServiceName == "" {
		c.ServiceName = "tracehaul"
	}
	c.Metrics.Exporter.Kind, c.Logs.Exporter.Kind = telemetry.ExporterNone, telemetry.ExporterNone
	c.LogWriter = env.err
	t, err := telemetry.Setup(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	return t.TracerProvider(), func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return t.Shutdown(ctx)
	}, nil
}

func printRedriven(w io.Writer, r deadletter.Redriven, maxRedrives int) error {
	fmt.Fprintf(w, "%s -> %s, redrive %s\n", r.From.Name, r.To.Name, r.ID)
	if len(r.Groups) > 0 {
		fmt.Fprintln(w)
		if err := writeGroups(w, r.Groups, time.Now()); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	say := func(n int, text string) {
		if n > 0 {
			fmt.Fprintf(w, "%d %s\n", n, text)
		}
	}
	if r.DryRun {
		fmt.Fprintf(w, "%d would be sent. Nothing was.\n", r.Sent)
	} else {
		fmt.Fprintf(w, "%d sent, %d of them taken out here.\n", r.Sent, r.Sent-r.Left)
	}
	say(r.Left, "sent and not taken out: the next redrive sends them again, which the consumer takes for what it is.")
	say(r.Failed, "could not be sent, or it is not known; still here:")
	for _, text := range slices.Sorted(maps.Keys(r.Failures)) {
		fmt.Fprintf(w, "  %s %s\n", trace.Counted(r.Failures[text], "time"), trace.Printable(text))
	}
	say(r.Returned, "of them back already: their cause is still there.")
	say(r.Later-r.Returned, "came after the start, and stay.")
	say(r.Exhausted, fmt.Sprintf("redriven %s before, and left here: see them with dlq show, or raise --max-redrives.", trace.Counted(maxRedrives, "time")))
	say(r.Skipped, "not chosen.")
	say(r.Unmarked, "had no room for the attribute that counts redrives.")
	if n := r.Hidden(); n > 0 {
		fmt.Fprintln(w, hiddenWords(n))
	}
	if r.Full {
		fmt.Fprintln(w, "It ended early, as too many letters that were not chosen had to be held. Wait until they are back, and run it again.")
	}
	return nil
}

func redrivenJSON(w io.Writer, r deadletter.Redriven) error {
	return encodeJSON(w, struct {
		ID        string         `json:"id"`
		From      string         `json:"from"`
		To        string         `json:"to"`
		DryRun    bool           `json:"dry_run"`
		Sent      int            `json:"sent"` // would be, in a dry run
		Left      int            `json:"left"` // sent and not deleted
		Failed    int            `json:"failed"`
		Failures  map[string]int `json:"failures"`
		Skipped   int            `json:"skipped"`
		Exhausted int            `json:"exhausted"`
		Later     int            `json:"later"`
		Returned  int            `json:"returned"`
		Unmarked  int            `json:"unmarked"`
		Hidden    int            `json:"hidden"` // with others, about
		Full      bool           `json:"full"`
		Groups    []groupJSON    `json:"groups"`
	}{
		r.ID, r.From.Name, r.To.Name, r.DryRun, r.Sent, r.Left, r.Failed, r.Failures, r.Skipped, r.Exhausted, r.Later, r.Returned,
		r.Unmarked, r.Hidden(), r.Full, groupsJSON(r.Groups),
	})
}
