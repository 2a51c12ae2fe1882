package scenario

import (
	"math"

	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// work is what a consumer does in a minute.
type work struct {
	messages    float64
	invocations float64
	concurrent  float64
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
	w.concurrent = min(1+math.Ceil(w.invocations*invocationSeconds/60), max(2, .6*float64(c.MaxConcurrency)))
	return w
}

func (m *model) consumer(c *pipeline.Consumer, s signal.Consumer) {
	m.queue(c, s)
	noise := seedOf(c.Name)
	m.add(s.Invocations, func(x *minute) simulator.Samples { return counted(workOf(c, x).invocations) })
	// Lambda reports a zero for each invocation that neither fails nor is
	// throttled, and nothing when there are none.
	zeros := func(x *minute) simulator.Samples {
		n := workOf(c, x).invocations
		return simulator.Samples{Count: n}
	}
	m.add(s.Errors, zeros)
	m.add(s.Throttles, zeros)
	most := .3 * float64(c.Timeout.Milliseconds())
	durations := []Share{{50, min(24, most)}, {35, min(45, most)}, {12, min(90, most)}, {2.8, min(240, most)}, {.2, min(900, most)}}
	m.add(s.Duration, func(x *minute) simulator.Samples {
		return noise.spread(x.number, workOf(c, x).invocations, durations)
	})
	m.add(s.Concurrency, func(x *minute) simulator.Samples {
		w := workOf(c, x)
		if w.invocations == 0 {
			return simulator.Samples{}
		}
		return around((1+w.concurrent)/2, 1, w.concurrent, w.invocations)
	})

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
	m.add(s.ItemFailures, lines(func(x *minute, w work) float64 { return failures.count(x.number, w.messages/300_000) }))
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
	m.add(s.QueueAge, gauge(func(x *minute, messages float64) float64 {
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
	capacity := func(x *minute) float64 {
		share := min(.7, .25*x.recent/m.peak())
		return max(.5, math.Round(2*(described.MinACU+share*(described.MaxACU-described.MinACU)))/2)
	}
	add(d.Capacity, gauge(capacity))
	add(d.ACUUtilization, gauge(func(x *minute) float64 { return 100 * capacity(x) / described.MaxACU }))
	add(d.CPU, gauge(func(x *minute) float64 {
		return 100 * capacity(x) / described.MaxACU * (.35 + .15*noise.uniform(x.number))
	}))
	add(d.Connections, gauge(func(x *minute) float64 { return 4 + math.Ceil(8*x.recent/m.peak()) }))
	add(d.FreeMemory, gauge(func(x *minute) float64 {
		return described.MaxACU * 2 * (1 << 30) * (.6 + .05*noise.smooth(x.number, 120))
	}))
	add(d.Deadlocks, gauge(func(*minute) float64 { return 0 }))
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

// alarmPath adds the notifier, which on a normal day gets a heartbeat an hour
// through each topic and nothing else.
func (m *model) alarmPath() {
	a := m.signals.AlarmPath
	beats := func(x *minute) bool { return x.number%60 == 3 }
	m.add(a.Invocations, func(x *minute) simulator.Samples {
		if !beats(x) {
			return simulator.Samples{}
		}
		return counted(float64(len(a.Heartbeats)))
	})
	m.add(a.Errors, func(x *minute) simulator.Samples {
		if !beats(x) {
			return simulator.Samples{}
		}
		return simulator.Samples{Count: float64(len(a.Heartbeats))}
	})
	m.add(a.Undelivered, none)
	for _, h := range a.Heartbeats {
		m.add(h.Received, func(x *minute) simulator.Samples {
			if !beats(x) {
				return simulator.Samples{}
			}
			return simulator.One(1)
		})
	}
}
