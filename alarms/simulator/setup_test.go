package simulator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// start is a Monday morning.
var start = time.Date(2026, time.March, 2, 10, 32, 0, 0, time.UTC)

// simulate runs alarms on a history.
func simulate(t *testing.T, h *simulator.History, c simulator.Config) *simulator.Result {
	t.Helper()
	s, err := simulator.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s.Run(h)
}

// samples makes a history of a metric with a sample a minute: "5 - 7.5" has none in
// the second minute.
func samples(t *testing.T, h *simulator.History, s signal.Signal, values string) {
	t.Helper()
	for minute, field := range strings.Fields(values) {
		if field == "-" {
			continue
		}
		var x float64
		if _, err := fmt.Sscan(field, &x); err != nil {
			t.Fatalf("%q: %v", field, err)
		}
		h.Set(s.Metric, minute, simulator.One(x))
	}
}

// history is a history of one metric.
func history(t *testing.T, s signal.Signal, values string) *simulator.History {
	t.Helper()
	h := simulator.NewHistory(start, len(strings.Fields(values)))
	samples(t, h, s, values)
	return h
}

// on is an alarm on one metric.
func on(key string, m alarms.Metric, s signal.Signal) alarms.Alarm {
	m.Inputs = []alarms.Input{{ID: "m1", Signal: s}}
	return alarms.Alarm{Key: key, Metric: &m}
}

// states writes the states of an alarm after each minute: one letter each.
func states(r *simulator.Result, h *simulator.History, key string) string {
	var b strings.Builder
	for minute := 1; minute <= h.Minutes(); minute++ {
		switch r.State(key, h.Start().Add(time.Duration(minute)*time.Minute)) {
		case alarms.StateAlarm:
			b.WriteByte('A')
		case alarms.StateOK:
			b.WriteByte('O')
		case alarms.StateInsufficientData:
			b.WriteByte('?')
		}
	}
	return b.String()
}

// notices writes the notices of an alarm with the minute of each, from 0.
func notices(r *simulator.Result, h *simulator.History, key string) string {
	var all []string
	for _, n := range r.Notices {
		if n.Key == key {
			minute := int(n.At.Sub(h.Start())/time.Minute) - 1
			all = append(all, fmt.Sprintf("%d %v", minute, n.State))
		}
	}
	return strings.Join(all, ", ")
}
