package scenario

import (
	"fmt"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
)

// Scenario is a stretch of time in the life of a pipeline: what is out of the
// ordinary in it, and what the alarms are to make of that.
type Scenario struct {
	// File and Line say where it stands.
	File string
	Line int

	// Title says in a few words what the matter is. Required.
	Title string

	// Environment is the description that it is played against. Defaults to
	// the one that the runner is given.
	Environment string

	// Start is the wall clock at the beginning, in the time zone of the
	// routing, written as if it were UTC. Defaults to Monday, 2026-03-02 10:00.
	Start time.Time

	// Length is how long it lasts. Defaults to 2 hours.
	Length time.Duration

	// Traffic is how many requests come. Defaults to a normal day's.
	Traffic Traffic

	// Delay is how long it takes until CloudWatch shows a minute. Defaults to
	// a minute.
	Delay time.Duration

	// DelayMost is the longest delay, where it is not always the same. Defaults
	// to Delay.
	DelayMost time.Duration

	// Loud is true if alarms that are not mentioned may go off. Defaults to
	// false: nothing goes off unannounced.
	Loud bool

	// May are the alarms that may go off beside those that are expected to, by
	// key; a * stands for any characters. They come on top of those at the head
	// of the file. Default to none.
	May []string

	// Normal says what signals are as long as nothing is out of the ordinary, in
	// the order of the file: for signals that the model does not know, and those
	// that are different here. It holds before the scenario, too. Defaults to
	// what the model makes.
	Normal []Event

	// Events are what is out of the ordinary, in the order of the file. Later
	// ones win over earlier ones.
	Events []Event

	// Expectations are what is to come of it, in the order of the file.
	Expectations []Expectation
}

// Traffic is how many requests come to the pipeline.
type Traffic struct {
	Fixed  bool    // whether it is a fixed number
	Number float64 // requests a minute, if it is
}

// Event is a line that begins with at or, without a time, with normal.
type Event struct {
	Line     int
	From, To time.Duration // To is exclusive, and 0 for the end of the scenario
	Deploy   bool          // a new version is deployed; there is no signal then
	Signal   string        // an ID, a pattern of IDs with a *, or "traffic"
	Value    Value
}

// signalTraffic stands for the number of requests, from which the model makes
// all else.
const signalTraffic = "traffic"

// Value is what a signal is during an [Event].
type Value struct {
	Op     ValueOp
	From   float64 // at the beginning of the event
	To     float64 // at its end; the same if the value is no ramp
	Of     string  // the ID that OpPercent is about
	Shares []Share // of OpShares
}

// ValueOp says how a value is meant.
type ValueOp int

// Ways to say a value.
const (
	OpAbsent  ValueOp = iota // absent: no data
	OpSet                    // 5: as it would be read with the signal's own statistic
	OpTimes                  // x5: times the normal value
	OpPlus                   // +5: more than the normal value
	OpPercent                // 5% of SIGNAL
	OpShares                 // 90% 0.05, 10% 2.5: how the samples are distributed
)

// Share is the share of samples that have a value.
type Share struct{ Percent, Value float64 }

// Expectation is a line that begins with expect.
type Expectation struct {
	Line int
	Kind Kind

	Alarm string       // a key, for all kinds but Messages
	State alarms.State // for Enters and Is

	// Destinations are those of the description that hear of the alarm, for
	// Told, and the one that gets messages, for Messages.
	Destinations []string

	From, To time.Duration // when: for Enters, Is and Told

	Number int  // of messages
	AtMost bool // whether fewer messages are well, too
}

// Kind is what an [Expectation] is about.
type Kind int

// Kinds of expectations.
const (
	Quiet    Kind = iota // the alarm is never on
	Enters               // the alarm comes into the state within a time
	Is                   // the alarm is in the state at a time
	Told                 // destinations hear within a time that the alarm is on
	NotTold              // destinations do not hear that the alarm is on
	Messages             // a destination gets a number of messages in all
)

// Onset is when the trouble begins: at the first event that changes a signal,
// else at the first event.
func (s *Scenario) Onset() time.Duration {
	for _, e := range s.Events {
		if !e.Deploy && e.Signal != signalTraffic {
			return e.From
		}
	}
	if len(s.Events) > 0 {
		return s.Events[0].From
	}
	return 0
}

// Name is the place and the title, for messages.
func (s *Scenario) Name() string { return fmt.Sprintf("%s:%d: %s", s.File, s.Line, s.Title) }

// when writes the time of an expectation.
func (e *Expectation) when() string {
	if e.From == e.To {
		return "at " + short(e.From)
	}
	if e.From == 0 {
		return "by " + short(e.To)
	}
	return "in " + short(e.From) + ".." + short(e.To)
}

// end is when the event ends.
func (e *Event) end(s *Scenario) time.Duration {
	if e.To == 0 {
		return s.Length
	}
	return e.To
}
