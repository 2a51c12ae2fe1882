package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/trace"
)

type demoCmd struct {
	localFlags
	jsonFlag
	Timeout duration `default:"30s" help:"How long the event may take to become a row, and its spans to arrive." placeholder:"DURATION"`
}

// Help is shown by --help below the line about the command.
func (demoCmd) Help() string {
	return `It builds the programs, runs them between a local stand-in for AWS and a private PostgreSQL, and leaves nothing behind.

Examples:
  tracehaul demo
  tracehaul demo --json > story.json
  tracehaul demo --service-program dist/service -v`
}

// told is all that is known of one event: what `demo --json` prints.
type told struct {
	TraceID   string       `json:"trace_id"`
	ALBHeader string       `json:"alb_header"`
	Spans     []trace.Span `json:"spans"`
	Row       trace.Row    `json:"row"`
}

func (c demoCmd) Run(ctx context.Context, env environment) (err error) {
	begin := time.Now()
	p := startProgress(env.err, "reading the description")
	defer p.done()
	l, stop, err := c.start(ctx, env, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()

	ctx, cancel := context.WithTimeout(ctx, c.Timeout.Duration)
	defer cancel()
	p.phase("waiting for the event's row and its spans")
	s, err := tell(ctx, l)
	p.done()
	if c.JSON {
		return errors.Join(err, printJSON(env, s))
	}
	return errors.Join(err, printStory(env, l, s, begin))
}

// tell sends one event and collects its story. When something is missing, the
// story holds what is there and the error names what is not.
func tell(ctx context.Context, l *localpipeline.Local) (told, error) {
	accepted, err := l.Send(ctx, localpipeline.ExampleEvent(time.Now()), nil)
	if err != nil {
		return told{}, err
	}
	s := told{TraceID: accepted.TraceID}
	row, rowErr := l.WaitRow(ctx, s.TraceID)
	t, linked, traceErr := l.WaitTrace(ctx, s.TraceID)
	s.Row, s.Spans, s.ALBHeader = row, append(t.Spans(), linked...), l.TraceHeader(s.TraceID)
	return s, errors.Join(rowErr, traceErr, s.check())
}

// check holds the story against itself: one trace id from the balancer to the
// row.
func (s told) check() error {
	var errs []error
	if s.ALBHeader == "" {
		errs = append(errs, errors.New("the load balancer's log has no line with the trace's id as Root"))
	}
	if id := s.Row.Get("trace_id"); s.Row != nil && id != s.TraceID {
		errs = append(errs, fmt.Errorf("the row says trace %v, the service said %s", id, s.TraceID))
	}
	return errors.Join(errs...)
}

func printJSON(env environment, s told) error {
	if s.Spans == nil {
		s.Spans = []trace.Span{}
	}
	return encodeJSON(env.out, s)
}

func printStory(env environment, l *localpipeline.Local, s told, begin time.Time) error {
	t := trace.New(s.TraceID, s.Spans)
	fmt.Fprintf(env.out, "%s, one event from the load balancer to the row\n\n", l.Pipeline().Prefix())
	fmt.Fprintf(env.out, "trace            %s\nX-Amzn-Trace-Id  %s\n\n", s.TraceID, s.ALBHeader)
	if err := t.WriteWaterfall(env.out, trace.Waterfall{Colour: showsColour(env.out)}); err != nil {
		return err
	}
	printInvocations(env, s)
	fmt.Fprintln(env.out, "\nthe row in events")
	if s.Row == nil {
		fmt.Fprintln(env.out, "  there is none")
	} else if err := s.Row.Write(env.out); err != nil {
		return err
	}
	fmt.Fprintf(env.out, "\nAll of it took %s. `tracehaul up` keeps the pipeline running.\n", trace.FormatDuration(time.Since(begin)))
	return nil
}

// printInvocations shows the spans of other traces that the event's spans link
// to: the Lambda invocation that it was handed to.
func printInvocations(env environment, s told) {
	for _, span := range s.Spans {
		if span.TraceID != s.TraceID {
			fmt.Fprintf(env.out, "\nlinked: %s %s (%s) in trace %s took %s\n", span.Kind, span.Name, span.Service, span.TraceID, trace.FormatDuration(span.Duration()))
		}
	}
}
