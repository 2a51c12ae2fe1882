package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/tracehaul/tracehaul/deadletter"
)

// progress tells how far something is that takes longer than a second: in one
// line of a terminal, elsewhere in a line every ten seconds.
type progress struct {
	w           io.Writer
	what        string
	terminal    bool
	begin, last time.Time
}

func newProgress(w io.Writer, what string) *progress {
	now := time.Now()
	return &progress{w: w, what: what, terminal: isTerminal(w), begin: now, last: now}
}

func (p *progress) tell(at deadletter.Progress) {
	now := time.Now()
	every := 10 * time.Second
	if p.terminal {
		every = 200 * time.Millisecond
	}
	if took := now.Sub(p.begin); took < time.Second || now.Sub(p.last) < every {
		return
	}
	p.last = now
	line := fmt.Sprintf("%s: %d of about %d", p.what, at.Done, at.Total)
	if left := at.Total - at.Done; at.Done > 0 && left > 0 {
		line += ", " + age(time.Duration(float64(now.Sub(p.begin))/float64(at.Done)*float64(left))) + " left"
	}
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(p.w, line)
}

// done clears the line.
func (p *progress) done() {
	if p.terminal && p.last != p.begin {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// age is a duration as people say it: the two largest units.
func age(d time.Duration) string {
	d = max(0, d)
	switch {
	case d >= 24*time.Hour:
		return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// clean is a text from outside, fit for a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

func encodeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// dash stands where there is nothing.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return clean(s)
}

// writeGroups writes a table of letters by cause.
func writeGroups(w io.Writer, groups []deadletter.Group, now time.Time) error {
	var b bytes.Buffer
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "COUNT\tREASON\tCODE\tOLDEST\tNEWEST\tRECEIVED\tREDRIVEN\tEVENT\tTRACE")
	for i := range groups {
		g := &groups[i]
		received := strconv.Itoa(g.MinReceives)
		if g.MaxReceives != g.MinReceives {
			received += "-" + strconv.Itoa(g.MaxReceives)
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", g.Count, dash(g.Reason), dash(g.Code), age(now.Sub(g.Oldest)), age(now.Sub(g.Newest)),
			received, g.MaxRedrives, dash(strings.TrimSpace(g.Example.EventSource+" "+g.Example.EventID)), dash(g.Example.TraceID))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	text := b.String()
	if head, rest, ok := strings.Cut(text, "\n"); ok && isTerminal(w) {
		text = "\x1b[1m" + head + "\x1b[0m\n" + rest
	}
	_, err := io.WriteString(w, text)
	return err
}

// groupJSON is a group in JSON.
type groupJSON struct {
	Reason      string      `json:"reason"`
	Code        string      `json:"code"`
	Why         string      `json:"why"`
	Count       int         `json:"count"`
	Oldest      time.Time   `json:"oldest"`
	Newest      time.Time   `json:"newest"`
	MinReceives int         `json:"min_receives"`
	MaxReceives int         `json:"max_receives"`
	MaxRedrives int         `json:"max_redrives"`
	Example     exampleJSON `json:"example"`
}

type exampleJSON struct {
	MessageID   string `json:"message_id"`
	EventSource string `json:"event_source"`
	EventID     string `json:"event_id"`
	EventType   string `json:"event_type"`
	TraceID     string `json:"trace_id"`
}

func groupsJSON(groups []deadletter.Group) []groupJSON {
	list := make([]groupJSON, len(groups))
	for i := range groups {
		g := &groups[i]
		list[i] = groupJSON{
			g.Reason, g.Code, deadletter.Why(g.Reason), g.Count, g.Oldest, g.Newest, g.MinReceives, g.MaxReceives, g.MaxRedrives, exampleJSON(g.Example),
		}
	}
	return list
}
