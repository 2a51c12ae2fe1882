package simulator

import (
	"fmt"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Config says what is simulated.
type Config struct {
	// Alarms are complete alarms, such as a set's. What one refers to, by its
	// key or by its name in CloudWatch, stands before it. Required.
	Alarms []alarms.Alarm

	// Delay is how long after its end a minute's samples can be seen.
	// Defaults to 0.
	Delay time.Duration

	// DelayAt is the delay at the time of an evaluation, where it is not always
	// the same. Defaults to Delay.
	DelayAt func(at time.Time) time.Duration

	// Observe is called with what each evaluation of an alarm on a metric saw, in
	// order. Defaults to nobody.
	Observe func(Evaluation)

	// States are the states at the beginning, by key. Default to
	// INSUFFICIENT_DATA.
	States map[string]alarms.State

	// Band is what is normal for a signal's datapoint of a period that begins at
	// a time, width standard deviations to each side; ok is false as long as
	// there is no model. [LearnBand] makes one. An alarm on metric math gets the
	// band of its only input. Defaults to never.
	Band func(s signal.Signal, period time.Duration, width float64, at time.Time) (lower, upper float64, ok bool)
}

// Simulator evaluates alarms as CloudWatch does. It is safe for concurrent use.
type Simulator struct {
	alarms []alarm
	states map[string]alarms.State
	delay  func(at time.Time) time.Duration
	seen   func(Evaluation)
	band   bandFunc
}

// alarm is an alarm that can be evaluated. It has a metric or a composite.
type alarm struct {
	key, name string
	silent    bool
	metric    *metricAlarm
	composite *compositeAlarm
}

// New checks the alarms. The error names everything that is wrong with them, and
// everything about them that cannot be simulated.
func New(c Config) (*Simulator, error) {
	compiled, err := compile(c)
	if err != nil {
		return nil, fmt.Errorf("alarms that cannot be simulated:\n%w", err)
	}
	s := &Simulator{
		alarms: compiled, states: map[string]alarms.State{}, band: c.Band, delay: c.DelayAt, seen: c.Observe,
	}
	if s.delay == nil {
		s.delay = func(time.Time) time.Duration { return c.Delay }
	}
	for _, a := range compiled {
		s.states[a.key] = c.States[a.key]
	}
	return s, nil
}

// Run evaluates the alarms once a minute, from the end of the history's first
// minute to that of its last. Alarms over more than a day are evaluated once an
// hour, three minutes after it, over what was until then. The history must not be
// nil, nor be changed meanwhile. It may have metrics that no alarm watches.
func (s *Simulator) Run(h *History) *Result {
	r := s.start(h)
	for minute := 1; minute <= h.minutes; minute++ {
		r.at, r.minute = h.start.Add(time.Duration(minute)*time.Minute), minute
		for i := range r.alarms {
			r.evaluate(&r.alarms[i])
		}
	}
	r.result.index()
	return r.result
}
