package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// line is a line of the table.
type line struct {
	what string
	measured

	// unit is that of subject and base. With single, there is one figure only
	// and it is not a ratio.
	unit   string
	single bool
	aim    aim
}

// aim bounds a value: from below, from above, or not at all.
type aim struct{ least, most float64 }

func atLeast(v float64) aim { return aim{least: v} }
func atMost(v float64) aim  { return aim{most: v} }

func (a aim) String() string {
	switch {
	case a.least > 0:
		return ">= " + number(a.least)
	case a.most > 0:
		return "<= " + number(a.most)
	}
	return ""
}

// verdict is empty where there is no aim.
func (a aim) verdict(v float64) string {
	switch {
	case a == aim{}:
		return ""
	case (a.least == 0 || v >= a.least) && (a.most == 0 || v <= a.most):
		return "reached"
	}
	return "missed"
}

// write prints the table.
func write(w io.Writer, lines []line) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "WHAT\tMEDIAN\tQUARTILES\tFIGURES\tAIM\t")
	for _, l := range lines {
		quartiles, figures := "", number(l.subject)
		if l.low != l.high {
			quartiles = number(l.low) + " .. " + number(l.high)
		}
		if !l.single {
			figures += " / " + number(l.base)
		}
		_, _ = fmt.Fprintln(t, strings.Join([]string{
			l.what, number(l.value), quartiles, strings.TrimSpace(figures + " " + l.unit), l.aim.String(), l.aim.verdict(l.value),
		}, "\t"))
	}
	return t.Flush()
}

// number prints three digits, or all before the point.
func number(v float64) string {
	switch {
	case v >= 100 || v <= -100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10 || v <= -10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
}
