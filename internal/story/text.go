package story

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/internal/trace"
)

// Text says how [Story.WriteText] writes.
type Text struct {
	// Width is the number of columns to use. Defaults to 100.
	Width int
	// Colour is for terminals that show ANSI colours. Defaults to false.
	Colour bool
}

const (
	bold  = "\x1b[1m"
	green = "\x1b[32m"
	red   = "\x1b[31m"
	dim   = "\x1b[2m"
	reset = "\x1b[0m"
)

// writer writes sections into memory.
type writer struct {
	Text

	b bytes.Buffer
}

// WriteText writes the story for a terminal: the verdict first, then the
// waterfall, the messages, the row, the lines, and what was asked.
func (t *Story) WriteText(w io.Writer, o Text) error {
	p := &writer{Text: o}
	p.head(t)
	if len(t.Spans) > 0 {
		p.section("waterfall")
		if err := t.Trace.WriteWaterfall(&p.b, trace.Waterfall{Width: o.Width, Colour: o.Colour}); err != nil {
			return err
		}
	}
	for i := range t.Linked {
		s := &t.Linked[i]
		p.line("linked: %s %s (%s) in trace %s took %s", s.Kind, s.Name, s.Service, s.TraceID, trace.FormatDuration(s.Duration()))
	}
	p.missing(t)
	p.timeline(t)
	p.deliveries(t)
	if err := p.rows(t); err != nil {
		return err
	}
	p.logs(t)
	p.asked(t)
	_, err := w.Write(p.b.Bytes())
	return err
}

func (p *writer) paint(colour, s string) string {
	if !p.Colour {
		return s
	}
	return colour + s + reset
}

// line writes values without control characters.
func (p *writer) line(format string, values ...any) {
	for i, v := range values {
		if s, ok := v.(string); ok {
			values[i] = trace.Printable(s)
		}
	}
	fmt.Fprintf(&p.b, format+"\n", values...)
}

func (p *writer) section(name string) {
	p.b.WriteString("\n" + p.paint(bold, name) + "\n")
}

func (p *writer) head(t *Story) {
	colour := red
	if t.Verdict.Arrived {
		colour = green
	}
	p.b.WriteString(p.paint(colour+bold, trace.Printable(t.Verdict.Headline)) + "\n")
	for _, why := range t.Verdict.Why {
		p.line("  %s", why)
	}
	for _, next := range t.Verdict.Next {
		p.line("  -> %s", next)
	}
	p.b.WriteByte('\n')
	p.line("given  %s, taken for %s", t.Given, taken(t.As))
	if t.TraceID != "" {
		p.line("trace  %s", t.TraceID)
	}
	for _, id := range t.events() {
		p.line("event  %s %s", cmp.Or(id.Source, "-"), id.ID)
	}
	for _, note := range t.Notes {
		p.line("note   %s", note)
	}
}

func taken(k Kind) string {
	switch k {
	case KindTrace:
		return "a trace"
	case KindSNS:
		return "a message of SNS"
	case KindSQS:
		return "a message of SQS"
	case KindSubject:
		return "the subject of an event"
	default:
		return "an event"
	}
}

// events are those that the story is of.
func (t *Story) events() (ids []EventID) {
	for _, d := range t.chosen() {
		add(&ids, EventID{d.EventSource, d.EventID})
	}
	for _, row := range t.rowsInFocus() {
		add(&ids, EventID{text(row.Get("source")), text(row.Get("id"))})
	}
	ids = slices.DeleteFunc(ids, func(id EventID) bool { return id.ID == "" })
	return ids[:min(len(ids), 10)]
}

func (p *writer) missing(t *Story) {
	if len(t.Missing) == 0 {
		return
	}
	p.section("missing")
	for _, m := range t.Missing {
		p.line("  %s\n    %s", m.What, m.Why)
	}
}

func (p *writer) timeline(t *Story) {
	if len(t.Timeline) == 0 || len(t.Spans) > 0 && t.Verdict.Arrived {
		return
	}
	p.section("times, by whoever noted them")
	for i, m := range t.Timeline {
		p.line("  %s  %-10s %s (clock of %s)", m.Time.Format("15:04:05.000"), t.after(i), m.What, m.Clock)
	}
}

func (p *writer) deliveries(t *Story) {
	if len(t.Deliveries) == 0 {
		return
	}
	p.section("messages")
	shown := t.shown()
	for _, d := range shown {
		if d.SNSMessageID != "" || d.Topic != "" {
			p.line("  SNS  %s  %s", cmp.Or(d.SNSMessageID, "id not known"), d.Topic)
		}
		if d.Queue != "" || len(d.SQSIDs) > 0 {
			p.line("  SQS  %s  %s", cmp.Or(strings.Join(d.SQSIDs, ", "), "id not known"), d.Queue)
		}
		for _, r := range d.Receives {
			outcome := r.outcome()
			if r.Error != "" {
				outcome += ": " + r.Error
			}
			p.line("       delivery %d at %s, %s: %s", r.Count, r.At.UTC().Format("15:04:05.000"), r.took(), outcome)
		}
		if m := d.Message; m != nil {
			p.message(m)
		}
		p.line("       now: %s", d.Place.String())
	}
	if more := len(t.Deliveries) - len(shown); more > 0 {
		p.line("  and %s of this trace: --json has all", trace.Counted(more, "further message"))
	}
}

// maxShown bounds the messages that are written: a batch has many.
const maxShown = 25

// shown are the messages that are written out for people.
func (t *Story) shown() []*Delivery {
	chosen := t.chosen()
	return chosen[:min(len(chosen), maxShown)]
}

// String says where an event is.
func (p Place) String() string {
	switch p {
	case PlaceRow:
		return "written"
	case PlaceDeadLetter:
		return "a dead letter"
	case PlaceQueue:
		return "in the queue"
	case PlaceUnsent:
		return "not published"
	case PlaceRefused:
		return "refused"
	case PlaceNone:
		return "no event"
	default:
		return "not known"
	}
}

func (p *writer) message(m *Message) {
	p.line("       lies in %s as %s, received %s%s %s", m.Queue, m.MessageID, trace.Counted(m.ReceiveCount, "time"), m.since(), m.SentAt.UTC().Format("15:04:05.000"))
	if m.Reason != "" {
		p.line("       reason %s", strings.TrimSpace(m.Reason+" "+m.Code))
	}
	if m.Redrives > 0 {
		p.line("       redriven %s", trace.Counted(m.Redrives, "time"))
	}
	if m.Body != "" {
		p.line("       body   %s", m.Body)
	}
}

func (p *writer) rows(t *Story) error {
	p.section("the row in events")
	rows := t.rowsInFocus()
	if len(rows) == 0 {
		p.line("  %s", t.noRow())
	}
	for i, row := range rows {
		if i > 0 {
			p.b.WriteByte('\n')
		}
		if err := row.Write(&p.b); err != nil {
			return err
		}
	}
	if more := len(t.Rows) - len(rows); more > 0 {
		p.line("  and %s of this trace: --json has all", trace.Counted(more, "further row"))
	}
	return nil
}
