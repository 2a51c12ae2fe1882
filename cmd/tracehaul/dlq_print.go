package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// askingForQueue is what is done before anything is read.
const askingForQueue = "asking SQS for the queue"

// hiddenWords say that others hold letters.
func hiddenWords(n int) string {
	return fmt.Sprintf("About %d are hidden, by somebody who reads them or by a run that was killed: they stay, and come back by themselves. Run it again then.", n)
}

// dash stands where there is nothing.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return trace.Printable(s)
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
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", g.Count, dash(g.Reason), dash(g.Code), trace.FormatAge(now.Sub(g.Oldest)), trace.FormatAge(now.Sub(g.Newest)),
			received, g.MaxRedrives, dash(strings.TrimSpace(g.Example.EventSource+" "+g.Example.EventID)), dash(g.Example.TraceID))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	text := b.String()
	if head, rest, ok := strings.Cut(text, "\n"); ok && showsColour(w) {
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
