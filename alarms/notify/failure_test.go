package notify_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/tracehaul/tracehaul/alarms/internal/insights"
	"github.com/tracehaul/tracehaul/alarms/notify"
	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/internal/notifytest"
	"github.com/tracehaul/tracehaul/pipeline"
)

func TestHandle_Busy_TriesAgainAfterTheTimeAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
		b.Slack.Fail(1, notifytest.Fault{Status: 429, RetryAfter: "1"})
		b.Slack.Fail(1, notifytest.Fault{Status: 200, Body: `{"ok":false,"error":"internal_error"}`})
		b.PagerDuty.Fail(1, notifytest.Fault{Status: 429})
		b.PagerDuty.Fail(1, notifytest.Fault{Break: true})
		before := time.Now()
		b.mustHandle(t, on("1", began))
		if took := time.Since(before); took < time.Second {
			t.Errorf("it took %v, with a Retry-After of 1 s", took)
		}
		if posts, events := b.Slack.Posts(), b.PagerDuty.Events(); len(posts) != 1 || len(events) != 1 {
			t.Errorf("%d posts and %d events", len(posts), len(events))
		}
	})
}

func TestHandle_RetryAfterBeyondTheBudget_FailsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
		b.Slack.FailAlways(notifytest.Fault{Status: 429, RetryAfter: "600"})
		before := time.Now()
		if err := b.handle(t, on("1", began)); err == nil || !strings.Contains(err.Error(), "429") {
			t.Errorf("error: %v", err)
		}
		if took := time.Since(before); took > budget/2 || b.Slack.Calls() != 1 {
			t.Errorf("it took %v and %d calls", took, b.Slack.Calls())
		}
	})
}

func TestHandle_SlackAway_FailsAndIsDeliveredOnceLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
		b.Slack.FailAlways(notifytest.Fault{Status: 503})
		for range 2 {
			if err := b.handle(t, on("1", began)); err == nil || !strings.Contains(err.Error(), "team: ") || strings.Contains(err.Error(), "on-call") {
				t.Errorf("error: %v, want one of the destination team alone", err)
			}
		}
		if n := len(b.PagerDuty.Events()); n != 1 {
			t.Errorf("PagerDuty had %d events, want 1", n)
		}
		b.Slack.Recover()
		b.mustHandle(t, on("1", began), on("1", began), off("2", began.Add(time.Minute)))
		if posts, events := b.Slack.Posts(), b.PagerDuty.Events(); len(posts) != 2 || len(events) != 2 {
			t.Errorf("%d posts and %d events, want 2 of each", len(posts), len(events))
		}
		b.wantLogged(t, `"msg":"not notified","destination":"team"`)
		query := snippet.For(b.pipeline).NotifierErrors().Text
		if err := insights.Try(query, b.logged(t)); err != nil {
			t.Errorf("what is asked of the log when it fails: %s: %v", query, err)
		}
		if err := insights.Try(strings.Replace(query, "destination", "target", 1), b.logged(t)); err == nil {
			t.Error("a field that no line has is found")
		}
	})
}

// answered is a post that takes until then.
func answered(until <-chan struct{}) notifytest.Fault {
	return notifytest.Fault{Status: 200, Until: until, Body: `{"ok":true,"channel":"C0ALERTS","ts":"1773000000.000001"}`}
}

// A fault that passes costs an attempt, not a delivery: the next one is minutes
// away.
func TestHandle_FaultPasses_SameDelivery(t *testing.T) {
	t.Parallel()
	for _, status := range []int{408, 500, 503} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(p *pipeline.Pipeline) {
				p.Routing.Destinations["io"] = pipeline.Destination{Type: "incidentio", Secret: "orders/io"}
				p.Routing.Routes[0].To = append(p.Routing.Routes[0].To, "io")
			})
			b.Secrets.Set("orders/io", `{"url": "`+b.IncidentIOURL+`", "token": "io-first"}`)
			b.Slack.Fail(1, notifytest.Fault{Status: status})
			b.PagerDuty.Fail(2, notifytest.Fault{Status: status})
			b.IncidentIO.Fail(2, notifytest.Fault{Status: status})
			b.mustHandle(t, on("1", began))
			if s, p, io := len(b.Slack.Posts()), len(b.PagerDuty.Events()), len(b.IncidentIO.Events()); s != 1 || p != 1 || io != 1 {
				t.Errorf("%d, %d and %d messages, want 1 of each", s, p, io)
			}
		})
	}
}

// A fault of this program, or of a description that it was given.
func TestHandle_PanicForOneDestination_OthersAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t, func(p *pipeline.Pipeline) {
			p.Routing.Destinations["pigeon"] = pipeline.Destination{Type: "pigeon", Secret: "orders/slack"}
			p.Routing.Routes[0].To = append([]string{"pigeon"}, p.Routing.Routes[0].To...)
		})
		if err := b.handle(t, on("1", began)); err == nil || !strings.Contains(err.Error(), "pigeon: panic: ") {
			t.Errorf("error: %v", err)
		}
		if posts, events := b.Slack.Posts(), b.PagerDuty.Events(); len(posts) != 1 || len(events) != 1 {
			t.Errorf("%d posts and %d events, want 1 of each", len(posts), len(events))
		}
		b.wantLogged(t, `"msg":"panic","destination":"pigeon"`)
	})
}

func TestHandle_NoTable_PagesAllTheSameAndFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
		b.Table.FailAlways(notifytest.Fault{Status: 500})
		if err := b.handle(t, on("1", began)); err == nil {
			t.Error("no error although nothing is remembered")
		}
		if posts, events := b.Slack.Posts(), b.PagerDuty.Events(); len(posts) != 0 || len(events) != 1 {
			t.Errorf("%d posts and %d events, want the page alone", len(posts), len(events))
		}
		if err := b.handle(t, off("2", began.Add(time.Minute))); err == nil {
			t.Error("no error although nothing is remembered")
		}
		if open, _ := b.PagerDuty.Open(); len(open) != 1 {
			t.Error("an end resolves an incident although it may be an old one")
		}
		b.Table.Recover()
		b.mustHandle(t, off("2", began.Add(time.Minute)), on("1", began))
		if open, opened := b.PagerDuty.Open(); len(open) != 0 || opened != 2 {
			t.Errorf("PagerDuty: %v open of %d", open, opened)
		}
	})
}

// The incident is noted, and then the table is away: so it is when a table
// throttles writes.
func TestHandle_TableAwayLater_PagesAllTheSameAndFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
		b.Table.FailAlways(notifytest.Fault{Status: 500, Only: "UpdateItem"})
		if err := b.handle(t, on("1", began)); err == nil {
			t.Error("no error although nothing is remembered")
		}
		if posts, events := b.Slack.Posts(), b.PagerDuty.Events(); len(posts) != 0 || len(events) != 1 {
			t.Errorf("%d posts and %d events, want the page alone", len(posts), len(events))
		}
		b.Table.Recover()
		b.mustHandle(t, on("1", began))
		if n := len(b.Slack.Posts()); n != 1 {
			t.Errorf("%d posts, want 1", n)
		}
		b.Table.FailAlways(notifytest.Fault{Status: 500, Only: "UpdateItem"})
		if err := b.handle(t, off("2", began.Add(time.Minute))); err == nil || len(b.PagerDuty.Events()) != 2 {
			t.Errorf("an end goes without a turn: %v, %v", err, actions(b.PagerDuty.Events()))
		}
		b.Table.FailAlways(notifytest.Fault{Status: 500, Only: "Query"})
		if err := b.handle(t, off("2", began.Add(time.Minute))); err == nil {
			t.Error("no error although nobody knows who was told")
		}
		b.Table.Recover()
		b.mustHandle(t, off("2", began.Add(time.Minute)))
		if open, _ := b.PagerDuty.Open(); len(open) != 0 {
			t.Errorf("PagerDuty: %v open", open)
		}
	})
}

func TestHandle_TableSilent_PagesInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
		b.Table.FailAlways(notifytest.Fault{Status: 500, Delay: time.Minute})
		if err := b.handle(t, on("1", began)); err == nil {
			t.Error("no error although nothing is remembered")
		}
		if n := len(b.PagerDuty.Events()); n != 1 {
			t.Errorf("PagerDuty had %d events, want 1", n)
		}
	})
}

// The beginning of an incident that comes when the next one is on belongs to its
// own thread, and says that it is over.
func TestHandle_BeginningDeliveredDuringTheNextIncident_AThreadOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
		b.Slack.FailAlways(notifytest.Fault{Status: 503})
		if err := b.handle(t, on("1", began)); err == nil {
			t.Error("no error although Slack is away")
		}
		b.Slack.Recover()
		b.mustHandle(t, off("2", began.Add(time.Minute)), on("3", began.Add(2*time.Minute)), on("1", began))
		posts := b.Slack.Posts()
		if len(posts) != 3 || posts[0].ThreadTS != "" || posts[1].ThreadTS != "" || posts[2].ThreadTS != posts[1].TS || posts[0].Updates != 0 || posts[1].Updates != 1 {
			t.Errorf("posts: %+v", posts)
		}
		if open, _ := b.PagerDuty.Open(); len(open) != 1 {
			t.Errorf("PagerDuty: %v open, want the incident that is on", actions(b.PagerDuty.Events()))
		}
	})
}

// Whether Slack has posted it is not known: asked again and again, it may post
// again and again.
func TestHandle_SlackMayHavePosted_AskedTwiceInADelivery(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]notifytest.Fault{
		"fault":          {Status: 500, Late: true},
		"unavailable":    {Status: 503, Late: true},
		"broken":         {Break: true, Late: true},
		"internal error": {Status: 200, Body: `{"ok":false,"error":"internal_error"}`, Late: true},
		"fatal error":    {Status: 200, Body: `{"ok":false,"error":"fatal_error"}`, Late: true},
		"garbled":        {Status: 200, Body: `<html>`, Late: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setupInProcess(t)
				b.Slack.FailAlways(fault)
				if err := b.handle(t, on("1", began)); err == nil || !strings.Contains(err.Error(), "it may be posted") {
					t.Errorf("error: %v", err)
				}
				if n := len(b.Slack.Posts()); n != 2 {
					t.Errorf("%d posts, want 2", n)
				}
			})
		})
	}
}

// Nothing is posted: so it may be asked again.
func TestHandle_SlackHasNotPosted_AskedUntilTheTimeIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
		b.Slack.Fail(5, notifytest.Fault{Status: 429})
		b.Slack.Fail(2, notifytest.Fault{Status: 200, Body: `{"ok":false,"error":"ratelimited"}`})
		b.mustHandle(t, on("1", began))
		if n := len(b.Slack.Posts()); n != 1 {
			t.Errorf("%d posts, want 1", n)
		}
		b.SlackURL = "http://nobody/api"
		if err := b.another(t).Handle(within(t, short), on("2", began.Add(time.Minute)).event(t)); err == nil || !strings.Contains(err.Error(), "gave up at attempt") {
			t.Errorf("error: %v", err)
		}
	})
}

func TestHandle_Away_PausesDouble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t, func(p *pipeline.Pipeline) { p.Routing.Routes[0].To = []string{"on-call"} })
		b.pause = 20 * time.Millisecond
		b.PagerDuty.FailAlways(notifytest.Fault{Status: 500})
		if err := b.another(t).Handle(within(t, budget), on("1", began).event(t)); err == nil {
			t.Error("no error although PagerDuty is away")
		}
		if n := b.PagerDuty.Calls(); n < 3 || n > 10 { // 20, 40, 80, ... ms; some 100 if they stayed the same
			t.Errorf("%d attempts within %v, want 3 to 10", n, budget)
		}
	})
}

func TestPauseAfter_TimeAskedFor_IsKeptAndNobodyComesAtOnce(t *testing.T) {
	t.Parallel()
	seen := map[time.Duration]struct{}{}
	for range 50 {
		pause := notify.PauseAfter(time.Second, time.Second)
		if pause < time.Second || pause > 2*time.Second {
			t.Fatalf("a pause of %v", pause)
		}
		seen[pause] = struct{}{}
	}
	if len(seen) < 25 {
		t.Errorf("%d pauses of 50 differ", len(seen))
	}
}

// Slack has no key to know a message again by: if its answer is lost, it is
// asked once more, and posts once more.
func TestHandle_AnswerOfSlackLost_RatherTwiceThanNever(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Slack.Fail(1, notifytest.Fault{Late: true, Break: true})
	b.mustHandle(t, on("1", began))
	if posts := b.Slack.Posts(); len(posts) != 2 {
		t.Errorf("%d posts, want 2", len(posts))
	}
}

func TestHandle_SeveralRecords_OneThatFailsSparesTheOthers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	event := on("1", began).event(t)
	event.Records = append(raw("0", pageTopic, "hello", began).Records, event.Records...)
	event.Records = append(event.Records, raw("", pageTopic, read(t, "metric-alarm.json"), began).Records...)
	err := b.Handle(t.Context(), event)
	if err == nil || !strings.Contains(err.Error(), "message 0: ") || strings.Contains(err.Error(), "message 1: ") || !strings.Contains(err.Error(), "has no id") {
		t.Errorf("error: %v", err)
	}
	if n := len(b.Slack.Posts()); n != 1 {
		t.Errorf("%d posts, want 1", n)
	}
	if err := b.Handle(t.Context(), events.SNSEvent{}); err == nil {
		t.Error("an event without records is taken")
	}
}
