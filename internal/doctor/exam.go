package doctor

import (
	"context"
	"strings"
	"sync"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
)

// exam is a Config at work.
type exam struct {
	Config

	pipeline *pipeline.Pipeline
	tell     sync.Mutex // of doing, and of Progress
	doing    map[activity]string
	answers  map[string]any // of AWS, for the checks: see remember
}

// Examine examines a pipeline. An error is a setting that cannot be used, or that
// ctx has ended; all else is in the report. If ctx ends once the event is sent there
// is a report, too, of the event alone: what is left of it, and how to remove that.
func Examine(ctx context.Context, c Config) (*Report, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.WithDefaults()
	e := &exam{Config: c, pipeline: c.Alarms.Pipeline, doing: map[activity]string{}, answers: map[string]any{}}
	r := &Report{Pipeline: e.pipeline.Prefix(), Environment: e.pipeline.Environment, Local: c.Local, Region: e.pipeline.Region, Address: c.Address, Time: c.Now().UTC(), Findings: []Finding{}, LeftOut: []LeftOut{}}

	// What is deployed is looked at while the event is on its way.
	var w way
	arrived := make(chan struct{})
	go func() {
		defer close(arrived)
		if !c.NoEvent {
			w = e.follow(ctx)
			e.progress(following, "")
		}
	}()
	findings, out := e.checkAll(ctx)
	e.progress(checking, "")
	<-arrived
	if err := context.Cause(ctx); err != nil {
		if !w.sent {
			return nil, err
		}
		e.abandon(ctx, &w)
		r.Event, r.Address = &w.event, w.address
		return r, err
	}
	if c.NoEvent {
		w.out = append(w.out, LeftOut{Checks: []string{"event"}, Why: "no event was to be sent"})
	} else {
		r.Event, r.Address = &w.event, w.address
	}
	r.Findings, r.LeftOut = append(r.Findings, append(w.findings, findings...)...), append(r.LeftOut, append(w.out, out...)...)
	for i := range r.Findings {
		r.Findings[i].Page = e.page(r.Findings[i].Page)
	}
	r.finish()
	return r, nil
}

// page is the address of a page of docs, if the description knows one.
func (e *exam) page(file string) string {
	if runbook, ok := strings.CutPrefix(file, "docs/runbooks/"); ok {
		return alarms.RunbookURL(e.pipeline, runbook)
	}
	if file == "" || e.pipeline.Repository == "" {
		return file
	}
	return e.pipeline.Repository + "/blob/main/" + file
}

// activity is one of the two things that are done at a time.
type activity int

const (
	following activity = iota
	checking
)

// progress says what is being done, or with nothing that it is over.
func (e *exam) progress(of activity, what string) {
	e.tell.Lock()
	defer e.tell.Unlock()
	e.doing[of] = what
	text := e.doing[following]
	if c := e.doing[checking]; c != "" && text != "" {
		text += "; " + c
	} else if text == "" {
		text = c
	}
	if text != "" {
		e.Progress(text)
	}
}

// answer is what AWS answered, or why it did not.
type answer[T any] struct {
	value T
	err   error
}

// remember asks once, however many checks want to know. Checks are made one after
// the other.
func remember[T any](e *exam, what string, ask func() (T, error)) (T, error) {
	if a, ok := e.answers[what].(answer[T]); ok {
		return a.value, a.err
	}
	value, err := ask()
	e.answers[what] = answer[T]{value, err}
	return value, err
}
