package story

import (
	_ "embed"
	"html/template"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/tracehaul/tracehaul/internal/trace"
)

//go:embed html/story.html
var storyHTML string

// StyleSheet is the CSS that what [Story.WriteFragment] writes needs.
//
//go:embed html/story.css
var StyleSheet string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"t": trace.Printable, "para": cleanBlock, "dur": micros, "when": when, "clock": clock, "outcome": Receive.outcome, "lasted": Receive.took, "taken": taken,
	"count": trace.Counted, "took": trace.Span.Duration, "duration": trace.FormatDuration,
}).Parse(storyHTML))

// WriteHTML writes the story as one file that needs no other, to attach to an
// incident. Everything in it is text, whatever it came as.
func (t *Story) WriteHTML(w io.Writer) error {
	return page.ExecuteTemplate(w, "page", t.view())
}

// WriteFragment writes the same without head and body, for a page that has
// [StyleSheet], and on which #<trace id> is the story of that trace.
func (t *Story) WriteFragment(w io.Writer) error {
	v := t.view()
	v.Anchors = true
	return page.ExecuteTemplate(w, "story", v)
}

// view is a story as the template wants it.
type view struct {
	*Story

	Style              template.CSS
	Title, State       string
	Start              time.Time
	DurationUS, HalfUS int64
	Events             []EventID
	Bars               []bar
	Anchors            bool // a trace's id leads to it
	ShowTimeline       []afterwards
	Shown              []*Delivery
	OtherMessages      int
	RowTables          [][]Fact
	NoRow              string
	OtherRows          int
	Lines              []logLine
}

// bar is a span on the scale.
type bar struct {
	*SpanView

	Branches     []struct{}
	Colour       string
	X, Width     string // of a hundred
	About, Table []Fact
	Links        []linkView
	Happened     []happened
	Lines        []logLine
}

type linkView struct{ Name, SpanID, TraceID string }

type happened struct {
	Name  string
	Table []Fact
}

type afterwards struct {
	Moment

	After string
}

type logLine struct {
	After, Severity, Service, Span, Text, Attributes string
	Bad                                              bool
	id                                               string
}

func (t *Story) view() *view {
	start, end := t.Trace.Bounds()
	v := &view{
		Story: t, Style: template.CSS(StyleSheet), Title: t.title(), State: t.Verdict.Place.String(), //nolint:gosec // ours
		Start: start, DurationUS: end.Sub(start).Microseconds(), HalfUS: end.Sub(start).Microseconds() / 2, Events: t.events(),
	}
	if v.Verdict.Place == PlaceUnknown {
		v.State = "where it is, is not known"
	}
	v.NoRow = t.noRow()
	v.Lines = t.lines(start)
	colours, names := map[string]string{}, t.spanNames()
	for i := range t.Spans {
		v.Bars = append(v.Bars, t.bar(&t.Spans[i], max(v.DurationUS, 1), colours, names, v.Lines))
	}
	for _, row := range t.rowsInFocus() {
		facts := make([]Fact, len(row))
		for i, c := range row {
			facts[i] = Fact{c.Name, trace.FormatValue(c.Value)}
		}
		v.RowTables = append(v.RowTables, facts)
	}
	if len(t.Spans) == 0 || !t.Verdict.Arrived {
		for i := range t.Timeline {
			v.ShowTimeline = append(v.ShowTimeline, afterwards{t.Timeline[i], t.after(i)})
		}
	}
	v.OtherRows = len(t.Rows) - len(v.RowTables)
	v.Shown = t.shown()
	v.OtherMessages = len(t.Deliveries) - len(v.Shown)
	return v
}

// noRow says why there is no row.
func (t *Story) noRow() string {
	if t.asks(HoldsRows) {
		return "There is none."
	}
	return "No database could be asked for it."
}

// asks reports whether somebody answered who can know of something.
func (t *Story) asks(h Holding) bool {
	return slices.ContainsFunc(t.Asked, func(r Report) bool { return r.Problem == "" && r.Skipped == "" && r.holds&h != 0 })
}

func (t *Story) title() string {
	if service := t.request(); service != nil {
		return service.Name // says more than the load balancer's
	}
	if len(t.Spans) > 0 {
		return t.Spans[0].Name
	}
	if ids := t.events(); len(ids) > 0 {
		return ids[0].ID
	}
	return t.Given
}

func (t *Story) bar(s *SpanView, whole int64, colours, names map[string]string, lines []logLine) bar {
	if colours[s.Service] == "" {
		colours[s.Service] = "c" + strconv.Itoa(len(colours)%5)
	}
	b := bar{SpanView: s, Branches: make([]struct{}, min(s.Depth, 20)), Colour: colours[s.Service], Table: facts(s.Attributes)}
	width := max(100*float64(s.DurationUS)/float64(whole), 0.4)
	b.X = strconv.FormatFloat(max(min(100*float64(s.OffsetUS)/float64(whole), 100-width), 0), 'f', 2, 64)
	b.Width = strconv.FormatFloat(width, 'f', 2, 64)
	b.About = []Fact{{"span id", s.SpanID}, {"parent", s.ParentSpanID}, {"start", trace.FormatValue(s.Start)}, {"status", s.Status}, {"message", s.StatusText}}
	if s.Clamped != "" {
		b.About = append(b.About, Fact{"clamped", "times were moved by " + s.Clamped + " ms, as clocks differ"})
	}
	b.About = slices.DeleteFunc(b.About, func(f Fact) bool { return f.Value == "" })
	for _, l := range s.Links {
		b.Links = append(b.Links, linkView{names[l.SpanID], l.SpanID, l.TraceID})
	}
	for _, e := range s.Events {
		b.Happened = append(b.Happened, happened{e.Name, append([]Fact{{"after", trace.FormatDuration(e.Time.Sub(s.Start))}}, facts(e.Attributes)...)})
	}
	for _, l := range lines {
		if l.id == s.SpanID {
			b.Lines = append(b.Lines, l)
		}
	}
	return b
}

func facts(attributes map[string]any) []Fact {
	list := make([]Fact, 0, len(attributes))
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		list = append(list, Fact{name, text(attributes[name])})
	}
	return list
}

func (t *Story) lines(begin time.Time) []logLine {
	if begin.IsZero() && len(t.Logs) > 0 {
		begin = t.Logs[0].Time
	}
	names := t.spanNames()
	var lines []logLine
	for i := range t.Logs {
		l := &t.Logs[i]
		lines = append(lines, logLine{
			After: l.after(begin), Severity: l.Severity, Service: l.Service, Span: names[l.SpanID],
			Text: l.Text, Attributes: strings.TrimSpace(l.attributes()), Bad: isBad(l.Severity), id: l.SpanID,
		})
	}
	return lines
}

func micros(us int64) string { return trace.FormatDuration(time.Duration(us) * time.Microsecond) }

func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000 UTC") }

func clock(t time.Time) string { return t.UTC().Format("15:04:05.000") }

// cleanBlock is a text from outside that may have lines.
func cleanBlock(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) && r != '\n' && r != '\t' {
			return '\uFFFD'
		}
		return r
	}, s)
}
