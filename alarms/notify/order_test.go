package notify_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tracehaul/tracehaul/internal/notifytest"
)

// PagerDuty could not be told of the end before it began again, and so it has
// one incident: with its end, the one before is over as well.
func TestHandle_OnAgainDeliveredAfterTheNextIncident_RingsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
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
	})
}

// While PagerDuty is away the alarm goes off again: what comes late must not
// stay on.
func TestHandle_OKOvertakesAlarm_IncidentIsOpenedAndResolved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
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
	})
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
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
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
	})
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
