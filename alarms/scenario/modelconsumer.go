package scenario

import (
	"math"
	"slices"
	"time"

	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// work is what a consumer does in a minute.
type work struct {
	messages    float64
	invocations float64
}

// invocationSeconds is how long a normal invocation takes.
const invocationSeconds = .04

func workOf(c *pipeline.Consumer, x *minute) work {
	w := work{messages: passed(c, x)}
	if w.messages == 0 {
		return w
	}
	// With a batch window a batch is closed when it is over or the batch is
	// full; without one, as soon as there is something.
	perMinute := 600.0
	if seconds := c.BatchWindow.Seconds(); seconds > 0 {
		perMinute = 60 / seconds
	}
	w.invocations = max(min(w.messages, perMinute), math.Ceil(w.messages/float64(c.BatchSize)))
	return w
}

func (m *model) consumer(c *pipeline.Consumer, s signal.Consumer) {
	m.queue(c, s)
	mishaps := mishapsOf(c.Name)
	m.invocations(c, s, mishaps)
	m.settled(c, s, mishaps)
}

// invocations adds what Lambda reports of a consumer.
func (m *model) invocations(c *pipeline.Consumer, s signal.Consumer, mishaps consumerMishaps) {
	noise := seedOf(c.Name)
	m.add(s.Invocations, func(x *minute) simulator.Samples { return counted(workOf(c, x).invocations) })
	// Lambda reports a zero for each invocation that neither fails nor is
	// throttled, and nothing when there are none.
	once := func(what mishap) func(*minute) simulator.Samples {
		return func(x *minute) simulator.Samples {
			s := simulator.Samples{Count: workOf(c, x).invocations}
			if s.Count > 0 && what.at(x) {
				s.Sum, s.Max = 1, 1
			}
			return s
		}
	}
	m.add(s.Errors, once(mishaps.timeout))
	m.add(s.Throttles, once(mishaps.throttle))
	m.add(s.Duration, func(x *minute) simulator.Samples {
		return samplesOf(merged(noise.spread(x.number, workOf(c, x).invocations, durationsOf(c, mishaps, x)).Distribution))
	})
	busy := seedOf(c.Name + " busy")
	m.add(s.Concurrency, func(x *minute) simulator.Samples {
		w := workOf(c, x)
		if w.invocations == 0 {
			return simulator.Samples{}
		}
		// Batches come as they like: now and then some at once.
		most := 1 + busy.count(x.number, 3*w.invocations*invocationSeconds/60)
		if mishaps.cold.at(x) || mishaps.timeout.at(x) {
			most++
		}
		most = min(most, w.invocations, float64(c.MaxConcurrency))
		return around((1+most)/2, 1, most, w.invocations)
	})
}

// settled adds what the consumer's own log lines say of its messages.
func (m *model) settled(c *pipeline.Consumer, s signal.Consumer, mishaps consumerMishaps) {
	lines := func(sum func(x *minute, w work) float64) func(*minute) simulator.Samples {
		return func(x *minute) simulator.Samples {
			w := workOf(c, x)
			if w.invocations == 0 {
				return simulator.Samples{}
			}
			return summed(sum(x, w), w.invocations)
		}
	}
	zero := func(*minute, work) float64 { return 0 }
	m.add(s.Messages, lines(func(_ *minute, w work) float64 { return w.messages }))
	failures, late := seedOf(c.Name+" failures"), seedOf(c.Name+" late")
	m.add(s.ItemFailures, lines(func(x *minute, w work) float64 {
		n := failures.count(x.number, w.messages/300_000)
		if mishaps.retried.at(x) {
			n = max(n, 1)
		}
		return n
	}))
	m.add(s.DeadLettered, lines(zero))
	m.add(s.TelemetryDropped, lines(zero))
	if c.Sink != "postgres" {
		m.add(s.Stored, none)
		m.add(s.Late, none)
		return
	}
	m.add(s.Stored, lines(func(_ *minute, w work) float64 { return w.messages }))
	m.add(s.Late, lines(func(x *minute, w work) float64 { return late.count(x.number, w.messages/20_000) }))
}

// durationsOf are how long the invocations of a minute take, in milliseconds: none
// longer than the timeout.
func durationsOf(c *pipeline.Consumer, mishaps consumerMishaps, x *minute) []Share {
	most := float64(c.Timeout.Milliseconds())
	durations := []Share{{50, 24}, {35, 45}, {12, 90}, {2.8, 240}, {.2, 900}}
	one := 100 / workOf(c, x).invocations
	if mishaps.cold.at(x) && one <= 50 {
		durations[0].Percent -= one
		durations = append(durations, Share{one, 2800})
	}
	if mishaps.timeout.at(x) && one <= 50 {
		durations[0].Percent -= one
		durations = append(durations, Share{one, most})
	}
	for i := range durations {
		durations[i].Value = min(durations[i].Value, most)
	}
	return durations
}

// queue adds the queues of a consumer. SQS reports nothing of a queue that
// nothing has happened in for six hours, and zeros until then.
func (m *model) queue(c *pipeline.Consumer, s signal.Consumer) {
	noise := seedOf(c.Name + " queue")
	window := c.BatchWindow.Seconds()
	active := func(samples func(x *minute, messages float64) simulator.Samples) func(*minute) simulator.Samples {
		return func(x *minute) simulator.Samples {
			if x.idle >= 6*60 {
				return simulator.Samples{}
			}
			return samples(x, passed(c, x))
		}
	}
	gauge := func(value func(x *minute, messages float64) float64) func(*minute) simulator.Samples {
		return active(func(x *minute, messages float64) simulator.Samples {
			return simulator.One(math.Round(value(x, messages)))
		})
	}
	retried := mishapsOf(c.Name).retried
	m.add(s.QueueAge, gauge(func(x *minute, messages float64) float64 {
		// A message that failed is there until it is seen again.
		if minutes, happened := retried.since(x, int(c.VisibilityTimeout/time.Minute)+1); happened && x.idle <= minutes {
			return min(60*float64(minutes+1), c.VisibilityTimeout.Seconds())
		}
		if messages == 0 {
			return 0
		}
		return window + 1 + 3*noise.uniform(x.number)
	}))
	m.add(s.QueueDepth, gauge(func(x *minute, messages float64) float64 {
		return messages / 60 * (window + .3) * (.7 + noise.uniform(x.number))
	}))
	m.add(s.InFlight, gauge(func(x *minute, messages float64) float64 {
		return messages / 60 * .5 * (.7 + noise.uniform(x.number))
	}))
	moved := active(func(_ *minute, messages float64) simulator.Samples {
		if messages == 0 {
			return simulator.Samples{Count: 1}
		}
		return counted(messages)
	})
	m.add(s.Sent, moved)
	m.add(s.Deleted, moved)
	m.add(s.DLQDepth, none)
	m.add(s.DLQAge, none)
	m.add(s.Undelivered, none)
}

func (m *model) database(d *signal.Database) {
	noise := seedOf("database")
	described := m.pipeline.Database
	add := func(s signal.Signal, samples func(*minute) simulator.Samples) {
		m.add(s, func(x *minute) simulator.Samples {
			if described.MinACU == 0 && x.idle > 6 { // it has paused
				return simulator.Samples{}
			}
			return samples(x)
		})
	}
	gauge := func(value func(*minute) float64) func(*minute) simulator.Samples {
		return func(x *minute) simulator.Samples { return simulator.One(value(x)) }
	}
	// The work is that of so many ACUs: the database is sized for bursts of five
	// times the busiest hour. Aurora follows it up at once and down slowly, as far
	// as it may, and leaves some of the CPU free.
	work := func(x *minute, requests float64) float64 {
		acus := described.MaxACU * (.02 + .1*requests/m.peak()) * (.85 + .3*noise.uniform(x.number))
		if minute := x.at.UTC().Hour()*60 + x.at.UTC().Minute(); minute >= 3*60 && minute < 3*60+12 {
			acus += .3 * described.MaxACU // it is vacuumed
		}
		return acus
	}
	capacity := func(x *minute) float64 {
		wanted := work(x, max(x.recent, x.before)) / .6
		return math.Round(2*min(max(wanted, described.MinACU, .5), described.MaxACU)) / 2
	}
	add(d.Capacity, gauge(capacity))
	add(d.ACUUtilization, gauge(func(x *minute) float64 { return 100 * capacity(x) / described.MaxACU }))
	add(d.CPU, gauge(func(x *minute) float64 { // of the greatest capacity
		return 100 * min(work(x, x.requests), capacity(x)) / described.MaxACU
	}))
	add(d.Connections, gauge(func(x *minute) float64 { return 4 + math.Ceil(8*x.recent/m.peak()) }))
	add(d.FreeMemory, gauge(func(x *minute) float64 {
		return described.MaxACU * 2 * (1 << 30) * (.6 + .05*noise.smooth(x.number, 120))
	}))
	add(d.Deadlocks, gauge(func(x *minute) float64 {
		if m.mishaps.deadlock.at(x) {
			return 1. / 60 // a second
		}
		return 0
	}))
	add(d.TransactionIDs, gauge(func(x *minute) float64 { return 5e7 + 1.5e8*math.Mod(x.days, 20)/20 }))
	add(d.CommitLatency, func(x *minute) simulator.Samples {
		if x.events() == 0 {
			return simulator.Samples{}
		}
		return simulator.One(3 + 2*noise.uniform(x.number))
	})
	m.addRare(d.VolumeUsed, func(x *minute) bool { return x.number%(4*60) == 7 },
		func(x *minute) float64 { return 4e10 + 1e8*math.Mod(x.days, 365) })
	if d.ReplicaLag != nil {
		add(*d.ReplicaLag, func(x *minute) simulator.Samples {
			mean := 12 + 6*noise.uniform(x.number)
			return around(mean, mean-4, mean+9, float64(described.Readers))
		})
	}
}

// alarmPath adds the notifier, which on a normal day gets the heartbeats and
// nothing else.
func (m *model) alarmPath() {
	a := m.signals.AlarmPath
	m.add(a.Invocations, func(x *minute) simulator.Samples { return counted(float64(len(x.heard))) })
	m.add(a.Errors, func(x *minute) simulator.Samples { return simulator.Samples{Count: float64(len(x.heard))} })
	m.add(a.Undelivered, none)
	for _, h := range a.Heartbeats {
		m.add(h.Received, func(x *minute) simulator.Samples {
			if !slices.Contains(x.heard, h.Severity) {
				return simulator.Samples{}
			}
			return simulator.One(1)
		})
	}
}
