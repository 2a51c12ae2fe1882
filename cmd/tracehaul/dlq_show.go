package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

type dlqShowCmd struct {
	dlqFlags
	dlqFilter
	ID    string `arg:""                                                                                  help:"A message id, an event id or a trace id; or all."`
	Body  bool   `help:"Show the body, too, and mask nothing. It may hold personal data and credentials."`
	Limit int    `default:"10"                                                                            help:"How many letters to show at most."                placeholder:"N"`
}

// Help is shown by --help below the line about the command.
func (dlqShowCmd) Help() string {
	return dlqHelp + `

Examples:
  tracehaul dlq show -e prod -c ledger 4bf92f3577b34da6a3ce929d0e0e4736
  tracehaul dlq show -e prod -c ledger all --reason malformed --limit 3
  tracehaul dlq show -q "$DLQ" order-4711 --body --json`
}

func (c dlqShowCmd) Run(ctx context.Context, env environment) error {
	f, err := c.filter()
	if err != nil {
		return err
	}
	if c.Limit < 1 {
		return usageError("--limit %d: want 1 or more", c.Limit)
	}
	p := startProgress(env.err, askingForQueue)
	defer p.done()
	d, err := c.open(ctx, env)
	if err != nil {
		return err
	}
	records, read := []deadletter.Record{}, 0
	p.phase("read")
	err = d.Each(ctx, 0, p.tell, func(l *deadletter.Letter) bool {
		read++
		if f.Match(l) && (c.ID == "all" || slices.Contains([]string{l.MessageID, l.Event.ID, l.TraceID}, c.ID)) {
			r := l.Record(d.Info().Name, c.Body)
			if !c.Body {
				maskRecord(&r)
			}
			records = append(records, r)
		}
		return len(records) < c.Limit
	})
	p.done()
	if len(records) == 0 {
		if err == nil {
			err = errNothing(d, read)
		}
		return err
	}
	if c.JSON {
		return errors.Join(err, encodeJSON(env.out, records))
	}
	for i := range records {
		err = errors.Join(err, printRecord(env.out, &records[i], d.Info().Retention, time.Now()))
	}
	return err
}

// maskRecord hides what looks like a credential, as tracehaul trace does.
func maskRecord(r *deadletter.Record) {
	for name, a := range r.Attributes {
		if text := string(a.Binary); story.MaskNamed(name, text) != text {
			a.Binary, a.Value = nil, story.MaskNamed(name, text)
		}
		a.Value = story.MaskNamed(name, a.Value)
		r.Attributes[name] = a
	}
	for name, value := range r.EnvelopeAttributes {
		r.EnvelopeAttributes[name] = story.MaskNamed(name, value)
	}
	if r.Event != nil {
		r.Event.Subject = story.MaskNamed("subject", r.Event.Subject)
	}
	r.Problem = story.MaskNamed("problem", r.Problem)
}

func printRecord(w io.Writer, r *deadletter.Record, retention time.Duration, now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, values ...any) {
		fmt.Fprintf(t, "  %s\t%s\n", name, trace.Printable(fmt.Sprintf(format, values...)))
	}
	fmt.Fprintf(t, "%s\n", trace.Printable(r.MessageID))
	line("reason", "%s", strings.TrimSpace(r.Reason+" "+r.Code))
	line("sent", "%s, %s ago; deleted in %s", r.SentAt.Format(time.RFC3339), trace.FormatAge(now.Sub(r.SentAt)), trace.FormatAge(r.SentAt.Add(retention).Sub(now)))
	line("received", "%s, this look included", trace.Counted(r.ReceiveCount, "time"))
	if r.Redrives > 0 {
		line("redriven", "%s", trace.Counted(r.Redrives, "time"))
	}
	line("trace", "%s", dash(r.TraceID))
	line("shape", "%s", strings.TrimSpace(r.Shape+" "+r.TopicARN+" "+r.SNSMessageID))
	switch e := r.Event; e {
	case nil:
		line("event", "none: %s", r.Problem)
	default:
		line("event", "%s", e.ID)
		line("  source", "%s", e.Source)
		line("  type", "%s", e.Type)
		if e.Subject != "" {
			line("  subject", "%s", e.Subject)
		}
		if !e.Time.IsZero() {
			line("  time", "%s", e.Time.Format(time.RFC3339Nano))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.EnvelopeAttributes)) {
		line(name, "%s, in the envelope", r.EnvelopeAttributes[name])
	}
	for _, name := range slices.Sorted(maps.Keys(r.Attributes)) {
		if a := r.Attributes[name]; a.Binary == nil {
			line(name, "%s", a.Value)
		} else {
			line(name, "%d bytes", len(a.Binary))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.System)) {
		line(name, "%s", r.System[name])
	}
	if r.Body == nil {
		line("body", "%d bytes; --body shows it, it may hold personal data", r.BodyBytes)
	} else {
		line("body", "%d bytes:", r.BodyBytes)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.Body != nil {
		fmt.Fprintln(w, trace.Printable(*r.Body))
	}
	_, err := fmt.Fprintln(w)
	return err
}
