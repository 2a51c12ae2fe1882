package notify_test

import (
	"strconv"
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
	want := snippet.InsightsURL(console, ledgerLogs, `filter level = "ERROR" | sort @timestamp desc | limit 20`, began.Add(-30*time.Minute), began.Add(5*time.Second+time.Hour))
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

// toTempo has spans go to a Tempo.
func toTempo(p *pipeline.Pipeline) {
	p.Telemetry.Export, p.Telemetry.Endpoint = "endpoint", "https://otlp.example.com"
}

// The traces that fail are asked for where spans are kept: Grafana's Tempo is empty
// if they go to CloudWatch.
func TestLinks_Traces_AreWhereSpansGo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*pipeline.Pipeline)
		want   []string
	}{
		"CloudWatch": {func(*pipeline.Pipeline) {}, []string{console + "#logsV2:logs-insights", "status.code*20*3d*20*22ERROR*22", "~source~(~'aws*2fspans)"}},
		"no Grafana": {func(p *pipeline.Pipeline) { p.Dashboards = pipeline.Dashboards{} }, []string{console + "#logsV2:logs-insights", "~source~(~'aws*2fspans)"}},
		"Tempo":      {toTempo, []string{"https://grafana.example.com/explore?", "status+%3D+error"}},
		"nobody": {func(p *pipeline.Pipeline) {
			toTempo(p)
			p.Dashboards.TempoUID, p.Dashboards.XRayUID = "", ""
		}, nil},
	} {
		b := setup(t, c.change)
		b.mustHandle(t, on("1", began))
		got := b.pagerDutyLink(t, "Traces")
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: the link has no %s: %s", name, want, got)
			}
		}
		if (got == "") != (c.want == nil) {
			t.Errorf("%s: the link is %q", name, got)
		}
	}
}

// Traces are asked for hours, too: Tempo refuses more than a week.
func TestLinks_LongIncident_LastHoursOfTraces(t *testing.T) {
	t.Parallel()
	later := began.Add(30 * 24 * time.Hour)
	for name, c := range map[string]struct {
		change func(*pipeline.Pipeline)
		want   string
	}{
		"CloudWatch": {func(*pipeline.Pipeline) {}, "start~'" + strings.ReplaceAll(later.Add(-3*time.Hour).Format("2006-01-02T15:04:05"), ":", "*3a")},
		"Tempo":      {toTempo, "from%22%3A%22" + strconv.FormatInt(later.Add(-3*time.Hour).UnixMilli(), 10)},
	} {
		b := setup(t, c.change)
		b.mustHandle(t, on("1", began))
		b.setNow(later)
		b.mustHandle(t, off("2", later))
		posts := b.Slack.Posts()
		if last := string(posts[len(posts)-1].Blocks); !strings.Contains(last, `|Traces\u003e`) || !strings.Contains(last, c.want) {
			t.Errorf("%s: no link to traces since %s:\n%s", name, c.want, last)
		}
	}
}

// An alarm's key at PagerDuty is its ARN, unless that is longer than a key may be.
func TestMessages_LongName_KeyIsAHash(t *testing.T) {
	t.Parallel()
	for length, hashed := range map[int]bool{255: false, 256: true} {
		b := setup(t)
		a := on("1", began)
		a.name += strings.Repeat("x", length-len(arnPrefix+a.name))
		b.mustHandle(t, a)
		key := b.PagerDuty.Events()[0].DedupKey
		if is := key != arnPrefix+a.name; is != hashed || hashed && !strings.HasPrefix(key, "cloudwatch-alarm-") {
			t.Errorf("an ARN of %d characters has the key %s", length, key)
		}
	}
}

// Each partition has a console of its own.
func TestLinks_OtherPartitions_TheirConsoles(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[string]string{
		"arn:aws:cloudwatch:eu-central-1":         console,
		"arn:aws-cn:cloudwatch:cn-north-1":        "https://cn-north-1.console.amazonaws.cn/cloudwatch/home?region=cn-north-1",
		"arn:aws-us-gov:cloudwatch:us-gov-west-1": "https://us-gov-west-1.console.amazonaws-us-gov.com/cloudwatch/home?region=us-gov-west-1",
	} {
		b := setup(t)
		a := on("1", began)
		a.extra = map[string]any{"AlarmArn": prefix + ":123456789012:alarm:" + a.name}
		b.mustHandle(t, a)
		if got := b.pagerDutyLink(t, "Logs"); !strings.HasPrefix(got, want+"#") {
			t.Errorf("%s: the link is %s, want it to %s", prefix, got, want)
		}
	}
}

// While the alarm is on, what comes after the message is in its links as well;
// once it is over, lines that come late are.
func TestLinks_Logs_GoOnAfterTheMessage(t *testing.T) {
	t.Parallel()
	end := func(at time.Time) string {
		return "end~'" + strings.ReplaceAll(at.Format("2006-01-02T15:04:05"), ":", "*3a")
	}
	b := setup(t)
	b.mustHandle(t, on("1", began))
	if got, want := b.pagerDutyLink(t, "Logs"), end(began.Add(5*time.Second+time.Hour)); !strings.Contains(got, want) {
		t.Errorf("while it is on, the link does not have %s: %s", want, got)
	}
	over := began.Add(10 * time.Minute)
	b.setNow(over)
	b.mustHandle(t, off("2", over))
	posts := b.Slack.Posts()
	if last, want := string(posts[len(posts)-1].Blocks), end(over.Add(5*time.Minute)); !strings.Contains(last, want) {
		t.Errorf("once it is over, the link does not have %s: %s", want, last)
	}
}

// The runbook may be the kit's, with names of another pipeline in its queries; the
// link to the page of queries leads to those of the alarm's own environment.
func TestLinks_Queries_AreTheEnvironments(t *testing.T) {
	t.Parallel()
	for runbooks, want := range map[string]string{
		"https://github.com/tracehaul/tracehaul/blob/main/docs/runbooks":          "https://github.com/example/parcels/blob/main/docs/queries/prod.md#queue-age",
		"https://github.com/example/parcels/blob/main/docs/runbooks":              "https://github.com/example/parcels/blob/main/docs/queries/prod.md#queue-age",
		"https://github.com/example/parcels/blob/trunk/pipelines/x/docs/runbooks": "https://github.com/example/parcels/blob/trunk/pipelines/x/docs/queries/prod.md#queue-age",
	} {
		b := setup(t, func(p *pipeline.Pipeline) {
			p.Environment, p.Repository, p.Runbooks = "prod", "https://github.com/example/parcels", runbooks
		})
		b.mustHandle(t, on("1", began))
		if got := b.pagerDutyLink(t, "Queries"); got != want {
			t.Errorf("with runbooks at %s: %q, want %s", runbooks, got, want)
		}
	}
	b := setup(t, func(p *pipeline.Pipeline) { p.Repository = "" })
	b.mustHandle(t, on("1", began))
	if got := b.pagerDutyLink(t, "Queries"); got != "" {
		t.Errorf("without a repository: %s", got)
	}
}

// Where all addresses are long, the longest is left out: half of one leads nowhere.
func TestMessages_LongLinks_AreWholeOrNotThere(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 560)
	b := setup(t, func(p *pipeline.Pipeline) { p.Repository = "https://github.com/" + long })
	n := on("1", began)
	n.description = strings.NewReplacer("example.com/", "example.com/"+long+"/", "limit 20", "limit 20 # "+long[:150]).Replace(description)
	b.mustHandle(t, n)
	blocks := string(b.Slack.Posts()[0].Blocks)
	for _, text := range []string{"Graph", "Dashboard", "Runbook", "Queries", "Logs", "Traces"} {
		if !strings.Contains(blocks, text) {
			t.Errorf("there is no %s", text)
		}
	}
	if strings.Contains(blocks, "…") || strings.Count(blocks, long) == 0 {
		t.Errorf("an address is cut off, or none is there:\n%s", blocks)
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
