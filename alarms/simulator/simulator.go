package simulator

import (
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Samples are what a metric got within one minute.
type Samples struct {
	Count, Sum, Min, Max float64

	// Distribution says which values the samples have, in ascending order, for
	// percentiles and percentile ranks. Without it all samples are taken to
	// have the mean.
	Distribution []Bucket
}

// Bucket is a number of samples with one value.
type Bucket struct{ Value, Count float64 }

// One is a single sample.
func One(value float64) Samples { return Samples{Count: 1, Sum: value, Min: value, Max: value} }

// History is what metrics got, minute by minute.
type History struct {
	start   time.Time
	minutes int
	series  map[string][]Samples // by Metric.Key; Count 0 is no data
}

// NewHistory returns an empty history.
func NewHistory(start time.Time, minutes int) *History {
	return &History{start: start.Truncate(time.Minute), minutes: minutes, series: map[string][]Samples{}}
}

// Config says what is simulated.
type Config struct {
	// Alarms are complete alarms, such as a set's. What one refers to stands
	// before it. Required.
	Alarms []alarms.Alarm

	// Delay is how long after its end a minute's samples can be seen.
	// Defaults to 0.
	Delay time.Duration

	// States are the states at the beginning, by key. Default to
	// INSUFFICIENT_DATA.
	States map[string]alarms.State

	// Band is what is normal for a signal at a time, width standard deviations
	// wide; ok is false as long as there is no model. Defaults to never.
	Band func(s signal.Signal, width float64, at time.Time) (lower, upper float64, ok bool)
}

// Change is a change of an alarm's state.
type Change struct {
	At       time.Time
	Key      string
	From, To alarms.State
	Reason   string // as CloudWatch words it
	Value    float64
	HasValue bool // false for a composite, and where the state changed for want of data
}

// Notice is an action that was taken: CloudWatch told the topics of an alarm
// that it is in a state.
type Notice struct {
	At     time.Time
	Key    string
	State  alarms.State
	Reason string
	// Children are the alarms that put a composite into its state, by key.
	Children []string
}

// Result is what happened, in order of time.
type Result struct {
	Changes []Change
	Notices []Notice
}
