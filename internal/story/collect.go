package story

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Config says what is looked for, and where.
type Config struct {
	// Given is what somebody holds of the event, Source the event's source if
	// that is known, As the kind of what is given if it is to be forced.
	Given, Source string
	As            Kind

	// Backends are asked, at the same time. Required.
	Backends []Backend

	// Skipped are the back ends that are not configured, each with what would
	// make it so.
	Skipped []string

	// Expect is what the pipeline does with every event. Defaults to what the
	// spans tell.
	Expect Expect

	// Timeout is how long one look of one back end may take. Defaults to 10
	// seconds.
	Timeout time.Duration

	// Now is the clock that ages are told by. Defaults to time.Now.
	Now func() time.Time

	// Progress hears whom it waits for. Defaults to nobody.
	Progress func(waiting []string)
}

// Expect is what a pipeline does with every event.
type Expect struct {
	Pipeline      string         // its prefix
	Service       string         // its service, as telemetry names it
	Queues        []string       // that every event goes to
	RowQueue      string         // whose consumer makes the rows, if it is one alone
	MaxReceives   map[string]int // by queue, before a message becomes a dead letter
	ALBSpans      bool           // the load balancer's access log becomes spans
	SamplePercent float64        // of traces that are kept; 0 if that is not known
}

// Errors of [Collect].
var (
	// ErrNothing is returned if no back end that answered has anything.
	ErrNothing = errors.New("nothing was found")
	// ErrNoEvent is returned if what was found is a function's own trace.
	ErrNoEvent = errors.New("what was found is no event's trace")
	// ErrUnreachable is returned if nothing was found and nobody answered who
	// could know.
	ErrUnreachable = errors.New("nobody who could know of it could be asked")
)

// AmbiguousError lists the events that have the id that was given or, if Subject
// is not empty, the subject; the latest come first.
type AmbiguousError struct {
	Subject string   `json:"subject,omitempty"`
	Events  []Choice `json:"events"`
	// More is true if there may be more than those.
	More bool `json:"more"`
}

// Choice is one of several events that what was given can be.
type Choice struct {
	EventID

	At    time.Time `json:"at,omitzero"` // it was written, or sent to the queue that it lies in
	Place Place     `json:"place"`
}

// shownEvents are as many as fit into an error that somebody reads.
const shownEvents = 20

func (e *AmbiguousError) Error() string {
	if e.Subject != "" {
		var list strings.Builder
		for _, id := range e.Events[:min(shownEvents, len(e.Events))] {
			fmt.Fprintf(&list, "\n  %s %s  %s, %s", id.Source, id.ID, id.At.UTC().Format("2006-01-02 15:04:05Z"), id.Place.String())
		}
		if more := len(e.Events) - shownEvents; more > 0 {
			fmt.Fprintf(&list, "\n  and %d more", more)
		}
		count := strconv.Itoa(len(e.Events))
		if e.More {
			count += " or more"
		}
		return fmt.Sprintf("%s events have the subject %q: want one of them, by source and id%s", count, e.Subject, list.String())
	}
	names := make([]string, len(e.Events))
	for i, id := range e.Events {
		names[i] = fmt.Sprintf("%q", id.Source)
	}
	return fmt.Sprintf("%d events have the id %q: want its source, one of %s", len(e.Events), e.Events[0].ID, strings.Join(names, ", "))
}

// maxSpans bounds the spans that are put together, which takes longer than they
// are many and cannot be interrupted: 5,000 take about a second.
const maxSpans = 5000

const tooMany = "there are more than the 5,000 that a story is made of"

// maxRounds bounds how often back ends are asked: two guesses, message, row,
// trace, links.
const maxRounds = 8

// Collect asks everybody, until nobody has anything new, and puts it together.
// If nothing was found the story tells who was asked, and the error is
// ErrNothing, ErrUnreachable or ErrNoEvent.
func Collect(ctx context.Context, c Config) (*Story, error) {
	candidates, err := Read(c.Given, c.Source, c.As)
	if err != nil {
		return nil, err
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := newCollector(c, candidates)
	s.run(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.decide()
	if err := s.ambiguous(); err != nil {
		return nil, err
	}
	if s.found.empty() {
		if s.answered() {
			return s.tell(), ErrNothing
		}
		return s.tell(), ErrUnreachable
	}
	story := s.tell()
	if story.Verdict.Place == PlaceNone {
		return story, ErrNoEvent
	}
	return story, nil
}
