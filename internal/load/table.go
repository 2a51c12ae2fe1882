//go:build unix

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// line is a line of the table.
type line struct {
	what string
	figures
}

// columns are those of the table.
var columns = []struct {
	name  string
	value func(line) string
}{
	{"WHAT", func(l line) string { return l.what }},
	{"RATE/s", func(l line) string { return whole(l.rate) }},
	{"202/s", func(l line) string { return whole(l.goodput()) }},
	{"503/s", func(l line) string { return whole(l.perSecond(overloaded, unavailable)) }},
	{"OTHER", func(l line) string { return strconv.Itoa(l.counts[other] + l.counts[unknown]) }},
	{"REFUSED", func(l line) string { return strconv.Itoa(l.counts[connectionRefused]) }},
	{"UNSENT/s", func(l line) string { return whole(l.perSecond(unsent)) }},
	{"p50 ms", func(l line) string { return milliseconds(l.p50) }},
	{"p99 ms", func(l line) string { return milliseconds(l.p99) }},
	{"MAX ms", func(l line) string { return milliseconds(l.longest) }},
	{"LATE ms", func(l line) string { return milliseconds(l.late) }},
	{"RSS MiB", func(l line) string { return whole(l.seen.most(rssMiB)) }},
	{"THREADS", func(l line) string { return whole(l.seen.most(threads)) }},
	{"FDS", func(l line) string { return whole(l.seen.most(descriptors)) }},
	{"CPU", func(l line) string { return short(l.seen.perSecond(serviceCPU)) }},
	{"CPU HERE", func(l line) string { return short(l.seen.perSecond(restCPU)) }},
	{"QUEUE", func(l line) string { return strconv.Itoa(l.seen.queue()) }},
	{"ROWS/s", func(l line) string { return whole(l.seen.perSecond(written)) }},
}

// write prints the table.
func write(w io.Writer, lines []line) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	_, _ = fmt.Fprintln(t, strings.Join(names, "\t"))
	for _, l := range lines {
		values := make([]string, len(columns))
		for i, c := range columns {
			values[i] = c.value(l)
		}
		_, _ = fmt.Fprintln(t, strings.Join(values, "\t"))
	}
	return t.Flush()
}

// brief says what a line says, for whoever watches.
func (l line) brief() string {
	return fmt.Sprintf("%-14s %6s/s: 202 %s/s, 503 %s/s, p99 %s ms, queue %d", l.what, whole(l.rate), whole(l.goodput()),
		whole(l.perSecond(overloaded, unavailable)), milliseconds(l.p99), l.seen.queue())
}

func whole(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) }
func short(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

func milliseconds(d time.Duration) string {
	ms := float64(d.Microseconds()) / 1000
	if ms >= 100 {
		return whole(ms)
	}
	return strconv.FormatFloat(ms, 'f', 1, 64)
}
