package scenario

import (
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

func historySet(t *testing.T, more ...alarms.Alarm) *alarms.Set {
	t.Helper()
	p, err := pipeline.LoadEnvironment(reference, "prod")
	if err != nil {
		t.Fatal(err)
	}
	set, err := alarms.For(p, more...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func historyOf(t *testing.T, text string) *Scenario {
	t.Helper()
	all, err := Parse("test.scenario", []byte("title: test\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func TestHistory_Scenario_IsPlayedOnNormalDay(t *testing.T) {
	set := historySet(t, ownAlarm("own-refunds", waiting("refunds.waiting", signal.AbsentFault), alarms.Above, 10))
	h, signals, err := History(set, historyOf(t, "traffic: 1000\nlength: 3h\nat 10m..20m ledger.dlq.depth = 7\nat 30m..31m refunds.waiting = 5\n"))
	if err != nil {
		t.Fatal(err)
	}
	if h.Minutes() != 180 {
		t.Errorf("%d minutes, want 180", h.Minutes())
	}
	read := func(id string, minute int) float64 {
		for _, s := range signals {
			if s.ID == id {
				got, _ := h.At(s.Metric, minute)
				return got.Sum
			}
		}
		t.Fatalf("there is no signal %s", id)
		return 0
	}
	for _, c := range []struct {
		id     string
		minute int
		want   float64
	}{
		{"edge.requests", 0, 1000},
		{"ledger.dlq.depth", 9, 0},
		{"ledger.dlq.depth", 10, 7},
		{"ledger.dlq.depth", 19, 7},
		{"ledger.dlq.depth", 20, 0},
		{"refunds.waiting", 29, 0},
		{"refunds.waiting", 30, 5},
	} {
		if got := read(c.id, c.minute); got != c.want {
			t.Errorf("%s in minute %d: %v, want %v", c.id, c.minute, got, c.want)
		}
	}
	beats := 0.0
	for minute := range h.Minutes() {
		beats += read("notifier.heartbeats.page", minute)
	}
	if beats != 3 {
		t.Errorf("%v heartbeats in three hours", beats)
	}
}

func TestHistory_UnknownName_IsRefused(t *testing.T) {
	_, _, err := History(historySet(t), historyOf(t, "at 10m ledger.dlq.dept = 7\n"))
	if err == nil || !strings.Contains(err.Error(), `there is no signal "ledger.dlq.dept": is it ledger.dlq.depth?`) {
		t.Errorf("got %v", err)
	}
}
