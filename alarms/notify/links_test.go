package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/pipeline"
)

// pagerDutyLink is where the only event leads to.
func (b *bundle) pagerDutyLink(t *testing.T, text string) string {
	t.Helper()
	events := b.PagerDuty.Events()
	for _, l := range events[len(events)-1].Links {
		if l.Text == text {
			return l.Href
		}
	}
	return ""
}

const console = "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1"

// The query is a link that opens it over the incident; as text it is there only if
// the link would be too long.
func TestLinks_Query_IsALinkUnlessItIsLong(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began))
	want := snippet.InsightsURL(console, ledgerLogs, `filter level = "ERROR" | sort @timestamp desc | limit 20`, began.Add(-30*time.Minute), began.Add(5*time.Second))
	if got := b.pagerDutyLink(t, "Logs"); got != want {
		t.Errorf("the link is %s, want %s", got, want)
	}
	long := on("2", began.Add(time.Second))
	long.name += "-long"
	long.description = strings.Replace(description, "limit 20", "limit 20 # "+strings.Repeat("x", 450), 1)
	b.mustHandle(t, long)
	if got, want := b.pagerDutyLink(t, "Logs"), console+"#logsV2:log-groups/log-group/$252Faws$252Flambda$252Fprod-orders-ledger"; got != want {
		t.Errorf("with a long query it is %s, want %s", got, want)
	}
	posts := b.Slack.Posts()
	if first, second := string(posts[0].Blocks), string(posts[1].Blocks); strings.Contains(first, "Log query") || !strings.Contains(second, "Log query") {
		t.Errorf("the query stands in the first message and not in the second:\n%s\n%s", first, second)
	}
}

// What is opened reads hours of lines, and not a month of them.
func TestLinks_LongIncident_LastHours(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began))
	later := began.Add(30 * 24 * time.Hour)
	b.setNow(later)
	over := off("2", later)
	b.mustHandle(t, over)
	posts := b.Slack.Posts()
	last := string(posts[len(posts)-1].Blocks)
	if want := "start~'" + strings.ReplaceAll(later.Add(-3*time.Hour).Format("2006-01-02T15:04:05"), ":", "*3a"); !strings.Contains(last, want) {
		t.Errorf("the link does not begin at %s:\n%s", want, last)
	}
}

// Without Tempo there is nothing that understands the query of traces.
func TestLinks_NoTempo_NoTraces(t *testing.T) {
	t.Parallel()
	for uid, want := range map[string]bool{"tempo": true, "": false} {
		b := setup(t, func(p *pipeline.Pipeline) { p.Dashboards.TempoUID = uid })
		b.mustHandle(t, on("1", began))
		if got := b.pagerDutyLink(t, "Traces"); (got != "") != want || want && !strings.Contains(got, "status+%3D+error") {
			t.Errorf("with the uid %q the link is %q", uid, got)
		}
	}
}

// The query of every alarm of the kit fits into a link.
func TestLinks_EveryAlarmOfTheKit_HasItsQueryInALink(t *testing.T) {
	t.Parallel()
	p, err := pipeline.LoadEnvironment("../../pipeline/testdata/reference/tracehaul.yaml", "staging")
	if err != nil {
		t.Fatal(err)
	}
	set, err := alarms.For(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range set.Alarms() {
		if a.Logs.Text == "" {
			continue
		}
		if n := len(snippet.InsightsURL(console, a.Logs.Group, a.Logs.Text, began, began)); n > 700 {
			t.Errorf("%s: the link has %d characters, of which 700 fit", a.Key, n)
		}
	}
}

// A command is told whole or not at all: a part of it is another command.
func TestMessages_LongCommand_IsLeftOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	long := on("1", began)
	long.description += strings.Repeat("x", 300)
	b.mustHandle(t, long)
	if blocks := string(b.Slack.Posts()[0].Blocks); strings.Contains(blocks, "get-alias") || strings.Contains(blocks, "*Next*") {
		t.Errorf("it is in the message: %s", blocks)
	}
	if next, ok := b.PagerDuty.Events()[0].Payload.CustomDetails["next"]; ok {
		t.Errorf("PagerDuty has %s", next)
	}
}
