package notify_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tracehaul/tracehaul/internal/notifytest"
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
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
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
	})
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
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
		b.Slack.FailAlways(notifytest.Fault{Status: 429, RetryAfter: "600"})
		if err := b.handle(t, off("2", began)); err == nil {
			t.Error("no error although Slack is away")
		}
		b.Slack.Recover()
		b.mustHandle(t, off("2", began))
		if n := len(b.Slack.Posts()); n != 1 {
			t.Errorf("%d posts, want 1", n)
		}
	})
}

func actions(events []notifytest.PagerDutyEvent) (actions []string) {
	for _, e := range events {
		actions = append(actions, e.EventAction)
	}
	return actions
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
