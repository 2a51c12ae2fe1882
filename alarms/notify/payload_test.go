package notify_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tracehaul/tracehaul/internal/notifytest"
	"github.com/tracehaul/tracehaul/pipeline"
)

// withCases has the logs answer: two versions, and seven failing requests, one
// of which has no trace id.
func withCases(b *bundle) {
	traces := []map[string]string{{"trace_id": failingTrace, "last": "2026-03-25 10:00:01.000"}, {"trace_id": "not one"}}
	for i := range 6 {
		traces = append(traces, map[string]string{"trace_id": fmt.Sprintf("%032x", i+1)})
	}
	b.Logs.Set(ledgerLogs,
		notifytest.LogAnswer{Query: "by version", After: 1, Rows: []map[string]string{{"version": "1.4.2", "lines": "812"}, {"version": "1.4.1", "lines": "90"}}},
		notifytest.LogAnswer{Query: "by trace_id", Rows: traces},
	)
}

func composite(id string, at time.Time) alarm {
	return alarm{
		id: id, topic: pageTopic, name: "prod-orders-availability-fast", old: "OK", new: "ALARM", at: at,
		description: "The error budget of a month goes within days.\n\nseverity: page\nowner: team-orders\nhop: service\n" +
			"title: Too many requests fail <now> & then\nrunbook: https://example.com/runbooks/availability.md",
		reason: "arn:... transitioned to ALARM",
		extra: map[string]any{
			"Trigger": nil, "AlarmRule": `ALARM("prod-orders-intake-burn-1h") AND ALARM("prod-orders-intake-burn-5m")`,
			"TriggeringChildren": []any{
				map[string]any{"Arn": arnPrefix + "prod-orders-intake-burn-1h", "State": map[string]any{"Value": "ALARM", "Timestamp": "2026-03-25T10:00:00.000+0000"}},
				map[string]any{"Arn": arnPrefix + "prod-orders-intake-burn-5m", "State": map[string]any{"Value": "ALARM", "Timestamp": "2026-03-25T10:00:00.000+0000"}},
				map[string]any{"Arn": arnPrefix + "prod-orders-other", "State": map[string]any{"Value": "OK", "Timestamp": "2026-03-25T10:00:00.000+0000"}},
			},
			"ActionsSuppressedBy": nil, "ActionsSuppressedReason": nil,
		},
	}
}

func withChildren(b *bundle) {
	b.Alarms.Add(
		notifytest.Alarm{
			Name: "prod-orders-intake-burn-1h", State: "ALARM", Comparison: "GreaterThanThreshold", Threshold: 1.44,
			Description: "The budget burns.\n\ntitle: Faults over an hour\ncondition: above 1.44 %, over an hour\nrunbook: https://example.com/runbooks/burn.md\nlogs: /ecs/prod-orders-intake",
			Reason:      "Threshold Crossed: 1 out of the last 1 datapoints [3.25 (25/03/26 09:55:00)] was greater than the threshold (1.44) (minimum 1 datapoint for OK -> ALARM transition).",
		},
		notifytest.Alarm{
			Name: "prod-orders-intake-burn-5m", State: "ALARM", Rule: "ALARM(x)", Description: "", Reason: "x transitioned to ALARM",
		},
	)
}

func TestMessages_MetricAlarm_Golden(t *testing.T) {
	t.Parallel()
	b := setup(t, func(p *pipeline.Pipeline) {
		p.Routing.Destinations["io"] = pipeline.Destination{Type: "incidentio", Secret: "orders/io"}
		p.Routing.Routes[0].To = append(p.Routing.Routes[0].To, "io")
	})
	b.Secrets.Set("orders/io", `{"url": "`+b.IncidentIOURL+`", "token": "io-first"}`)
	withCases(b)
	b.mustHandle(t, on("1", began))
	alarm := b.Slack.Posts()[0]
	b.setNow(began.Add(31 * time.Minute))
	b.mustHandle(t, off("2", began.Add(30*time.Minute)))
	posts, events := b.Slack.Posts(), b.PagerDuty.Events()
	if len(posts) != 2 || len(events) != 2 {
		t.Fatalf("%d posts, %d events", len(posts), len(events))
	}
	checkFile(t, "testdata/slack-alarm.golden", slackGolden(t, alarm))
	checkFile(t, "testdata/slack-alarm-over.golden", slackGolden(t, posts[0]))
	checkFile(t, "testdata/slack-over.golden", slackGolden(t, posts[1]))
	checkFile(t, "testdata/pagerduty-trigger.golden", pagerDutyGolden(t, events[0]))
	checkFile(t, "testdata/pagerduty-resolve.golden", pagerDutyGolden(t, events[1]))
	checkFile(t, "testdata/incidentio.golden", indented(t, b.IncidentIO.Events()))
}

func TestMessages_CompositeAlarm_Golden(t *testing.T) {
	t.Parallel()
	b := setup(t)
	withChildren(b)
	b.mustHandle(t, composite("1", began))
	checkFile(t, "testdata/slack-composite.golden", slackGolden(t, b.Slack.Posts()[0]))
	checkFile(t, "testdata/pagerduty-composite.golden", pagerDutyGolden(t, b.PagerDuty.Events()[0]))
}

func slackGolden(t *testing.T, p notifytest.Post) []byte {
	t.Helper()
	var blocks any
	if err := json.Unmarshal(p.Blocks, &blocks); err != nil {
		t.Fatal(err)
	}
	return indented(t, map[string]any{"text": p.Text, "blocks": blocks})
}

func pagerDutyGolden(t *testing.T, e notifytest.PagerDutyEvent) []byte {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(e.Raw, &fields); err != nil {
		t.Fatal(err)
	}
	return indented(t, fields)
}

func TestMessages_ChildrenUnknown_AreNamedAllTheSame(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Alarms.FailAlways(notifytest.Fault{Status: 500})
	b.mustHandle(t, composite("1", began))
	if blocks := string(b.Slack.Posts()[0].Blocks); !strings.Contains(blocks, "prod-orders-intake-burn-5m") || strings.Contains(blocks, "prod-orders-other") {
		t.Errorf("blocks: %s", blocks)
	}
	b.wantLogged(t, "children of the alarm left out")
}

// A composite that was held back by its suppressor is published late: routes go
// by the time of that, not by that of the change.
func TestMessages_SuppressedForHours_GoByTheTimeOfTheMessage(t *testing.T) {
	t.Parallel()
	b := setup(t, func(p *pipeline.Pipeline) {
		p.Routing.Routes = []pipeline.Route{{Severity: "page", When: pipeline.WhenWorking, To: []string{"team"}}, {Severity: "page", When: pipeline.WhenOffHours, To: []string{"on-call"}}}
	})
	late := composite("1", began)
	late.published = began.Add(10 * time.Hour)
	late.extra["ActionsSuppressedBy"] = "ExtensionPeriod"
	b.setNow(late.published)
	b.mustHandle(t, late)
	if posts, events := b.Slack.Posts(), b.PagerDuty.Events(); len(posts) != 0 || len(events) != 1 {
		t.Errorf("%d posts and %d events, want the page alone", len(posts), len(events))
	}
}

// Whatever an alarm says of itself, its message must fit and mean nothing to
// Slack.
func TestMessages_LongAndHostileTexts_Fit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	hostile := on("1", began)
	hostile.name = strings.Repeat("<!channel>&`", 20)
	hostile.description = strings.Repeat("<!here> & |ü ", 80) + "\n\ntitle: " + strings.Repeat("ü<@U1>", 200) + "\nowner: " + strings.Repeat("&", 300) +
		"\nnext: " + strings.Repeat("&", 300) + "\nhop: <|>\nrunbook: https://example.com/" + strings.Repeat("r", 2000) + "\ndashboard: https://grafana.example.com/d/x?a=%7C&b=1#|"
	hostile.reason = strings.Repeat("<https://evil.example|click> ", 400)
	b.mustHandle(t, hostile)
	many := composite("2", began)
	many.name = "many"
	var children []any
	for i := range 100 {
		children = append(children, map[string]any{"Arn": arnPrefix + fmt.Sprint(i, strings.Repeat("&", 200)), "State": map[string]any{"Value": "ALARM"}})
	}
	many.extra["TriggeringChildren"] = children
	b.mustHandle(t, many)
	if posts := b.Slack.Posts(); len(posts) != 2 || posts[0].Blocks == nil || posts[1].Blocks == nil {
		t.Errorf("posts: %+v", posts)
	}
}

func TestMessages_ManyChildren_RestIsCounted(t *testing.T) {
	t.Parallel()
	b := setup(t, func(p *pipeline.Pipeline) {
		p.Routing.Destinations["io"] = pipeline.Destination{Type: "incidentio", Secret: "orders/io"}
		p.Routing.Routes[0].To = append(p.Routing.Routes[0].To, "io")
	})
	b.Secrets.Set("orders/io", `{"url": "`+b.IncidentIOURL+`", "token": "io-first"}`)
	children := func(n int, name string) (list []any) {
		for i := range n {
			list = append(list, map[string]any{"Arn": arnPrefix + fmt.Sprint(i, name), "State": map[string]any{"Value": "ALARM"}})
		}
		return list
	}
	many, long := composite("1", began), composite("2", began.Add(time.Minute))
	many.extra["TriggeringChildren"], long.extra["TriggeringChildren"] = children(37, "-child"), children(12, strings.Repeat("&", 150))
	b.mustHandle(t, many, long)
	if blocks := string(b.Slack.Posts()[0].Blocks); !strings.Contains(blocks, "9-child") || !strings.Contains(blocks, "• and 27 more") || strings.Contains(blocks, "10-child") {
		t.Errorf("blocks: %s", blocks)
	}
	if blocks := string(b.Slack.Posts()[1].Blocks); !strings.Contains(blocks, "• and 10 more") { // two of them fit
		t.Errorf("blocks: %s", blocks)
	}
	if what := b.PagerDuty.Events()[0].Payload.CustomDetails["what"]; !strings.HasSuffix(what, "\nand 27 more") {
		t.Errorf("PagerDuty: %s", what)
	}
	if d := b.IncidentIO.Events()[0].Description; !strings.Contains(d, "\n- and 27 more\n") {
		t.Errorf("incident.io: %s", d)
	}
}

// What is asked for costs by what is read, and a redelivery may come often.
func TestCases_AreAskedForOnceAndOfTheLastHours(t *testing.T) {
	t.Parallel()
	b := setup(t, func(p *pipeline.Pipeline) { // two to read it
		p.Routing.Destinations["second"] = pipeline.Destination{Type: "slack", Channel: "#orders-alerts", Secret: "orders/slack"}
		p.Routing.Routes[0].To = append(p.Routing.Routes[0].To, "second")
	})
	withCases(b)
	b.mustHandle(t, on("1", began), on("1", began))
	b.setNow(began.Add(41 * 24 * time.Hour))
	again := on("2", began.Add(41*24*time.Hour-time.Minute))
	again.old = "INSUFFICIENT_DATA"
	b.mustHandle(t, again)
	queries := b.Logs.Queries()
	if len(queries) != 4 {
		t.Fatalf("%d queries for two messages, want 4", len(queries))
	}
	for i, want := range []time.Duration{30*time.Minute + 6*time.Second, 30*time.Minute + 6*time.Second, 3*time.Hour + time.Minute + time.Second, 3*time.Hour + time.Minute + time.Second} {
		if got := queries[i].End.Sub(queries[i].Start); got != want {
			t.Errorf("query %d is over %v, want %v", i, got, want)
		}
	}
}

func TestCases_OnlyPagers_LogsAreNotAsked(t *testing.T) {
	t.Parallel()
	b := setup(t, func(p *pipeline.Pipeline) { p.Routing.Routes[0].To = []string{"on-call"} })
	withCases(b)
	b.mustHandle(t, on("1", began))
	if n := len(b.Logs.Queries()); n != 0 {
		t.Errorf("%d queries, want none", n)
	}
}

func TestCases_NoLogGroup_IsSaidAndLeftOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began)) // the group does not exist
	b.wantLogged(t, "version and failing requests left out", "ResourceNotFoundException")
	if posts := b.Slack.Posts(); len(posts) != 1 || strings.Contains(string(posts[0].Blocks), "Failing requests") {
		t.Errorf("posts: %+v", posts)
	}
}

func TestCases_QueryThatDoesNotEnd_IsStoppedAndPagesDoNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
		b.Logs.Set(ledgerLogs, notifytest.LogAnswer{Query: "stats", After: 1000})
		var handled sync.WaitGroup
		handled.Go(func() {
			_ = b.handle(t, on("1", began)) // this invocation is so short that there may be no time left for Slack
		})
		for range 100 {
			if len(b.PagerDuty.Events()) == 1 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if len(b.PagerDuty.Events()) != 1 || len(b.Slack.Posts()) != 0 {
			t.Errorf("PagerDuty had %d events before the logs answered, want 1", len(b.PagerDuty.Events()))
		}
		handled.Wait()
		if b.Logs.Stopped() != 2 {
			t.Errorf("%d queries stopped, want 2", b.Logs.Stopped())
		}
	})
}

func TestCases_TracesWithoutGrafana_AreInXRayOrPlain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*pipeline.Pipeline)
		want   string
	}{
		"tempo":      {toTempo, "https://grafana.example.com/explore?"},
		"cloudwatch": {func(*pipeline.Pipeline) {}, "#xray:traces/1-4bf92f35-77b34da6a3ce929d0e0e4736|" + failingTrace},
		"x-ray": {func(p *pipeline.Pipeline) {
			toTempo(p)
			p.Dashboards.TempoUID = ""
		}, "#xray:traces/1-4bf92f35-77b34da6a3ce929d0e0e4736|" + failingTrace},
		"too long": {func(p *pipeline.Pipeline) {
			toTempo(p)
			p.Dashboards.GrafanaURL += "/" + strings.Repeat("g", 200)
		}, "• " + failingTrace + "\\n"},
		"none": {func(p *pipeline.Pipeline) {
			p.Dashboards.TempoUID, p.Dashboards.XRayUID, p.Telemetry.Export = "", "", "endpoint"
		}, "• " + failingTrace},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, c.change)
			withCases(b)
			b.mustHandle(t, on("1", began))
			if blocks := string(b.Slack.Posts()[0].Blocks); !strings.Contains(blocks, c.want) {
				t.Errorf("no %q in %s", c.want, blocks)
			}
		})
	}
}
