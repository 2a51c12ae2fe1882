package notify

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/pipeline"
)

// message is what people are told, whatever the form of it.
type message struct {
	State     string // OK, ALARM or INSUFFICIENT_DATA
	Severity  string
	Owner     string
	Alarm     string // its name
	Key       string // names the alarm to PagerDuty and incident.io
	Title     string
	Meaning   string
	Hop       string
	Condition string // of a metric alarm: when it is on
	Runbook   string // an address, or a path in the repository
	Query     string // of the logs, opens the case; empty if the link to the logs has it
	Next      string // a command for a shell
	Reason    string // CloudWatch's

	Product, Environment string
	Region, Account      string

	Since   time.Time // of the incident
	Changed time.Time // of the alarm

	Readings []reading
	More     int // readings that are left out
	Links    []link
	Cases    cases
}

// reading is a value against its threshold: the alarm's own, or that of an
// alarm that made it go off.
type reading struct {
	What    string // title or metric
	Value   string // empty if it is not known
	Against string // such as "> 300" or a condition in words, or empty
	Reason  string // CloudWatch's, where there is no value
	Runbook string // of an alarm beneath this one
}

// link is a place to go on from.
type link struct{ Text, URL string }

// Names of links.
const (
	linkGraph     = "Graph"
	linkDashboard = "Dashboard"
	linkRunbook   = "Runbook"
	linkQueries   = "Queries" // of the alarm's environment
	linkLogs      = "Logs"
	linkTraces    = "Traces" // those that fail
)

// link returns the address of a link, or nothing.
func (m message) link(text string) string {
	for _, l := range m.Links {
		if l.Text == text {
			return l.URL
		}
	}
	return ""
}

// newMessage puts together what the notification itself says.
func newMessage(p *pipeline.Pipeline, n Notification, severity string, since, now time.Time) message {
	m := message{
		State: n.New, Severity: severity, Owner: orElse(n.Description.Owner, p.Owner), Alarm: n.Name, Key: dedupKey(n.ARN),
		Title: orElse(n.Description.Title, n.Name), Meaning: n.Description.Meaning, Hop: n.Description.Hop,
		Condition: n.Description.Condition, Runbook: n.Description.Runbook, Query: n.Description.Query, Next: n.Description.Next, Reason: n.Reason,
		Product: p.Product, Environment: p.Environment, Region: n.ARN.Region, Account: n.ARN.Account,
		Since: since, Changed: n.Changed, Links: links(p, n, since, now),
	}
	if len(m.Next) > maxNext { // a part of it is another command
		m.Next = ""
	}
	if queryURL(n, since, now) != "" {
		m.Query = ""
	}
	if !n.Composite {
		value := latestValue(n.Reason)
		r := reading{What: orElse(n.Trigger.MetricName, "value"), Value: value, Against: against(n.Trigger.Comparison, n.Trigger.Threshold)}
		if value == "" {
			r.Reason = n.Reason
		}
		m.Readings = []reading{r}
	}
	return m
}

func orElse(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

// comparisons are CloudWatch's, in signs.
var comparisons = map[string]string{
	"GreaterThanThreshold":                     "> ",
	"GreaterThanOrEqualToThreshold":            "≥ ",
	"LessThanThreshold":                        "< ",
	"LessThanOrEqualToThreshold":               "≤ ",
	"LessThanLowerOrGreaterThanUpperThreshold": "outside the band",
	"GreaterThanUpperThreshold":                "above the band",
	"LessThanLowerThreshold":                   "below the band",
}

func against(comparison string, threshold *float64) string {
	sign := comparisons[comparison]
	switch {
	case strings.HasSuffix(sign, "band"):
		return sign
	case threshold == nil:
		return ""
	}
	return sign + figure(*threshold)
}

// figure writes a number with the digits that matter.
func figure(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// datapoint is one in a reason of CloudWatch: "[731.0 (25/11/26 10:02:00), ...]".
var datapoint = regexp.MustCompile(`(-?[0-9][0-9.]*(?:[eE][+-]?[0-9]+)?) \(([0-9]{2}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})\)`)

// latestValue returns the latest datapoint that a reason tells of.
func latestValue(reason string) string {
	var latest time.Time
	value := ""
	for _, match := range datapoint.FindAllStringSubmatch(shorten(reason, 4096), 100) {
		at, err := time.Parse("02/01/06 15:04:05", match[2])
		v, notNumber := strconv.ParseFloat(match[1], 64)
		if err == nil && notNumber == nil && (value == "" || at.After(latest)) {
			latest, value = at, figure(v)
		}
	}
	return value
}

// String writes a reading in a line.
func (r reading) String() string {
	switch {
	case r.Value != "" && r.Against != "":
		return fmt.Sprintf("%s: %s (alarm: %s)", r.What, r.Value, r.Against)
	case r.Value != "":
		return r.What + ": " + r.Value
	case r.Against != "":
		return fmt.Sprintf("%s (alarm: %s): %s", r.What, r.Against, orElse(r.Reason, "no value"))
	}
	return r.What + ": " + orElse(r.Reason, "no value")
}

// shorten cuts a text to at most so many bytes, at the end of a character.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	const more = "…"
	cut := max(0, most-len(more))
	for cut > 0 && s[cut]&0xC0 == 0x80 { // within a character of UTF-8
		cut--
	}
	return s[:cut] + more
}
