package story

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/internal/trace"
)

// collector follows all that was given can be at once: no back end is asked
// again for the next guess.
type collector struct {
	Config

	all       []Candidate
	candidate Candidate // that it turned out to be
	clues     Clues
	found     Found
	reports   []Report
	marked    bool // an intrusive back end was asked
	forgot    bool // the guess of a trace was wrong

	spans map[[2]string]bool
	seen  map[string]bool
}

// Report is what became of asking one back end.
type Report struct {
	Name    string `json:"name"`
	Problem string `json:"problem,omitempty"` // why it could not be asked
	Skipped string `json:"skipped,omitempty"` // why it was not asked
	Found   string `json:"found,omitempty"`
	TookMS  int64  `json:"took_ms"`

	holds                              Holding
	had                                int      // how many clues it has had
	asked                              []string // the traces it was asked for
	spans, rows, logs, messages, lines int
}

func newCollector(c Config, candidates []Candidate) *collector {
	s := &collector{Config: c, all: candidates, reports: make([]Report, len(c.Backends)), spans: map[[2]string]bool{}, seen: map[string]bool{}}
	for _, candidate := range candidates {
		given := candidate.Clues
		s.clues.TraceIDs, s.clues.Events = append(s.clues.TraceIDs, given.TraceIDs...), append(s.clues.Events, given.Events...)
		s.clues.SQS, s.clues.SNS = append(s.clues.SQS, given.SQS...), append(s.clues.SNS, given.SNS...)
		if len(candidates) == 1 {
			s.clues.Subjects = given.Subjects
		}
	}
	for i, b := range c.Backends {
		s.reports[i].Name, s.reports[i].holds = b.Name(), b.Holds()
	}
	return s
}

func (s *collector) run(ctx context.Context) {
	for range maxRounds {
		before := s.clues.size()
		s.round(ctx, func(b Backend) bool { return s.marked || !intrusive(b) })
		if s.severalEvents() { // nobody need follow each of them
			if !s.marked {
				s.marked = true
				s.round(ctx, intrusive)
			}
			return
		}
		if s.clues.size() > before {
			continue
		}
		// Nobody knows such a trace. Back ends that look by the trace, where there
		// is one, have not looked for what else it can be.
		if !s.marked && s.wrong() && s.forget() {
			continue
		}
		if _, known := s.best(); !known && s.guessSubject() {
			continue
		}
		if s.marked || s.placed() {
			return
		}
		s.marked = true
		s.remember()
		before = s.clues.size()
		s.round(ctx, intrusive)
		if s.clues.size() == before || s.severalEvents() {
			return
		}
	}
}

func intrusive(b Backend) bool {
	_, marks := b.(Intrusive)
	return marks
}

// round asks those that are chosen, at the same time.
func (s *collector) round(ctx context.Context, chosen func(Backend) bool) {
	var wg sync.WaitGroup
	answers, asked := make([]*Found, len(s.Backends)), make([]Clues, len(s.Backends))
	w := newWaiting(s.Progress)
	for i, b := range s.Backends {
		if !chosen(b) || s.reports[i].Problem != "" {
			continue
		}
		clues, anything := s.fresh(&s.reports[i])
		if !anything {
			continue
		}
		asked[i] = clues
		wg.Go(func() {
			defer w.begin(b.Name())()
			ctx, cancel := context.WithTimeout(ctx, s.Timeout)
			defer cancel()
			begin := time.Now()
			found, err := b.Look(ctx, clues)
			s.reports[i].TookMS += time.Since(begin).Milliseconds()
			s.reports[i].Skipped = ""
			if skipped, ok := errors.AsType[*NotAskedError](err); ok {
				s.reports[i].Skipped = skipped.Why
			} else if err != nil {
				s.reports[i].Problem = problem(err, s.Timeout)
			}
			answers[i] = &found
		})
	}
	wg.Wait()
	w.end()
	for i, found := range answers {
		if found != nil {
			if len(asked[i].TraceIDs) == 0 {
				found.keepNamed(&asked[i])
			}
			s.take(found, &s.reports[i])
		}
	}
}

// severalEvents reports whether what was given is the subject of more than one.
func (s *collector) severalEvents() bool {
	c, known := s.best()
	return known && c.Kind == KindSubject && len(s.events(c)) > 1
}

// guessSubject has back ends look for the subject as well, before an intrusive one
// is asked. It reports whether they have not done so yet.
func (s *collector) guessSubject() bool {
	last := s.all[len(s.all)-1]
	if s.marked || last.Kind != KindSubject || len(s.clues.Subjects) > 0 {
		return false
	}
	s.clues.Subjects = last.Clues.Subjects
	return true
}

func problem(err error, timeout time.Duration) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within %v", timeout)
	}
	return mask(err.Error())
}

// fresh are the clues for a back end that it has not had yet. One that knows
// spans and lines alone is asked for each trace once: a look may cost.
func (s *collector) fresh(r *Report) (c Clues, anything bool) {
	events := r.holds&^(HoldsSpans|HoldsLogs) != 0
	if events || len(s.clues.TraceIDs) == 0 {
		known := s.clues.size()
		if events {
			known += len(s.clues.Subjects)
		}
		anything, r.had = known > r.had, known
		return s.clues.clone(), anything
	}
	for _, id := range slices.Concat(s.clues.TraceIDs, s.clues.Linked) {
		if !slices.Contains(r.asked, id) {
			r.asked = append(r.asked, id)
			c.TraceIDs = append(c.TraceIDs, id)
		}
	}
	return c, len(c.TraceIDs) > 0
}

// take keeps what is new of an answer.
func (s *collector) take(f *Found, r *Report) {
	if len(f.Spans) > maxSpans {
		f.Cut = append(f.Cut, tooMany)
		f.Spans = f.Spans[:maxSpans]
	}
	f.mask()
	f.clean()
	s.clues.learn(f)
	for _, span := range f.Spans {
		key := [2]string{span.TraceID, span.SpanID}
		if !s.spans[key] && len(s.found.Spans) == maxSpans {
			add(&f.Cut, tooMany)
			break
		}
		if !s.spans[key] {
			s.spans[key] = true
			s.found.Spans = append(s.found.Spans, span)
			r.spans++
		}
	}
	for _, row := range f.Rows {
		if s.novel("row", text(row.Get("source")), text(row.Get("id"))) {
			s.found.Rows = append(s.found.Rows, row)
			r.rows++
		}
	}
	for _, l := range f.Logs {
		// By the millisecond: back ends keep times of different precision.
		if s.novel("log", l.Time.UTC().Format("15:04:05.000"), l.SpanID, l.Text) {
			s.found.Logs = append(s.found.Logs, l)
			r.logs++
		}
	}
	for _, m := range f.Messages {
		if s.novel("message", m.Queue, m.MessageID) {
			s.found.Messages = append(s.found.Messages, m)
			r.messages++
		}
	}
	for _, line := range f.AccessLog {
		if s.novel("line", line) {
			s.found.AccessLog = append(s.found.AccessLog, line)
			r.lines++
		}
	}
	for _, note := range f.Notes {
		add(&s.found.Notes, note)
	}
	for _, why := range f.Cut {
		add(&s.found.Cut, why)
	}
}

func (s *collector) novel(parts ...string) bool {
	key := strings.Join(parts, "\x00")
	if s.seen[key] {
		return false
	}
	s.seen[key] = true
	return true
}

// answered reports whether somebody answered who could know of one of the
// candidates: spans do not tell of events.
func (s *collector) answered() bool {
	for i, r := range s.reports {
		if r.Problem != "" || r.Skipped != "" || intrusive(s.Backends[i]) && !s.marked {
			continue
		}
		for _, c := range s.all {
			if c.Kind != KindEvent && c.Kind != KindSubject || r.holds&^HoldsSpans != 0 {
				return true
			}
		}
	}
	return false
}

// ambiguous is an error if an id without source, or a subject, is that of
// several events.
func (s *collector) ambiguous() error {
	events := s.events(s.candidate)
	if len(events) < 2 {
		return nil
	}
	err := &AmbiguousError{Events: events, More: len(events) >= MaxRows}
	if s.candidate.Kind == KindSubject {
		err.Subject = s.candidate.Clues.Subjects[0]
	}
	return err
}

// events are those that a candidate can be, the latest first: none for a trace
// or a message.
func (s *collector) events(of Candidate) (same []Choice) {
	choose := func(c Choice, subject string) {
		wanted := of.Kind == KindSubject && subject == of.Clues.Subjects[0] || of.Kind == KindEvent && of.Clues.Events[0].Is(c.Source, c.ID)
		if wanted && !slices.ContainsFunc(same, func(other Choice) bool { return other.EventID == c.EventID }) {
			same = append(same, c)
		}
	}
	for _, row := range s.found.Rows {
		id := EventID{text(row.Get("source")), text(row.Get("id"))}
		choose(Choice{id, moment(row.Get("written_at")), PlaceRow}, text(row.Get("subject")))
	}
	for i := range s.found.Messages {
		m := &s.found.Messages[i]
		place := PlaceQueue
		if m.DeadLetter {
			place = PlaceDeadLetter
		}
		choose(Choice{EventID{m.EventSource, m.EventID}, m.SentAt, place}, m.EventSubject)
	}
	slices.SortStableFunc(same, func(a, b Choice) int {
		return cmp.Or(b.At.Compare(a.At), strings.Compare(a.Source, b.Source), strings.Compare(a.ID, b.ID))
	})
	return same
}

// event is the one that is asked for by its id or subject; nil if it was asked
// for by something else.
func (s *collector) event() *EventID {
	switch events := s.events(s.candidate); {
	case len(events) == 1:
		return &events[0].EventID
	case s.candidate.Kind == KindEvent:
		return &s.candidate.Clues.Events[0]
	}
	return nil
}

// ofTrace are the spans of the event's trace; the others are linked to.
func (s *collector) ofTrace(id string) (own, linked []trace.Span) {
	wanted := map[[2]string]bool{}
	for _, span := range s.found.Spans {
		if span.TraceID != id {
			continue
		}
		own = append(own, span)
		for _, l := range span.Links {
			wanted[[2]string{l.TraceID, l.SpanID}] = true
		}
	}
	// An invocation links to the traces of its messages: their requests are not its.
	request := !slices.ContainsFunc(own, ofInvocation) || slices.ContainsFunc(own, ofEvent)
	for _, span := range s.found.Spans {
		if span.TraceID != id && (wanted[[2]string{span.TraceID, span.SpanID}] || request && ofBalancer(span) && slices.Contains(s.clues.Linked, span.TraceID)) {
			linked = append(linked, span)
		}
	}
	return own, linked
}
