package deploy

import (
	"strconv"
	"strings"
	"time"
)

// moment is a time in a report.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// minutes is a duration for people: whole minutes, or seconds below one.
func minutes(d time.Duration) string {
	if d < time.Minute {
		return strconv.Itoa(int(max(d, 0).Seconds())) + " s"
	}
	if d >= time.Hour {
		return strconv.Itoa(int(d.Hours())) + " h " + strconv.Itoa(int(d.Minutes())%60) + " min"
	}
	return strconv.Itoa(int(d.Minutes())) + " min"
}

// percent is a share of requests.
func percent(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) + " %" }

// last is the last part of an ARN or of a path.
func last(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

// plural is a number of things.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// joined adds to a text what there is to say.
func joined(text string, more ...string) string {
	for _, m := range more {
		if m = strings.TrimSuffix(oneLine(m), "."); m != "" {
			text = text + ": " + m
		}
	}
	return text
}

// oneLine joins lines: what AWS says may have several.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
