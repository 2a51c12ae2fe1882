package scenario

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// model makes what the metrics of a pipeline get on a normal day. It is made
// up, but in proportion: of a size that fits what is described, and with the
// gaps that AWS leaves. The sources beside the signals say where those are.
type model struct {
	pipeline *pipeline.Pipeline
	signals  *signal.Catalogue
	own      []signal.Signal          // that are not in the catalogue
	byMetric map[string]signal.Signal // with their own statistics
	zone     *time.Location
	sources  map[string]source // by the IDs of signals
	mishaps  mishaps
	seeds    struct {
		day, wave, burst, requests, refused, delay seed
		failed                                     [2]seed
	}
}

// source makes what a signal gets in a minute. Samples without any are no data.
type source struct {
	samples func(*minute) simulator.Samples
	// rare is set for a metric that is not reported every minute: it says when.
	rare func(*minute) bool
	// own is set for a metric of a team, of which the model knows nothing.
	own bool
}

// newModel makes the model of a pipeline. own are signals that are not in the
// catalogue, normal the values of signals that somebody says, by ID.
func newModel(p *pipeline.Pipeline, signals *signal.Catalogue, own []signal.Signal, normal map[string]float64) (*model, error) {
	zone, err := time.LoadLocation(p.Routing.TimeZone)
	if err != nil {
		return nil, err
	}
	m := &model{pipeline: p, signals: signals, zone: zone, byMetric: map[string]signal.Signal{}, sources: map[string]source{}}
	m.seeds.day, m.seeds.wave, m.seeds.burst = seedOf("day"), seedOf("wave"), seedOf("burst")
	m.seeds.requests, m.seeds.refused = seedOf("requests"), seedOf("refused")
	m.seeds.delay = seedOf("delay")
	m.seeds.failed = [2]seed{seedOf("failed a"), seedOf("failed b")}
	m.mishaps = ordinaryMishaps()
	m.edge()
	m.service()
	m.topic()
	for i := range signals.Consumers {
		m.consumer(&p.Consumers[i], signals.Consumers[i])
	}
	if signals.Database != nil {
		m.database(signals.Database)
	}
	m.alarmPath()
	return m, m.addOwn(own, normal)
}

// add says what a signal gets.
func (m *model) add(s signal.Signal, samples func(*minute) simulator.Samples) {
	m.sources[s.ID] = source{samples: samples}
}

// addRare says what a signal gets that is not reported every minute.
func (m *model) addRare(s signal.Signal, when func(*minute) bool, value func(*minute) float64) {
	m.sources[s.ID] = source{rare: when, samples: func(x *minute) simulator.Samples {
		if !when(x) {
			return simulator.Samples{}
		}
		return simulator.One(value(x))
	}}
}

// none is a metric that gets no data as long as all is well.
func none(*minute) simulator.Samples { return simulator.Samples{} }

// counted is n samples of 1: how AWS counts what happens, one by one.
func counted(n float64) simulator.Samples {
	if n < 1 {
		return simulator.Samples{}
	}
	return simulator.Samples{Count: n, Sum: n, Min: 1, Max: 1}
}

// summed is a sum over some samples, of which there is one at least.
func summed(sum, samples float64) simulator.Samples {
	samples = max(samples, 1)
	return simulator.Samples{Count: samples, Sum: sum, Min: sum / samples, Max: sum / samples}
}

// around is some samples with a mean, from least to most.
func around(mean, least, most, samples float64) simulator.Samples {
	samples = max(samples, 1)
	return simulator.Samples{Count: samples, Sum: mean * samples, Min: min(least, mean), Max: max(most, mean)}
}

func (m *model) edge() {
	e := m.signals.Edge
	m.add(e.Requests, func(x *minute) simulator.Samples { return counted(x.requests) })
	by := func(name string, share float64) func(*minute) simulator.Samples {
		s := seedOf(name)
		return func(x *minute) simulator.Samples { return counted(s.count(x.number, x.requests*share)) }
	}
	rare := by("elb 5xx", 1./200_000)
	own := func(x *minute) simulator.Samples {
		s := rare(x)
		if x.ended { // tasks hang up on the last requests that they have
			s = counted(s.Sum + math.Floor(min(4, x.requests/50)))
		}
		return s
	}
	kind := seedOf("elb kind") // of all that fail in a minute
	of := func(from, to float64) func(*minute) simulator.Samples {
		return func(x *minute) simulator.Samples {
			if k := kind.uniform(x.number); k < from || k >= to {
				return simulator.Samples{}
			}
			return own(x)
		}
	}
	m.add(e.ELB5XX, own)
	m.add(e.ELB502, of(0, .4))
	m.add(e.ELB504, of(.4, .8))
	m.add(e.ELB4XX, by("elb 4xx", .002))
	m.add(e.Target5XX, func(x *minute) simulator.Samples { return counted(x.failed[0] + x.failed[1]) })
	m.add(e.Target4XX, func(x *minute) simulator.Samples { return counted(x.refused) })
	m.add(e.ResponseTime, m.latency(0, 1))
	m.add(e.Rejected, none)
	m.add(e.ConnectionErrors, func(x *minute) simulator.Samples {
		if x.ended && x.requests > 0 {
			return counted(1)
		}
		return simulator.Samples{}
	})
	for i, g := range e.TargetGroups {
		m.targetGroup(i, g)
	}
	if e.Blocked != nil {
		scanner, some := seedOf("scanner"), seedOf("blocked")
		m.add(*e.Blocked, func(x *minute) simulator.Samples {
			n := some.count(x.number, x.requests*.0005)
			if scanner.uniform(x.number) < .01 { // somebody tries doors
				n += 5 + math.Floor(35*some.uniform(x.number))
			}
			return counted(n)
		})
	}
	if e.Spans != nil {
		m.albSpans(e.Spans)
	}
	if e.Certificate != nil {
		// ACM reports twice a day, and renews a certificate of 13 months 60 days
		// before its end.
		m.addRare(*e.Certificate, func(x *minute) bool { return x.number%(12*60) == 17 },
			func(x *minute) float64 { return 395 - math.Mod(math.Floor(x.days), 335) })
	}
}

// albSpans has a file of each node of the load balancer every five minutes, if
// there were requests.
func (m *model) albSpans(s *signal.ALBSpans) {
	const nodes = 3
	files := func(of simulator.Samples) func(*minute) simulator.Samples {
		return func(x *minute) simulator.Samples {
			if x.number%5 != 1 || x.requests == 0 {
				return simulator.Samples{}
			}
			return of
		}
	}
	m.add(s.Invocations, files(counted(nodes)))
	m.add(s.Errors, none)
	m.add(s.Dropped, none)
	m.add(s.Letters, none)
	lines := files(summed(0, nodes*4)) // Lambda's three, and the function's own
	m.add(s.BadLines, lines)
	m.add(s.FaultyLines, lines)
	m.add(s.TelemetryDropped, lines)
}

func (m *model) targetGroup(i int, g signal.TargetGroup) {
	requests := func(x *minute) float64 { return x.inGroup(i) }
	m.add(g.Requests, func(x *minute) simulator.Samples { return counted(requests(x)) })
	m.add(g.Target5XX, func(x *minute) simulator.Samples { return counted(x.failed[i]) })
	m.add(g.ResponseTime, m.latency(i))
	nodes := float64(m.pipeline.Network.Zones) // of the load balancer: each reports
	hosts := func(healthy bool) func(x *minute) simulator.Samples {
		return func(x *minute) simulator.Samples {
			n := x.hosts[i]
			switch {
			case n == 0:
				return simulator.Samples{}
			case !healthy && x.fresh[i]:
				n = 1
			case !healthy:
				n = 0
			}
			return summed(n*nodes, nodes)
		}
	}
	m.add(g.HealthyHosts, hosts(true))
	m.add(g.UnhealthyHosts, hosts(false))
}

// latencies are the times to answer, in seconds.
var latencies = []Share{
	{20, .018}, {30, .024}, {25, .030}, {15, .040}, {7, .060}, {2.5, .090}, {.4, .150}, {.08, .450}, {.02, 1.2},
}

// coldLatencies are those of tasks that have just started.
var coldLatencies = []Share{{50, .040}, {35, .120}, {13, .450}, {2, 1.6}}

// latency is how long the tasks in some target groups take to answer.
func (m *model) latency(groups ...int) func(*minute) simulator.Samples {
	s := seedOf("latency")
	return func(x *minute) simulator.Samples {
		warm, cold := 0.0, 0.0
		for _, g := range groups {
			if x.fresh[g] {
				cold += x.inGroup(g)
			} else {
				warm += x.inGroup(g)
			}
		}
		samples := s.spread(x.number, warm, latencies)
		if cold == 0 {
			return samples
		}
		return samplesOf(merged(append(samples.Distribution, s.spread(x.number, cold, coldLatencies).Distribution...)))
	}
}

// merged puts buckets in order, with one for each value.
func merged(buckets []simulator.Bucket) []simulator.Bucket {
	slices.SortFunc(buckets, func(a, b simulator.Bucket) int { return cmp.Compare(a.Value, b.Value) })
	var all []simulator.Bucket
	for _, b := range buckets {
		if n := len(all); n > 0 && all[n-1].Value == b.Value {
			all[n-1].Count += b.Count
		} else {
			all = append(all, b)
		}
	}
	return all
}

func (m *model) service() {
	s := m.signals.Service
	full := 20_000 * float64(m.pipeline.Service.CPU) / 1024 // requests a minute that a task can take
	noise := seedOf("service")
	m.add(s.CPU, func(x *minute) simulator.Samples {
		mean := (2 + 100*x.requests/max(x.running, 1)/full) * (1 + .1*noise.normal(x.number))
		mean = min(max(mean, .5), 100)
		return around(mean, .7*mean, min(100, 1.5*mean), x.running)
	})
	m.add(s.Memory, func(x *minute) simulator.Samples {
		mean := 26 + 4*noise.smooth(x.number, 200)
		return around(mean, mean-2, mean+6, x.running)
	})
	m.add(s.RunningTasks, func(x *minute) simulator.Samples { return simulator.One(x.running) })
	m.add(s.DesiredTasks, func(x *minute) simulator.Samples { return simulator.One(x.desired) })
	m.add(s.PendingTasks, func(x *minute) simulator.Samples { return simulator.One(x.pending) })
	m.add(s.ContextsDropped, quietLines)
	m.add(s.TelemetryDropped, func(x *minute) simulator.Samples {
		lines := quietLines(x)
		if x.ended && lines.Count > 0 { // what the tasks had not sent when they ended
			lines = summed(10+math.Floor(50*noise.uniform(x.number)), 1)
		}
		return lines
	})
}

// quietLines counts lines of a service that writes none of the kind. It writes
// others only when there are requests.
func quietLines(x *minute) simulator.Samples {
	if x.requests == 0 {
		return simulator.Samples{}
	}
	return summed(0, 1)
}

func (m *model) topic() {
	t := m.signals.Topic
	m.add(t.Published, func(x *minute) simulator.Samples { return counted(x.events()) })
	sizes := []Share{{60, 1100}, {30, 1900}, {9.5, 4200}, {.5, 11_000}}
	size := seedOf("size")
	m.add(t.PublishSize, func(x *minute) simulator.Samples { return size.spread(x.number, x.events(), sizes) })
	m.add(t.Delivered, func(x *minute) simulator.Samples {
		n := 0.0
		for i := range m.pipeline.Consumers {
			n += passed(&m.pipeline.Consumers[i], x)
		}
		return counted(n)
	})
	// SNS counts what it gave up after all tries, never what it tries again: there
	// is a message in the queue for undelivered ones then, and somebody has to see
	// to it. ("Monitoring Amazon SNS topics using CloudWatch".)
	m.add(t.Failed, none)
	m.add(t.Lost, none)
	m.add(t.FilteredOut, func(x *minute) simulator.Samples {
		n := 0.0
		for i := range m.pipeline.Consumers {
			n += x.events() - passed(&m.pipeline.Consumers[i], x)
		}
		return counted(n)
	})
}

// passed is how many events get past a consumer's filter.
func passed(c *pipeline.Consumer, x *minute) float64 {
	if len(c.FilterPolicy) > 0 {
		return math.Floor(.4 * x.events())
	}
	return x.events()
}
