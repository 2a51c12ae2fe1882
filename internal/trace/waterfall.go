package trace

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Waterfall says how [Trace.WriteWaterfall] draws.
type Waterfall struct {
	// Width is the number of columns to use. Defaults to 100; never under 60.
	Width int
	// Colour colours each service, for terminals that show ANSI colours.
	// Defaults to false.
	Colour bool
}

const (
	defaultWidth = 100
	leastWidth   = 60
	durationCols = 10
	bar          = "━"
	shortBar     = "╸" // a span too short for the scale
)

// ANSI colours that stay readable on light and dark backgrounds.
var serviceColours = []string{"\x1b[36m", "\x1b[33m", "\x1b[35m", "\x1b[32m", "\x1b[34m"}

const (
	colourError = "\x1b[31m"
	colourDim   = "\x1b[2m"
	colourReset = "\x1b[0m"
)

// WriteWaterfall draws the trace: a line a span, indented as the tree is, with
// a bar for when it ran on a scale that all spans share.
//
//	POST /v1/events          checkout  ━━━━                     12.1ms
//	└─ send dev-orders       checkout    ━━                      8.3ms
//	   └─ process dev-orders consumer        ━━━━━━━━━━━━━━━━━  44.0ms
func (t *Trace) WriteWaterfall(w io.Writer, o Waterfall) error {
	if o.Width == 0 {
		o.Width = defaultWidth
	}
	lines := t.lines()
	p := painter{
		out:     bufio.NewWriter(w),
		colour:  o.Colour,
		columns: fit(lines, max(o.Width, leastWidth)),
	}
	p.start, p.end = t.Bounds()
	for _, l := range lines {
		p.line(l)
	}
	return p.out.Flush()
}

// line is a span with the branches drawn before its name.
type line struct {
	label string
	node  *Node
}

func (t *Trace) lines() []line {
	var lines []line
	var down func(n *Node, first, rest string)
	down = func(n *Node, first, rest string) {
		label := first + Printable(n.Span.Name)
		if n.Orphan {
			label += " (parent " + Printable(n.Span.ParentSpanID) + " not seen)"
		}
		lines = append(lines, line{label, n})
		for i, c := range n.Children {
			if i == len(n.Children)-1 {
				down(c, rest+"└─ ", rest+"   ")
			} else {
				down(c, rest+"├─ ", rest+"│  ")
			}
		}
	}
	for _, n := range t.Roots {
		down(n, "", "")
	}
	return lines
}

// columns are the widths that the parts of a line take.
type columns struct{ label, service, bar int }

// fit shares the width: labels and services take what they need up to a half
// and a quarter of it, the bars get the rest.
func fit(lines []line, width int) columns {
	var c columns
	for _, l := range lines {
		c.label = max(c.label, utf8.RuneCountInString(l.label))
		c.service = max(c.service, utf8.RuneCountInString(l.node.Span.Service))
	}
	c.label = min(c.label, width/2)
	c.service = min(c.service, width/4)
	c.bar = max(width-c.label-c.service-durationCols-3, 10)
	return c
}

type painter struct {
	out        *bufio.Writer
	colour     bool
	columns    columns
	start, end time.Time
	services   []string
}

func (p *painter) line(l line) {
	s := l.node.Span
	label := pad(l.label, p.columns.label)
	if s.Status == "ERROR" {
		label = p.paint(colourError, label)
	}
	from, to := p.scale(s)
	drawn := bar
	if from == to {
		to, drawn = from+1, shortBar
	}
	gap, rest := strings.Repeat(" ", from), strings.Repeat(" ", p.columns.bar-to)
	hue := p.hue(s.Service)
	fmt.Fprintf(p.out, "%s %s %s%s%s %*s\n",
		label,
		p.paint(hue, pad(Printable(s.Service), p.columns.service)),
		gap, p.paint(hue, strings.Repeat(drawn, to-from)), rest,
		durationCols, FormatDuration(s.Duration()))
}

// scale places a span on the bar's columns: 0 <= from <= to <= bar, and
// from < bar.
func (p *painter) scale(s Span) (from, to int) {
	whole := p.end.Sub(p.start)
	if whole <= 0 {
		return 0, p.columns.bar
	}
	at := func(t time.Time) int {
		col := int(float64(p.columns.bar) * float64(t.Sub(p.start)) / float64(whole))
		return min(max(col, 0), p.columns.bar)
	}
	from = min(at(s.Start), p.columns.bar-1)
	return from, max(at(s.End), from)
}

// hue gives each service a colour, in the order of their first lines.
func (p *painter) hue(service string) string {
	i := slices.Index(p.services, service)
	if i < 0 {
		i = len(p.services)
		p.services = append(p.services, service)
	}
	return serviceColours[i%len(serviceColours)]
}

func (p *painter) paint(colour, s string) string {
	if !p.colour {
		return s
	}
	return colour + s + colourReset
}

// pad fills s with spaces to width columns, or cuts it there with an ellipsis.
func pad(s string, width int) string {
	n := utf8.RuneCountInString(s)
	if n <= width {
		return s + strings.Repeat(" ", width-n)
	}
	return string([]rune(s)[:max(width-1, 0)]) + "…"
}

// FormatDuration writes a duration with a unit that suits its size: 850ns,
// 12.3µs, 4.56ms, 1.20s, 3m20s.
func FormatDuration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + FormatDuration(-max(d, -math.MaxInt64)) // the least has no opposite
	case d < time.Microsecond:
		return d.String()
	case d < time.Millisecond:
		return fmt.Sprintf("%.1fµs", float64(d)/float64(time.Microsecond))
	case d < time.Second:
		return fmt.Sprintf("%.2fms", float64(d)/float64(time.Millisecond))
	case d < time.Minute:
		return fmt.Sprintf("%.2fs", d.Seconds())
	default:
		return d.Round(time.Second).String()
	}
}
