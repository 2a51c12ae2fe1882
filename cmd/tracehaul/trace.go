package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

type traceCmd struct {
	pipelineFlags
	jsonFlag
	traceSources

	Given       []string `arg:""                                                                                     help:"What you hold of the event: a trace id, X-Amzn-Trace-Id, traceparent, event id, subject of events, message id of SNS or SQS, source and id of a row, or a line that has a trace id."`
	As          string   `default:"auto"                                                                             enum:"auto,trace,event,sns,sqs,subject"                                                                                                                                                    help:"What it is, if its form does not tell." placeholder:"KIND"`
	Source      string   `help:"The event's source, if its id alone is that of several."                             placeholder:"SOURCE"`
	HTML        string   `help:"Write the story as one HTML file that needs no other; - is standard output."         name:"html"                                                                                                                                                                                placeholder:"FILE"                            xor:"form"`
	Open        bool     `help:"Show the story in the browser."                                                      xor:"form"`
	Body        bool     `help:"Show the data of rows and the bodies of messages, too. They may hold personal data."`
	Since       moment   `default:"24h"                                                                              help:"How far back to look where there is no index by the id: a time (RFC 3339), or how long ago, such as 2h."                                                                             placeholder:"TIME"`
	DeadLetters int      `default:"100"                                                                              help:"How many letters of each dead-letter queue to look at, if nobody else knows where the event is: each counts one receive more. 0 leaves them alone."                                  name:"dead-letters"                           placeholder:"N"`
	Timeout     duration `default:"10s"                                                                              help:"How long one back end may take to answer."                                                                                                                                           placeholder:"DURATION"`
}

// Help is shown by --help below the line about the command.
func (traceCmd) Help() string {
	return `It asks every back end that is configured, at the same time, and tells one story: how far the event came and why no further, the waterfall, the row, the messages, the log lines, what is missing. One that is away is said to be and hides nothing of the others. Nothing is changed, but for the receive count of dead letters: those queues are looked into last, only if nobody else knows where the event is, and no further than --dead-letters says.

A pipeline of tracehaul up on this machine is found by itself. Otherwise, and with -e, X-Ray's spans and the log groups are searched in CloudWatch, which costs by the bytes that it reads: --since bounds them. The database, Tempo and Jaeger are asked where their address is given; that of DATABASE_URL is not, where a local pipeline is, which has its own. Data and bodies are shown only with --body, tokens never.

Examples:
  tracehaul trace 4bf92f3577b34da6a3ce929d0e0e4736
  tracehaul trace 'Root=1-67891233-abcdef012345678912345678'
  tracehaul trace -e prod /orders/intake order-4711 --open
  tracehaul trace --as sns 901e995b-10c5-40fe-a0fa-f25b555ce69d --json
  tracehaul trace order-4711 --tempo-url http://localhost:3200 \
    --html incident-12.html`
}

// Validate refuses what can be seen to be wrong before anybody is asked.
func (c traceCmd) Validate() error {
	switch {
	case c.DeadLetters < 0:
		return fmt.Errorf("--dead-letters %d: want a number of letters, or 0 for none", c.DeadLetters)
	case c.JSON && (c.HTML == "-" || c.Open):
		return errors.New("--json prints JSON and nothing else: want it with --html FILE, or alone")
	}
	return nil
}

func (c traceCmd) Run(ctx context.Context, env environment, command *kong.Context) error {
	config, err := c.config(ctx, env, isGiven(command, "database-url"))
	if err != nil {
		return err
	}
	p := startProgress(env.err, "asking "+trace.Counted(len(config.Backends), "back end"))
	config.Progress = func(waiting []string) { p.phase("waiting for " + strings.Join(waiting, ", ")) }
	t, err := story.Collect(ctx, config)
	p.done()
	var ambiguous *story.AmbiguousError
	switch {
	case errors.As(err, &ambiguous):
		return c.choose(env, ambiguous)
	case t == nil:
		return err
	}
	if failed := c.show(env, t); failed != nil {
		return failed
	}
	switch {
	case errors.Is(err, story.ErrNothing):
		return codedError{fmt.Errorf("%w of %.100q since %s%s; --since looks further back", err, config.Given, c.Since.Format("2006-01-02 15:04"), away(t)), exitNothing}
	case errors.Is(err, story.ErrNoEvent):
		return codedError{err, exitNothing}
	case err != nil:
		return err
	case !t.Verdict.Arrived:
		return codedError{errors.New("the event has not arrived"), exitNotArrived}
	}
	return nil
}

// away says how many could not be asked: they may know.
func away(t *story.Story) string {
	n := 0
	for _, r := range t.Asked {
		if r.Problem != "" {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return "; " + trace.Counted(n, "back end") + " could not be asked"
}

// choose says what there is to choose from.
func (c traceCmd) choose(env environment, a *story.AmbiguousError) error {
	if c.JSON {
		if err := encodeJSON(env.out, a); err != nil {
			return err
		}
	}
	if a.Subject != "" {
		return codedError{a, exitUsage}
	}
	return usageError("%w; say it by --source", a)
}

// given is what is looked for: words that a shell has taken apart belong
// together.
func (c traceCmd) given() (string, story.Kind, error) {
	given := strings.Join(c.Given, " ")
	as := story.Kind(strings.TrimPrefix(c.As, "auto"))
	if _, err := story.Read(given, c.Source, as); err != nil {
		return "", "", codedError{err, exitUsage}
	}
	return given, as, nil
}

// show writes the story in the form that was asked for.
func (c traceCmd) show(env environment, t *story.Story) error {
	switch {
	case c.Open:
		return c.open(env, t)
	case c.HTML == "-":
		return t.WriteHTML(env.out)
	case c.HTML != "":
		if err := writeHTML(c.HTML, t); err != nil {
			return err
		}
		if !c.JSON {
			fmt.Fprintln(env.err, t.Verdict.Headline)
			return nil
		}
	}
	if c.JSON {
		return encodeJSON(env.out, t)
	}
	return t.WriteText(env.out, story.Text{Colour: showsColour(env.out), Width: columnsOf(env.out)})
}

func writeHTML(path string, t *story.Story) (err error) {
	// It holds names and addresses of people's events.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return t.WriteHTML(f)
}

// open writes the story to a file that stays, and has the browser show it.
func (c traceCmd) open(env environment, t *story.Story) error {
	dir, err := os.MkdirTemp("", "tracehaul-trace-")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "trace.html")
	if err := writeHTML(path, t); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	fmt.Fprintf(env.out, "%s\n%s\n", t.Verdict.Headline, path)
	return openFile(path, io.Discard)
}
