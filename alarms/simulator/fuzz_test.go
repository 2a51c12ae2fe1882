package simulator_test

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// script reads what a fuzzer wrote, and zeros after its end.
type script []byte

func (s *script) byte() int {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return int(b)
}

// number is a small number, or any at all: NaN, infinite, huge, negative.
func (s *script) number() float64 {
	b := s.byte()
	if b < 200 || len(*s) < 8 {
		return float64(b%20) - 5
	}
	bits := binary.LittleEndian.Uint64(*s)
	*s = (*s)[8:]
	return math.Float64frombits(bits)
}

// small is mostly within a bound, so that most alarms are right.
func (s *script) small(bound int) int {
	if b := s.byte(); b < 250 {
		return b % bound
	}
	return s.byte()
}

func (s *script) samples() (x simulator.Samples, ok bool) {
	switch s.byte() % 4 {
	case 0:
		return x, false
	case 1:
		return simulator.One(s.number()), true
	case 2:
		return simulator.Samples{Count: s.number(), Sum: s.number(), Min: s.number(), Max: s.number()}, true
	}
	x = simulator.Samples{Count: s.number(), Sum: s.number()}
	for range s.byte() % 4 {
		x.Distribution = append(x.Distribution, simulator.Bucket{Value: s.number(), Count: s.number()})
	}
	return x, true
}

func (s *script) metric() alarms.Metric {
	statistics := []string{"Sum", "SampleCount", "Average", "Minimum", "Maximum", "p0", "p99", "p99.9", "PR(:3)", "PR(1:)"}
	expressions := []string{
		"", "m1", "FILL(m1, 0) / m1", "FILL(m1, REPEAT)", "FILL(m1, LINEAR)", "RATE(m1)", "m1 ^ m1", "IF(m1 > 2, m1)", "m1 - AVG(m1)",
	}
	m := alarms.Metric{
		Inputs:     []alarms.Input{{ID: "m1", Signal: metric("Requests").With(statistics[s.byte()%len(statistics)])}},
		Expression: expressions[s.byte()%len(expressions)],
		Comparison: alarms.Comparison(s.small(7)),
		Threshold:  s.number(),
		BandWidth:  s.number(),
		Period:     time.Duration(s.small(8)) * time.Minute,
		Periods:    s.small(6),
		Missing:    alarms.Missing(s.small(5)),
	}
	m.Datapoints = s.small(m.Periods + 1)
	m.IgnoreFewSamples = s.byte()%8 == 1
	return m
}

// FuzzRun checks that no history and no alarms make a simulation panic, that
// each change starts from the state before it, and that states are states.
func FuzzRun(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{6, 3, 0, 3, 0, 4, 3, 2, 3, 1, 0, 20, 1, 9, 0, 2, 9, 9, 9, 9, 3, 9, 9, 2, 9, 9, 9, 9})
	f.Fuzz(func(t *testing.T, data []byte) {
		s := script(data)
		c := simulator.Config{
			Alarms: []alarms.Alarm{{Key: "a", Metric: new(s.metric())}, {Key: "b", Metric: new(s.metric())}},
			Delay:  time.Duration(s.byte()) * 20 * time.Second,
		}
		rules := []alarms.Rule{
			alarms.Any("a", "b"), alarms.All("a", "b"), alarms.Not(alarms.InAlarm("a")), alarms.InAlarm("c"),
			{Op: alarms.OpState, Key: "b", State: alarms.State(s.byte() % 4)},
		}
		c.Alarms = append(c.Alarms, alarms.Alarm{Key: "c", Composite: &alarms.Composite{
			Rule: rules[s.byte()%len(rules)], Suppressor: []string{"", "a", "c"}[s.byte()%3],
			Wait: time.Duration(s.byte()) * time.Second, Extension: time.Duration(s.byte()) * time.Second,
		}})
		h := simulator.NewHistory(start, min(len(s), 200))
		for minute := range h.Minutes() {
			if x, ok := s.samples(); ok {
				h.Set(metric("Requests").Metric, minute, x)
			}
		}
		c.Band = simulator.LearnBand(h)
		if len(data)%2 == 1 {
			c.Band = func(signal.Signal, time.Duration, float64, time.Time) (lower, upper float64, ok bool) {
				return math.NaN(), float64(len(data)), true
			}
		}
		sim, err := simulator.New(c)
		if err != nil {
			return
		}
		now := map[string]alarms.State{}
		for _, change := range sim.Run(h).Changes {
			if change.From != now[change.Key] || change.To == change.From || change.To.String() == "" || change.Reason == "" {
				t.Fatalf("%+v follows %v", change, now[change.Key])
			}
			now[change.Key] = change.To
		}
	})
}
