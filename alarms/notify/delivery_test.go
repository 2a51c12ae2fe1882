package notify_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms/notify/notifytest"
	"github.com/tracehaul/tracehaul/pipeline"
)

func TestHandle_AlarmThenOK_OneThreadAndOneIncident(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began))
	b.setNow(began.Add(31 * time.Minute))
	b.mustHandle(t, off("2", began.Add(30*time.Minute)))

	posts := b.Slack.Posts()
	if len(posts) != 2 || posts[0].ThreadTS != "" || posts[1].ThreadTS != posts[0].TS {
		t.Fatalf("posts: %+v", posts)
	}
	if root := posts[0]; root.Updates != 1 || !strings.Contains(string(root.Blocks), ":white_check_mark:") || !strings.Contains(string(root.Blocks), "731") {
		t.Errorf("the first message should show that it is over, and still what broke: %+v", root)
	}
	if !posts[1].Broadcast || !strings.Contains(string(posts[1].Blocks), "after 30 min") {
		t.Errorf("the end of a page: %+v", posts[1])
	}
	if open, opened := b.PagerDuty.Open(); len(open) != 0 || opened != 1 {
		t.Errorf("PagerDuty: %v open of %d", open, opened)
	}
}

func TestHandle_SecondIncident_AThreadOfItsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i, id := range []string{"a", "b"} {
		at := began.Add(time.Duration(i) * time.Hour)
		b.mustHandle(t, on(id+"1", at), off(id+"2", at.Add(time.Minute)))
	}
	posts := b.Slack.Posts()
	if len(posts) != 4 || posts[2].ThreadTS != "" || posts[3].ThreadTS != posts[2].TS || posts[0].Updates != 1 || posts[2].Updates != 1 {
		t.Errorf("posts: %+v", posts)
	}
	if open, opened := b.PagerDuty.Open(); len(open) != 0 || opened != 2 {
		t.Errorf("PagerDuty: %v open of %d", open, opened)
	}
}

func TestHandle_OnAgainWithoutOK_SameThread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	again := on("2", began.Add(10*time.Minute))
	again.old = "INSUFFICIENT_DATA"
	b.mustHandle(t, on("1", began), again)
	posts := b.Slack.Posts()
	if len(posts) != 2 || posts[1].ThreadTS != posts[0].TS {
		t.Errorf("posts: %+v", posts)
	}
	if _, opened := b.PagerDuty.Open(); opened != 1 {
		t.Errorf("PagerDuty has %d incidents, want 1", opened)
	}
	for i, e := range b.PagerDuty.Events() {
		if e.Payload.Timestamp != "2026-03-25T10:00:00Z" {
			t.Errorf("event %d says that it is on since %s", i, e.Payload.Timestamp)
		}
	}
}

func TestHandle_EndOfATicket_StaysInItsThread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	start, end := on("1", began), off("2", began.Add(time.Minute))
	start.topic, end.topic = ticketTopic, ticketTopic
	b.mustHandle(t, start, end)
	if posts := b.Slack.Posts(); len(posts) != 2 || posts[1].ThreadTS != posts[0].TS || posts[1].Broadcast {
		t.Errorf("posts: %+v", posts)
	}
}

// PagerDuty could not be told of the end before it began again, and so it has
// one incident: with its end, the one before is over as well.
func TestHandle_OnAgainDeliveredAfterTheNextIncident_RingsNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	minute := func(n int) time.Time { return began.Add(time.Duration(n) * time.Minute) }
	b.mustHandle(t, on("1", minute(0)))
	b.PagerDuty.FailAlways(notifytest.Fault{Status: 500})
	if err := b.handleShort(t, off("3", minute(10))); err == nil {
		t.Error("no error although PagerDuty is away")
	}
	b.PagerDuty.Recover()
	b.mustHandle(t, on("4", minute(20)), off("3", minute(10)), off("5", minute(30)), on("2", minute(5)))
	if open, opened := b.PagerDuty.Open(); len(open) != 0 || opened != 1 {
		t.Errorf("PagerDuty: %v open of %d: %v", open, opened, actions(b.PagerDuty.Events()))
	}
}

func TestHandle_Redelivery_NobodyHearsTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began), on("1", began), off("2", began.Add(time.Minute)), off("2", began.Add(time.Minute)), on("1", began))
	if posts, events := b.Slack.Posts(), b.PagerDuty.Events(); len(posts) != 2 || len(events) != 2 {
		t.Errorf("%d posts and %d events, want 2 of each: %+v", len(posts), len(events), events)
	}
	b.wantLogged(t, "notified before")
}

func TestHandle_SameMessageAtOnce_OnePost(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := b.another(t)
	event := on("1", began).event(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 10*budget)
			defer cancel()
			n := b.Notifier
			if i%2 == 1 {
				n = other
			}
			if err := n.Handle(ctx, event); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if posts, events := b.Slack.Posts(), b.PagerDuty.Events(); len(posts) != 1 || len(events) != 1 {
		t.Errorf("%d posts and %d events, want 1 of each", len(posts), len(events))
	}
}

// Messages of one incident that arrive at once must not open two threads.
func TestHandle_TwoMessagesOfAnIncidentAtOnce_OneThread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var wg sync.WaitGroup
	for _, id := range []string{"1", "2", "3"} {
		wg.Go(func() {
			if err := b.handle(t, on(id, began)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	roots := 0
	for _, p := range b.Slack.Posts() {
		if p.ThreadTS == "" {
			roots++
		}
	}
	if posts := b.Slack.Posts(); roots != 1 || len(posts) != 3 {
		t.Errorf("%d threads, %d posts: want 1 and 3", roots, len(posts))
	}
}

// While PagerDuty is away the alarm goes off again: what comes late must not
// stay on.
func TestHandle_OKOvertakesAlarm_IncidentIsOpenedAndResolved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.PagerDuty.FailAlways(notifytest.Fault{Status: 500})
	if err := b.handleShort(t, on("1", began)); err == nil {
		t.Error("no error although PagerDuty is away")
	}
	if err := b.handleShort(t, off("2", began.Add(time.Minute))); err == nil {
		t.Error("no error although PagerDuty is away")
	}
	b.PagerDuty.Recover()
	b.mustHandle(t, off("2", began.Add(time.Minute)), on("1", began)) // PagerDuty was told of nothing
	if open, opened := b.PagerDuty.Open(); len(open) != 0 || opened != 1 {
		t.Errorf("PagerDuty: %v open of %d, want none of 1: %v", open, opened, actions(b.PagerDuty.Events()))
	}
	if posts := b.Slack.Posts(); len(posts) != 2 {
		t.Errorf("%d posts, want 2", len(posts))
	}
}

// SNS and Lambda keep no order. Whatever it is, PagerDuty must end up as the
// alarm is, and people hear of each incident once at most.
func TestHandle_AnyOrder_PagerDutyEndsAsTheAlarmIs(t *testing.T) {
	t.Parallel()
	minute := func(n int) time.Time { return began.Add(time.Duration(n) * time.Minute) }
	for name, c := range map[string]struct {
		changes   []alarm
		on        bool
		incidents int
	}{
		"two incidents": {[]alarm{on("1", minute(0)), off("2", minute(1)), on("3", minute(2)), off("4", minute(3))}, false, 2},
		"and a third":   {[]alarm{on("1", minute(0)), off("2", minute(1)), on("3", minute(2)), off("4", minute(3)), on("5", minute(4))}, true, 3},
		"on twice":      {[]alarm{on("1", minute(0)), on("2", minute(5)), off("3", minute(10))}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			for order := range permutations(c.changes) {
				checkOrder(t, b, order, c.on, c.incidents)
			}
		})
	}
}

// checkOrder has an alarm of its own change in an order.
func checkOrder(t *testing.T, b *bundle, order []alarm, on bool, incidents int) {
	t.Helper()
	ids := make([]string, len(order))
	for i, a := range order {
		ids[i] = a.id
	}
	name := "order-" + strings.Join(ids, "-")
	seen, posted := len(b.PagerDuty.Events()), len(b.Slack.Posts())
	for _, a := range order {
		a.name, a.id, a.description = name, name+"/"+a.id, "" // which has logs, to be asked
		b.mustHandle(t, a)
	}
	open, opened := notifytest.Open(b.PagerDuty.Events()[seen:])
	if (len(open) == 1) != on || opened == 0 || opened > incidents {
		t.Errorf("%s: PagerDuty has %d open of %d: %v", name, len(open), opened, actions(b.PagerDuty.Events()[seen:]))
	}
	threads := 0
	for _, p := range b.Slack.Posts()[posted:] {
		if p.ThreadTS != "" {
			continue
		}
		threads++
		if !on && !strings.Contains(string(p.Blocks), ":white_check_mark:") {
			t.Errorf("%s: a thread in Slack looks as if it were on: %s", name, p.Text)
		}
	}
	if threads == 0 || threads > incidents {
		t.Errorf("%s: %d threads in Slack for %d incidents", name, threads, incidents)
	}
}

// The second message of an incident comes after its end: PagerDuty would ring
// for nothing.
func TestHandle_OnAgainDeliveredAfterTheEnd_RingsNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began), off("3", began.Add(10*time.Minute)), on("2", began.Add(5*time.Minute)), on("2", began.Add(5*time.Minute)))
	if open, opened := b.PagerDuty.Open(); len(open) != 0 || opened != 1 || len(b.Slack.Posts()) != 2 {
		t.Errorf("PagerDuty: %v open of %d; %d posts in Slack, want 2", open, opened, len(b.Slack.Posts()))
	}
	b.wantLogged(t, `"msg":"no news","destination":"team"`)
}

// It is told without a turn while the table is away, and heals when it comes
// again.
func TestHandle_OnAgainDeliveredAfterTheEndWithoutTable_IsResolvedLater(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began), off("3", began.Add(10*time.Minute)))
	b.Table.FailAlways(notifytest.Fault{Status: 500})
	if err := b.handle(t, on("2", began.Add(5*time.Minute))); err == nil || !strings.Contains(err.Error(), "told, but that is not noted") {
		t.Errorf("error: %v", err)
	}
	b.Table.Recover()
	b.mustHandle(t, on("2", began.Add(5*time.Minute)))
	if open, _ := b.PagerDuty.Open(); len(open) != 0 {
		t.Errorf("PagerDuty: %v open", open)
	}
}

// A destination is renamed, or its route goes elsewhere, while it has an
// incident: the end finds it by the key.
func TestHandle_DestinationRenamedDuringTheIncident_IsResolved(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*pipeline.Routing){
		"all": func(r *pipeline.Routing) { r.Routes[0].To = []string{"primary", "team"} },
		"the one that was told": func(r *pipeline.Routing) { // of an incident that Slack was not told of
			r.Routes[0].To, r.Routes[0].When = []string{"primary"}, pipeline.WhenOffHours // not now
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.mustHandle(t, on("1", began))
			r := &b.pipeline.Routing
			r.Destinations["primary"] = r.Destinations["on-call"]
			delete(r.Destinations, "on-call")
			change(r)
			b.mustHandle(t, off("2", began.Add(time.Minute)), on("3", began.Add(time.Hour)))
			if open, opened := b.PagerDuty.Open(); name == "all" && (len(open) != 1 || opened != 2) || name != "all" && len(open) != 0 {
				t.Errorf("PagerDuty: %v open of %d: %v", open, opened, actions(b.PagerDuty.Events()))
			}
		})
	}
}

// Nobody is known to have been told, and Slack is away: the end that PagerDuty
// has by now is not the end for Slack.
func TestHandle_TableLostAndSlackAway_SlackHearsOfTheEndLater(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Slack.FailAlways(notifytest.Fault{Status: 429, RetryAfter: "600"})
	if err := b.handle(t, off("2", began)); err == nil {
		t.Error("no error although Slack is away")
	}
	b.Slack.Recover()
	b.mustHandle(t, off("2", began))
	if n := len(b.Slack.Posts()); n != 1 {
		t.Errorf("%d posts, want 1", n)
	}
}

// Two processes, one with the beginning and one with the end.
func TestHandle_BeginningAndEndAtOnce_AreBothTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := b.another(t)
	for i := range 20 {
		at := began.Add(time.Duration(i) * time.Hour)
		id := at.Format(time.RFC3339)
		start, end := on("on "+id, at).event(t), off("off "+id, at.Add(time.Minute)).event(t)
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := b.Handle(t.Context(), start); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if err := other.Handle(t.Context(), end); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if open, opened := b.PagerDuty.Open(); len(open) != 0 || opened != i+1 {
			t.Fatalf("PagerDuty: %v open of %d, want none of %d: %v", open, opened, i+1, actions(b.PagerDuty.Events()))
		}
	}
}

func actions(events []notifytest.PagerDutyEvent) (actions []string) {
	for _, e := range events {
		actions = append(actions, e.EventAction)
	}
	return actions
}

func permutations(list []alarm) func(yield func([]alarm) bool) {
	return func(yield func([]alarm) bool) {
		var next func(done, rest []alarm) bool
		next = func(done, rest []alarm) bool {
			if len(rest) == 0 {
				return yield(done)
			}
			for i := range rest {
				others := append(append([]alarm{}, rest[:i]...), rest[i+1:]...)
				if !next(append(append([]alarm{}, done...), rest[i]), others) {
					return false
				}
			}
			return true
		}
		next(nil, list)
	}
}

func TestHandle_TableLost_OKStillResolves(t *testing.T) {
	t.Parallel()
	b := setup(t, func(p *pipeline.Pipeline) { p.Routing.Routes[0].When = pipeline.WhenOffHours }) // not now
	b.mustHandle(t, off("2", began))
	if events := b.PagerDuty.Events(); len(events) != 1 || events[0].EventAction != "resolve" {
		t.Errorf("events: %+v", events)
	}
	first := off("3", began.Add(time.Hour))
	first.old, first.name, first.topic = "INSUFFICIENT_DATA", "prod-orders-new", ticketTopic
	b.mustHandle(t, first)
	if posts := b.Slack.Posts(); len(posts) != 0 || b.Slack.Calls() != 0 {
		t.Errorf("Slack hears that a new alarm is fine: %+v", posts)
	}
}

func TestHandle_ToldAtNight_HearsOfTheEndAtNoon(t *testing.T) {
	t.Parallel()
	b := setup(t, func(p *pipeline.Pipeline) {
		p.Routing.Routes = []pipeline.Route{
			{Severity: "page", When: pipeline.WhenOffHours, To: []string{"on-call"}},
			{Severity: "page", When: pipeline.WhenWorking, To: []string{"team"}},
		}
	})
	night := time.Date(2026, 3, 25, 1, 0, 0, 0, time.UTC)
	b.mustHandle(t, on("1", night), off("2", night.Add(11*time.Hour)))
	if open, opened := b.PagerDuty.Open(); len(open) != 0 || opened != 1 {
		t.Errorf("PagerDuty: %v open of %d", open, opened)
	}
	if posts := b.Slack.Posts(); len(posts) != 0 {
		t.Errorf("Slack, which was not told of the alarm, hears of its end: %+v", posts)
	}
}

// A redelivery at another hour must find the same routes.
func TestHandle_RedeliveryAtAnotherHour_SameDestinations(t *testing.T) {
	t.Parallel()
	b := setup(t, func(p *pipeline.Pipeline) {
		p.Routing.Routes = []pipeline.Route{{Severity: "page", When: pipeline.WhenWorking, To: []string{"team"}}, {Severity: "page", When: pipeline.WhenOffHours, To: []string{"on-call"}}}
	})
	b.mustHandle(t, on("1", began))
	b.setNow(began.Add(12 * time.Hour))
	b.mustHandle(t, on("1", began))
	if posts, events := b.Slack.Posts(), b.PagerDuty.Events(); len(posts) != 1 || len(events) != 0 {
		t.Errorf("%d posts and %d events, want the post alone", len(posts), len(events))
	}
}

func TestHandle_NoData_IsSaidInTheThreadAndPagesNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	unknown := off("2", began.Add(time.Minute))
	unknown.new, unknown.reason = "INSUFFICIENT_DATA", "Insufficient Data: 2 datapoints were unknown."
	b.mustHandle(t, on("1", began), unknown, unknown)
	posts := b.Slack.Posts()
	if len(posts) != 2 || posts[1].ThreadTS != posts[0].TS || !strings.Contains(posts[1].Text, "No data") {
		t.Errorf("posts: %+v", posts)
	}
	if open, _ := b.PagerDuty.Open(); len(open) != 1 || len(b.PagerDuty.Events()) != 1 {
		t.Errorf("events: %+v", b.PagerDuty.Events())
	}
}

func TestHandle_TeamsOwnAlarm_TakesTopicsSeverityAndPipelinesOwner(t *testing.T) {
	t.Parallel()
	b := setup(t)
	own := on("1", began)
	own.topic, own.description, own.extra = ticketTopic, "CPU of the <shop> & co.", nil
	b.mustHandle(t, own)
	if n := len(b.PagerDuty.Events()); n != 0 {
		t.Errorf("PagerDuty had %d events of a ticket", n)
	}
	posts := b.Slack.Posts()
	if len(posts) != 1 || !strings.HasPrefix(posts[0].Text, "Ticket: prod-orders-ledger-queue-age") || !strings.Contains(string(posts[0].Blocks), "team-orders") {
		t.Errorf("posts: %+v", posts)
	}
}
