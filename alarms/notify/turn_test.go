package notify_test

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tracehaul/tracehaul/internal/notifytest"
)

// The function dies after it took the turn: its lease must end before another
// invocation may tell the destination.
func TestHandle_CrashBetweenTurnAndSending_NextOneWaitsForTheLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
		ctx, cancel := context.WithCancel(t.Context())
		b.Slack.FailAlways(notifytest.Fault{Status: 429})
		go func() { // no deadline and no table any more: as good as dead
			told := func() bool { // PagerDuty is, and that is noted
				return len(b.PagerDuty.Events()) == 1 && b.Table.Lease(queueAge, "to#on-call").IsZero()
			}
			for b.Table.Lease(queueAge, "to#team").IsZero() || !told() {
				time.Sleep(10 * time.Millisecond)
			}
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
	})
}

// waitForLease waits until somebody has Slack's turn, and returns until when.
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

// A lease must end after the invocation, and not much later.
func TestHandle_Lease_OutlivesTheInvocation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ctx      func(t *testing.T) context.Context
		from, to time.Duration
	}{
		"a minute":    {func(t *testing.T) context.Context { t.Helper(); return within(t, time.Minute) }, 61 * time.Second, 61 * time.Second},
		"no deadline": {func(t *testing.T) context.Context { t.Helper(); return t.Context() }, 90 * time.Second, 90 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setupInProcess(t)
				release := make(chan struct{})
				b.Slack.Fail(1, answered(release))
				var handled sync.WaitGroup
				handled.Go(func() {
					if err := b.Handle(c.ctx(t), on("1", began).event(t)); err != nil {
						t.Error(err)
					}
				})
				if lease := b.waitForLease(t).Sub(b.clock()); lease < c.from || lease > c.to {
					t.Errorf("the lease ends in %v, want %v to %v", lease, c.from, c.to)
				}
				close(release)
				handled.Wait()
			})
		})
	}
}

// Slack hangs until the time is over: there is some left to give the turn back.
func TestHandle_TimeIsOver_TurnIsGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
		b.Slack.FailAlways(notifytest.Fault{Status: 200, Delay: time.Minute})
		if err := b.handleShort(t, on("1", began)); err == nil {
			t.Error("no error although Slack hangs")
		}
		if lease := b.Table.Lease(queueAge, "to#team"); !lease.IsZero() {
			t.Errorf("the turn is held until %v", lease)
		}
	})
}

// An invocation lives longer than its lease, and another one tells Slack
// meanwhile: what that noted must stay.
func TestHandle_TurnLost_NoteOfTheOtherStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
		other := b.another(t)
		release := make(chan struct{})
		b.Slack.Fail(1, answered(release))
		var handled sync.WaitGroup
		handled.Go(func() {
			if err := b.Handle(within(t, 10*budget), on("1", began).event(t)); err == nil || !strings.Contains(err.Error(), "team: note what was told") {
				t.Errorf("error: %v", err)
			}
		})
		b.waitForLease(t)
		for b.Slack.Calls() == 0 { // else the other one's post is the one that takes so long
			time.Sleep(time.Millisecond)
		}
		b.setNow(began.Add(10 * time.Minute))
		if err := other.Handle(within(t, 10*budget), on("1", began).event(t)); err != nil {
			t.Error(err)
		}
		close(release)
		handled.Wait()
		b.mustHandle(t, on("1", began), off("2", began.Add(11*time.Minute)))
		if posts := b.Slack.Posts(); len(posts) != 2 || posts[0].Updates != 1 || posts[1].ThreadTS != posts[0].TS {
			t.Errorf("posts: %+v", posts)
		}
	})
}

// An invocation dies while it has PagerDuty's turn: the next page of the alarm
// does not wait for the end of its lease.
func TestHandle_TurnOfTheDead_PageGoesWithoutIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
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
	})
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
