package scenario

import (
	"math"
	"time"
)

// minute is what goes on in the pipeline in one minute. All metrics of the
// model follow from it, so that they fit together.
type minute struct {
	at       time.Time
	number   int64   // of the minute since 1970: the noise depends on it
	steady   bool    // whether traffic is a fixed number
	requests float64 // that a target was chosen for
	refused  float64 // of these, with 4XX
	failed   [2]float64
	before   float64 // requests of the minute before
	recent   float64 // mean requests of the last quarter of an hour
	idle     int     // minutes since the last event
	days     float64 // since 1970

	share   [2]float64 // of requests, by target group
	hosts   [2]float64 // healthy tasks, by target group; 0 is no group
	fresh   [2]bool    // whether the group's tasks have just started
	ended   bool       // whether the old group's tasks have just been taken down
	desired float64    // tasks
	running float64
	pending float64
	started float64 // tasks of one version that have started

	heard []string // the topics through which the notifier hears a heartbeat
}

// events is how many events were taken.
func (m *minute) events() float64 {
	return max(0, m.requests-m.refused-m.failed[0]-m.failed[1])
}

// inGroup is how many of the requests went to a target group.
func (m *minute) inGroup(group int) float64 {
	a := math.Round(m.requests * m.share[0])
	if group == 0 {
		return a
	}
	return m.requests - a
}

// weights are how many requests come at an hour, of those at the busiest.
var weights = [25]float64{
	.02, .006, .001, .0005, .001, .01, .06, .25, .6, .9, 1, .95, .7,
	.75, .95, .95, .85, .65, .5, .4, .3, .2, .1, .05, .02,
}

// peak is how many requests a minute come at the busiest hour: a thousand for
// each virtual CPU that always runs.
func (m *model) peak() float64 {
	s := m.pipeline.Service
	return 1000 * float64(s.CPU) / 1024 * float64(s.MinTasks)
}

// normalRequests is how many requests come in a minute of a normal day.
func (m *model) normalRequests(at time.Time, number int64) float64 {
	local := at.In(m.zone)
	hour, within := local.Hour(), float64(local.Minute())/60
	rate := m.peak() * (weights[hour] + (weights[hour+1]-weights[hour])*within)
	if day := local.Weekday(); day == time.Saturday || day == time.Sunday {
		rate *= .25
	}
	rate *= 1 + .05*m.seeds.day.smooth(number, 24*60)
	rate *= 1 + .08*m.seeds.wave.smooth(number, 7)
	if block := number / 20; m.seeds.burst.uniform(block) < .04 {
		rate *= 1.4 // a newsletter, somebody's import
	}
	return m.seeds.requests.count(number, rate)
}

// leadMinutes is how much is made before the first minute that is asked for, so
// that what depends on the past has one: queues fall silent after six hours.
const leadMinutes = 6*60 + 15

// minutes makes a stretch of time. offset is where the scenario's first minute
// is in it.
func (m *model) minutes(start time.Time, n int, offset int, s *Scenario) []minute {
	all := make([]minute, leadMinutes+n)
	sum, idle := 0.0, 0
	for i := range all {
		x := &all[i]
		x.at = start.Add(time.Duration(i-leadMinutes) * time.Minute)
		x.number = x.at.Unix() / 60
		x.days = float64(x.number) / (24 * 60)
		x.steady = s.Traffic.Fixed
		x.requests = m.requests(x, i-leadMinutes-offset, s)
		x.share, x.refused = [2]float64{1, 0}, m.seeds.refused.count(x.number, x.requests*.005)
		sum += x.requests
		x.before = all[max(0, i-1)].requests
		if i >= 15 {
			sum -= all[i-15].requests
		}
		x.recent = sum / float64(min(i+1, 15))
		m.scale(all, i)
	}
	for _, e := range s.Events {
		if e.Deploy {
			m.deploy(all, leadMinutes+offset+int(e.From/time.Minute))
		}
	}
	for i := range all {
		x := &all[i]
		for g := range x.failed {
			mean := x.inGroup(g) / 50_000
			if x.fresh[g] { // a task that is not quite ready
				mean += min(2, x.inGroup(g)/100)
			}
			x.failed[g] = m.seeds.failed[g].count(x.number, mean)
		}
		if idle++; x.events() > 0 {
			idle = 0
		}
		x.idle = idle
	}
	return all[leadMinutes:]
}

// requests is the traffic of a minute with what the scenario says of it. i
// counts from the scenario's beginning.
func (m *model) requests(x *minute, i int, s *Scenario) float64 {
	requests := s.Traffic.Number
	if !s.Traffic.Fixed {
		requests = m.normalRequests(x.at, x.number)
	}
	at := time.Duration(i) * time.Minute
	for _, e := range s.Events {
		if e.Signal != signalTraffic || at < e.From || at >= e.end(s) {
			continue
		}
		if v := e.value(at, s); e.Value.Op == OpTimes {
			requests *= v
		} else {
			requests = v
		}
	}
	return math.Round(max(0, requests))
}

// value is where a ramp is at a time since the beginning.
func (e *Event) value(at time.Duration, s *Scenario) float64 {
	last := e.end(s) - time.Minute // the last minute has the last value
	if last <= e.From {
		return e.Value.To
	}
	return e.Value.From + (e.Value.To-e.Value.From)*float64(at-e.From)/float64(last-e.From)
}

// scale lets autoscaling follow the traffic of the last quarter of an hour. A
// new task takes two minutes to start.
func (m *model) scale(all []minute, i int) {
	x, s := &all[i], m.pipeline.Service
	wanted := math.Ceil(x.recent / m.perTask())
	x.desired = min(max(wanted, float64(s.MinTasks)), float64(s.MaxTasks))
	x.running = x.desired
	for _, before := range all[max(0, i-2):i] {
		x.running = min(x.running, before.desired)
	}
	if _, lost := m.mishaps.task.since(x, 2); lost && x.running > 1 {
		x.running-- // AWS takes a host away
	}
	x.pending = x.desired - x.running
	x.started, x.hosts = x.running, [2]float64{x.running, 0}
}

// perTask is how many requests a minute one task gets before there are more.
func (m *model) perTask() float64 {
	if n := m.pipeline.Service.TargetRequestsPerMinute; n > 0 {
		return float64(n)
	}
	return 200 * float64(m.pipeline.Service.CPU) * float64(m.pipeline.Service.TargetCPUPercent) / 1000
}

// deploy swaps the target groups from a minute on: the new tasks start within
// two minutes and get the canary's share for the canary's bake time, then all,
// and the old ones stand by for the bake time.
func (m *model) deploy(all []minute, from int) {
	d := m.pipeline.Deploy
	canary, shift := from+2, from+2+int(d.CanaryBake/time.Minute)
	gone := shift + int(d.Bake/time.Minute)
	for i := max(from, 0); i < len(all); i++ {
		x := &all[i]
		older, newer := 0, 1
		if x.share[1] > x.share[0] {
			older, newer = 1, 0
		}
		switch {
		case i < canary:
			x.pending += x.desired
		case i < shift:
			x.share[newer] = d.CanaryPercent / 100
			x.share[older] = 1 - x.share[newer]
		default:
			x.share[older], x.share[newer] = 0, 1
		}
		if i >= canary {
			x.hosts[newer], x.fresh[newer] = x.started, i == canary
		}
		if i >= gone {
			x.hosts[older] = 0
		}
		x.ended = x.ended || i == gone
		x.running = x.hosts[0] + x.hosts[1]
	}
}
