package notify_test

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms/notify"
	"github.com/tracehaul/tracehaul/alarms/notify/notifytest"
	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/alarms/snippet/insights"
	"github.com/tracehaul/tracehaul/pipeline"
)

func TestHandle_Busy_TriesAgainAfterTheTimeAskedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
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
}

func TestHandle_RetryAfterBeyondTheBudget_FailsAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Slack.FailAlways(notifytest.Fault{Status: 429, RetryAfter: "600"})
	before := time.Now()
	if err := b.handle(t, on("1", began)); err == nil || !strings.Contains(err.Error(), "429") {
		t.Errorf("error: %v", err)
	}
	if took := time.Since(before); took > budget/2 || b.Slack.Calls() != 1 {
		t.Errorf("it took %v and %d calls", took, b.Slack.Calls())
	}
}

func TestHandle_SlackAway_FailsAndIsDeliveredOnceLater(t *testing.T) {
	t.Parallel()
	b := setup(t)
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
}

// The function dies after it took the turn: its lease must end before another
// invocation may tell the destination.
func TestHandle_CrashBetweenTurnAndSending_NextOneWaitsForTheLease(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.Slack.FailAlways(notifytest.Fault{Status: 429})
	go func() { // no deadline and no table any more: as good as dead
		time.Sleep(300 * time.Millisecond)
		b.Table.FailAlways(notifytest.Fault{Status: 500})
		cancel()
	}()
	if err := b.Handle(ctx, on("1", began).event(t)); err == nil {
		t.Fatal("no error")
	}
	b.Table.Recover()
	b.Slack.Recover()
	if err := b.handleShort(t, on("1", began)); err == nil || !strings.Contains(err.Error(), "another invocation") {
		t.Fatalf("error: %v, want that of a turn that another one has", err)
	}
	b.setNow(began.Add(3 * time.Minute))
	b.mustHandle(t, on("1", began))
	if posts, events := b.Slack.Posts(), b.PagerDuty.Events(); len(posts) != 1 || len(events) != 1 {
		t.Errorf("%d posts and %d events, want 1 of each", len(posts), len(events))
	}
}

// waitForLease waits until somebody tells Slack, and returns until when.
func (b *bundle) waitForLease(t *testing.T) (until time.Time) {
	t.Helper()
	for range 200 {
		if until = b.Table.Lease(queueAge, "to#team"); !until.IsZero() {
			return until
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("nobody tells Slack")
	return until
}

// slowly is a post that takes a time.
func slowly(d time.Duration) notifytest.Fault {
	return notifytest.Fault{Status: 200, Delay: d, Body: `{"ok":true,"channel":"C0ALERTS","ts":"1773000000.000001"}`}
}

// A lease must end after the invocation, and not much later.
func TestHandle_Lease_OutlivesTheInvocation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ctx      func(t *testing.T) context.Context
		from, to time.Duration
	}{
		"a minute":    {func(t *testing.T) context.Context { t.Helper(); return within(t, time.Minute) }, 58 * time.Second, 62 * time.Second},
		"no deadline": {func(t *testing.T) context.Context { t.Helper(); return t.Context() }, 90 * time.Second, 90 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.Slack.Fail(1, slowly(300*time.Millisecond))
			var handled sync.WaitGroup
			handled.Go(func() {
				if err := b.Handle(c.ctx(t), on("1", began).event(t)); err != nil {
					t.Error(err)
				}
			})
			if lease := b.waitForLease(t).Sub(b.clock()); lease < c.from || lease > c.to {
				t.Errorf("the lease ends in %v, want %v to %v", lease, c.from, c.to)
			}
			handled.Wait()
		})
	}
}

// Slack hangs until the time is over: there is some left to give the turn back.
func TestHandle_TimeIsOver_TurnIsGivenBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Slack.FailAlways(notifytest.Fault{Status: 200, Delay: time.Minute})
	if err := b.handleShort(t, on("1", began)); err == nil {
		t.Error("no error although Slack hangs")
	}
	if lease := b.Table.Lease(queueAge, "to#team"); !lease.IsZero() {
		t.Errorf("the turn is held until %v", lease)
	}
}

// An invocation lives longer than its lease, and another one tells Slack
// meanwhile: what that noted must stay.
func TestHandle_TurnLost_NoteOfTheOtherStays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := b.another(t)
	b.Slack.Fail(1, slowly(500*time.Millisecond))
	var handled sync.WaitGroup
	handled.Go(func() {
		if err := b.handle(t, on("1", began)); err == nil || !strings.Contains(err.Error(), "team: note what was told") {
			t.Errorf("error: %v", err)
		}
	})
	b.waitForLease(t)
	b.setNow(began.Add(10 * time.Minute))
	if err := other.Handle(within(t, 10*budget), on("1", began).event(t)); err != nil {
		t.Error(err)
	}
	handled.Wait()
	b.mustHandle(t, on("1", began), off("2", began.Add(11*time.Minute)))
	if posts := b.Slack.Posts(); len(posts) != 2 || posts[0].Updates != 1 || posts[1].ThreadTS != posts[0].TS {
		t.Errorf("posts: %+v", posts)
	}
}

// An invocation dies while it has PagerDuty's turn: the next page of the alarm
// does not wait for the end of its lease.
func TestHandle_TurnOfTheDead_PageGoesWithoutIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Table.Hold(queueAge, "to#on-call", b.clock().Add(time.Minute))
	if err := b.handle(t, on("1", began)); err == nil || !strings.Contains(err.Error(), "told, but that is not noted: another invocation") {
		t.Errorf("error: %v", err)
	}
	if n := len(b.PagerDuty.Events()); n != 1 {
		t.Fatalf("PagerDuty had %d events, want 1", n)
	}
	if err := b.handleShort(t, off("2", began.Add(time.Minute))); err == nil || len(b.PagerDuty.Events()) != 1 {
		t.Errorf("an end goes without its turn, too: %v", err)
	}
	if err := b.handleShort(t, on("1", began)); err == nil || len(b.PagerDuty.Events()) != 1 {
		t.Errorf("it goes without its turn although it is over: %v", err)
	}
	b.setNow(began.Add(3 * time.Minute))
	b.mustHandle(t, on("1", began), off("2", began.Add(time.Minute)))
	if open, _ := b.PagerDuty.Open(); len(open) != 0 {
		t.Errorf("PagerDuty: %v open", open)
	}
}

// What CloudWatch's schema does not say must not lose a page.
func TestHandle_FieldsOfOtherTypes_AreToldAllTheSame(t *testing.T) {
	t.Parallel()
	for name, extra := range map[string]map[string]any{
		"reason":   {"NewStateReason": 5},
		"rule":     {"AlarmRule": map[string]any{}},
		"children": {"TriggeringChildren": map[string]any{}},
		"time":     {"StateChangeTime": "2026-03-25 10:00:00"},
		"no time":  {"StateChangeTime": nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			odd := composite("1", began)
			maps.Copy(odd.extra, extra)
			b.mustHandle(t, odd)
			events := b.PagerDuty.Events()
			if len(events) != 1 || len(b.Slack.Posts()) != 1 {
				t.Fatalf("%d posts and %d events", len(b.Slack.Posts()), len(events))
			}
			if at := events[0].Payload.Timestamp; at != "2026-03-25T10:00:00Z" {
				t.Errorf("it is on since %s", at)
			}
		})
	}
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
	b := setup(t, func(p *pipeline.Pipeline) {
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
}

func TestHandle_NoTable_PagesAllTheSameAndFails(t *testing.T) {
	t.Parallel()
	b := setup(t)
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
}

// The incident is noted, and then the table is away: so it is when a table
// throttles writes.
func TestHandle_TableAwayLater_PagesAllTheSameAndFails(t *testing.T) {
	t.Parallel()
	b := setup(t)
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
}

func TestHandle_TableSilent_PagesInTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Table.FailAlways(notifytest.Fault{Status: 500, Delay: time.Minute})
	if err := b.handle(t, on("1", began)); err == nil {
		t.Error("no error although nothing is remembered")
	}
	if n := len(b.PagerDuty.Events()); n != 1 {
		t.Errorf("PagerDuty had %d events, want 1", n)
	}
}

func TestHandle_ThreadDeleted_BeginsAnother(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began))
	b.Slack.Remove(b.Slack.Posts()[0].TS)
	b.mustHandle(t, off("2", began.Add(time.Minute)))
	if posts := b.Slack.Posts(); len(posts) != 1 || posts[0].ThreadTS != "" || posts[0].Broadcast {
		t.Errorf("posts: %+v", posts)
	}
}

func TestHandle_ThreadDeletedDuringTheIncident_GoesOnInTheNewOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began))
	b.Slack.Remove(b.Slack.Posts()[0].TS)
	b.mustHandle(t, on("2", began.Add(time.Minute)), off("3", began.Add(2*time.Minute)))
	if posts := b.Slack.Posts(); len(posts) != 2 || posts[0].Updates != 1 || posts[1].ThreadTS != posts[0].TS {
		t.Errorf("posts: %+v", posts)
	}
}

func TestHandle_PermanentErrors_SayWhatToDoAndSpareTheOthers(t *testing.T) {
	t.Parallel()
	b := setup(t, func(p *pipeline.Pipeline) {
		p.Routing.Destinations["team"] = pipeline.Destination{Type: "slack", Channel: "#gone", Secret: "orders/slack"}
	})
	err := b.handle(t, on("1", began))
	if err == nil || !strings.Contains(err.Error(), "team: chat.postMessage: Slack says channel_not_found: name a channel that exists") {
		t.Errorf("error: %v", err)
	}
	if n := len(b.PagerDuty.Events()); n != 1 || b.Slack.Calls() != 1 {
		t.Errorf("%d events, and %d calls to Slack: want 1 of each", n, b.Slack.Calls())
	}
	b.wantLogged(t, `"level":"ERROR"`, `"destination":"team"`)
}

// Slack's limits are not all written down: what it cannot lay out goes as text.
func TestHandle_LayoutRefused_GoesAsText(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Slack.Fail(1, notifytest.Fault{Status: 200, Body: `{"ok":false,"error":"msg_blocks_too_long"}`})
	b.mustHandle(t, on("1", began))
	posts := b.Slack.Posts()
	if len(posts) != 1 || posts[0].Blocks != nil {
		t.Fatalf("posts: %+v", posts)
	}
	for _, want := range []string{"Page: Messages wait too long\n", "731 (alarm: &gt; 300)", "|Graph>", "|Runbook>"} {
		if !strings.Contains(posts[0].Text, want) {
			t.Errorf("the text has no %q: %s", want, posts[0].Text)
		}
	}
	b.Slack.Fail(1, notifytest.Fault{Status: 200, Body: `{"ok":false,"error":"invalid_blocks"}`})
	b.mustHandle(t, off("2", began.Add(time.Minute)))
	if root := b.Slack.Posts()[0]; root.Updates != 1 || string(root.Blocks) != "[]" || !strings.HasPrefix(root.Text, "Over: ") || !strings.Contains(root.Text, "|Runbook>") {
		t.Errorf("the first message: %+v", root)
	}
}

func TestHandle_Garbage_FailsSoThatItIsNotLost(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, body := range map[string]string{
		"empty": "", "text": "hello", "another service": `{"source":"aws.health"}`, "no state": `{"AlarmName":"x","AlarmArn":"` + arnPrefix + `x"}`,
		"large": `"` + strings.Repeat("x", 300<<10) + `"`, "secret inside": `{"AlarmName":"hunter2"}`,
	} {
		err := b.Handle(t.Context(), raw("1", pageTopic, body, began))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	other := on("1", began)
	other.topic, other.description = "homepage", ""
	if err := b.handle(t, other); err == nil || !strings.Contains(err.Error(), `topic "homepage": want prod-orders-alarms-SEVERITY`) {
		t.Errorf("error: %v", err)
	}
	if n := b.Slack.Calls() + b.PagerDuty.Calls(); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// The beginning of an incident that comes when the next one is on belongs to its
// own thread, and says that it is over.
func TestHandle_BeginningDeliveredDuringTheNextIncident_AThreadOfItsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
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
			b := setup(t)
			b.Slack.FailAlways(fault)
			if err := b.handle(t, on("1", began)); err == nil || !strings.Contains(err.Error(), "it may be posted") {
				t.Errorf("error: %v", err)
			}
			if n := len(b.Slack.Posts()); n != 2 {
				t.Errorf("%d posts, want 2", n)
			}
		})
	}
}

// Nothing is posted: so it may be asked again.
func TestHandle_SlackHasNotPosted_AskedUntilTheTimeIsOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Slack.Fail(5, notifytest.Fault{Status: 429})
	b.Slack.Fail(2, notifytest.Fault{Status: 200, Body: `{"ok":false,"error":"ratelimited"}`})
	b.mustHandle(t, on("1", began))
	if n := len(b.Slack.Posts()); n != 1 {
		t.Errorf("%d posts, want 1", n)
	}
	b.SlackURL = "http://127.0.0.1:1/api" // nobody is there
	if err := b.another(t).Handle(within(t, short), on("2", began.Add(time.Minute)).event(t)); err == nil || !strings.Contains(err.Error(), "gave up at attempt") {
		t.Errorf("error: %v", err)
	}
}

// The address of the thread's channel: archived, or the bot was put out of it.
// The destination has another one by now.
func TestHandle_ChannelOfTheThreadGone_GoesOnInTheNewOne(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"channel_not_found", "is_archived", "not_in_channel"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.pipeline.Routing.Destinations["team"] = pipeline.Destination{Type: "slack", Channel: "#orders-alerts", Secret: "orders/slack"}
			b.mustHandle(t, on("1", began))
			b.Slack.Close("#orders-alerts", code)
			if err := b.handle(t, on("2", began.Add(time.Minute))); err == nil || !strings.Contains(err.Error(), code+": ") {
				t.Errorf("error: %v", err)
			}
			b.pipeline.Routing.Destinations["team"] = pipeline.Destination{Type: "slack", Channel: "#orders-dev", Secret: "orders/slack"}
			b.mustHandle(t, off("3", began.Add(time.Minute)))
			posts := b.Slack.Posts()
			if len(posts) != 2 || posts[1].Channel != "C0DEV" || posts[1].ThreadTS != "" || posts[1].Broadcast {
				t.Errorf("posts: %+v", posts)
			}
		})
	}
}

// The end stays in its thread if the channel must not hear of it.
func TestHandle_BroadcastRefused_StaysInTheThread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began))
	b.Slack.RefuseBroadcasts()
	b.mustHandle(t, off("2", began.Add(time.Minute)))
	if posts := b.Slack.Posts(); len(posts) != 2 || posts[1].ThreadTS != posts[0].TS || posts[1].Broadcast {
		t.Errorf("posts: %+v", posts)
	}
}

// PagerDuty rings even if it does not like what the event says.
func TestHandle_PagerDutyRefusesTheDetails_RingsWithout(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.PagerDuty.Fail(1, notifytest.Fault{Status: 400, Body: `{"status":"invalid event","message":"Event object is invalid","errors":["'custom_details' is odd"]}`})
	b.mustHandle(t, on("1", began))
	events := b.PagerDuty.Events()
	if len(events) != 1 || events[0].DedupKey != arnPrefix+"prod-orders-ledger-queue-age" {
		t.Fatalf("events: %+v", events)
	}
	want := notifytest.PagerDutyPayload{
		Summary: "orders prod: Messages wait too long (ApproximateAgeOfOldestMessage: 731 (alarm: > 300))", Source: "prod-orders-ledger-queue-age", Severity: "critical",
	}
	if diff := cmp.Diff(&want, events[0].Payload); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	b.wantLogged(t, `"level":"WARN","msg":"PagerDuty refuses the details; sent without"`, "Event object is invalid; 'custom_details' is odd")
}

func TestHandle_IncidentIORefuses_SaysWhyAndReadsTheAddressAnew(t *testing.T) {
	t.Parallel()
	b := setup(t, func(p *pipeline.Pipeline) {
		p.Routing.Destinations["io"] = pipeline.Destination{Type: "incidentio", Secret: "orders/io"}
		p.Routing.Routes[0].To = []string{"io"}
	})
	b.Secrets.Set("orders/io", `{"url": "`+b.IncidentIOURL+`", "token": "io-first"}`)
	b.IncidentIO.Fail(1, notifytest.Fault{Status: 422, Body: `{"type":"validation_error","errors":[{"code":"invalid_value","message":"title is too long"}]}`})
	if err := b.handle(t, on("1", began)); err == nil || !strings.Contains(err.Error(), "answered 422 Unprocessable Entity; title is too long") {
		t.Errorf("error: %v", err)
	}
	b.Secrets.Set("orders/io", `{"url": "`+strings.Replace(b.IncidentIOURL, "01SOURCE", "02SOURCE", 1)+`", "token": "io-first"}`)
	b.IncidentIO.Move("02SOURCE")
	b.mustHandle(t, on("1", began))
	if n := len(b.IncidentIO.Events()); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
}

func TestHandle_Away_PausesDouble(t *testing.T) {
	t.Parallel()
	b := setup(t, func(p *pipeline.Pipeline) { p.Routing.Routes[0].To = []string{"on-call"} })
	b.pause = 20 * time.Millisecond
	b.PagerDuty.FailAlways(notifytest.Fault{Status: 500})
	if err := b.another(t).Handle(within(t, budget), on("1", began).event(t)); err == nil {
		t.Error("no error although PagerDuty is away")
	}
	if n := b.PagerDuty.Calls(); n < 3 || n > 10 { // 20, 40, 80, ... ms; some 100 if they stayed the same
		t.Errorf("%d attempts within %v, want 3 to 10", n, budget)
	}
}

// A token is not for others.
func TestHandle_Redirect_IsNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{302, 307, 308} {
		b := setup(t)
		b.Slack.FailAlways(notifytest.Fault{Status: status, Location: b.SwitchURL})
		if err := b.handle(t, on("1", began)); err == nil || !strings.Contains(err.Error(), strconv.Itoa(status)) {
			t.Errorf("error: %v", err)
		}
		if n := b.Switch.Calls(); n != 0 {
			t.Errorf("a redirect with %d was followed", status)
		}
	}
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

func TestHandle_DestinationGone_OthersHearOfTheEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began))
	delete(b.pipeline.Routing.Destinations, "team")
	b.pipeline.Routing.Routes[0].To = []string{"on-call"}
	b.mustHandle(t, off("2", began.Add(time.Minute)))
	if open, _ := b.PagerDuty.Open(); len(open) != 0 || len(b.Slack.Posts()) != 1 {
		t.Errorf("open %v, %d posts", open, len(b.Slack.Posts()))
	}
	b.wantLogged(t, "a destination that was told of the alarm is gone")
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
