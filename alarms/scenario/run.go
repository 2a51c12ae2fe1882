package scenario

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Run plays a scenario against a set of alarms. The error is about names in the
// scenario that the set does not have, each an [*Error], or about alarms that
// cannot be simulated; that the alarms do something else than expected is in the
// outcome.
func Run(ctx context.Context, set *alarms.Set, s *Scenario) (*Outcome, error) {
	r, err := newRig(set, nil)
	if err != nil {
		return nil, err
	}
	return r.run(ctx, s)
}

// rig is what scenarios are played on: the alarms of one description, and the
// model of its normal day.
type rig struct {
	set    *alarms.Set
	alarms []alarms.Alarm
	model  *model
	bands  bands
}

func newRig(set *alarms.Set, normal map[string]float64) (*rig, error) {
	m, err := newModel(set.Pipeline, set.Signals, ownSignals(set), normal)
	if err != nil {
		return nil, fmt.Errorf("model of %s: %w", set.Pipeline.Prefix(), err)
	}
	r := &rig{set: set, alarms: set.Alarms(), model: m}
	return r, nil
}

func (r *rig) run(ctx context.Context, s *Scenario) (*Outcome, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := r.validate(s); err != nil {
		return nil, err
	}
	record, err := r.record(s, lead(r.alarms), r.alarms)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name(), err)
	}
	near := newNearness(r.alarms, r.model.clock(s.Start))
	if s.normal() {
		record.observe = near.observe
	}
	result, err := r.simulate(record, r.alarms)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name(), err)
	}
	o := r.tell(s, r.alarms, result, nil)
	if s.normal() {
		o.nearest = near.most
	}
	return o, nil
}

// record is the record of a scenario. The notifier hears a heartbeat where the
// alarm that beats goes on, through the topics that it is sent to.
func (r *rig) record(s *Scenario, before time.Duration, all []alarms.Alarm) (*record, error) {
	rec := r.model.record(s, before)
	i := slices.IndexFunc(all, func(a alarms.Alarm) bool { return a.Key == alarms.KeyHeartbeat })
	if i < 0 {
		return rec, nil
	}
	listeners := slices.DeleteFunc(slices.Clone(all), func(a alarms.Alarm) bool { return !r.listens(&a) })
	result, err := r.playFor(rec, all[i:i+1], lead(listeners))
	if err != nil {
		return nil, err
	}
	for _, n := range result.Notices {
		minute := int(n.At.Sub(rec.start) / time.Minute)
		if n.State == alarms.StateAlarm && minute < len(rec.minutes) {
			rec.minutes[minute].heard = all[i].Topics()
		}
	}
	return rec, nil
}

func (r *rig) tell(s *Scenario, all []alarms.Alarm, result *simulator.Result, judged map[string]bool) *Outcome {
	return tell(s, r.model.clock(s.Start), all, r.set.Pipeline.Routing, result, judged)
}

func (r *rig) validate(s *Scenario) error {
	return validate(s, r.set.Pipeline, r.model.all(), r.alarms)
}

// simulate plays a record to some alarms. What one refers to has to be among
// them, before it. The few that look back over days are played by themselves, so
// that the others need not be.
func (r *rig) simulate(rec *record, all []alarms.Alarm) (*simulator.Result, error) {
	patient := map[string]bool{}
	for i := range all {
		if lead(all[i:i+1]) > 12*time.Hour {
			patient[all[i].Key] = true
		}
	}
	if patient = dependents(all, patient); len(patient) == 0 {
		return r.play(rec, all)
	}
	others := slices.DeleteFunc(slices.Clone(all), func(a alarms.Alarm) bool { return patient[a.Key] })
	base, err := r.play(rec, others)
	if err != nil {
		return nil, err
	}
	needed := dependencies(all, patient)
	result, err := r.play(rec, slices.DeleteFunc(slices.Clone(all), func(a alarms.Alarm) bool { return !needed[a.Key] }))
	if err != nil {
		return nil, err
	}
	return merge(base, result, patient), nil
}

func (r *rig) play(rec *record, all []alarms.Alarm) (*simulator.Result, error) {
	return r.playFor(rec, all, lead(all))
}

// playFor plays a record from some time before the scenario on.
func (r *rig) playFor(rec *record, all []alarms.Alarm, before time.Duration) (*simulator.Result, error) {
	sim, err := simulator.New(simulator.Config{
		Alarms:  all,
		DelayAt: rec.delay,
		Observe: rec.observe,
		Band:    r.band(rec.scenario),
	})
	if err != nil {
		return nil, err
	}
	return sim.Run(rec.history(signalsOf(all), before)), nil
}

// lead is how long before a scenario its record begins: as long as the alarms
// look back, and a little more, so that they know how they are when it begins.
func lead(all []alarms.Alarm) time.Duration {
	longest := time.Duration(0)
	for i := range all {
		if m := all[i].Metric; m != nil {
			more := min(m.Period*simulator.ExtraPeriods, time.Hour)
			longest = max(longest, m.Period*time.Duration(m.Periods)+more)
		}
	}
	return longest + 20*time.Minute
}

// signalsOf are the signals that alarms look at, each metric once.
func signalsOf(all []alarms.Alarm) []signal.Signal {
	seen := map[string]bool{}
	var signals []signal.Signal
	for i := range all {
		if all[i].Metric == nil {
			continue
		}
		for _, in := range all[i].Metric.Inputs {
			if key := in.Signal.Metric.Key(); !seen[key] {
				seen[key] = true
				signals = append(signals, in.Signal)
			}
		}
	}
	return signals
}

// bands are what is normal for the signals that are compared with a band.
type bands struct {
	mu    sync.Mutex
	known map[bandKey]band
}

// bandKey is what the two weeks before a scenario depend on.
type bandKey struct {
	start   time.Time
	traffic Traffic
	normal  string
}

// band is [simulator.Config.Band].
type band = func(s signal.Signal, period time.Duration, width float64, at time.Time) (lower, upper float64, ok bool)

// learnFor is how long CloudWatch looks back to learn a band. ("Using CloudWatch
// anomaly detection", CloudWatch user guide.)
const learnFor = 14 * 24 * time.Hour

// band is what was normal in the two weeks before a scenario. Nil if no alarm
// asks.
func (r *rig) band(s *Scenario) band {
	var asking []alarms.Alarm
	for i := range r.alarms {
		if m := r.alarms[i].Metric; m != nil && m.Comparison.Band() {
			asking = append(asking, r.alarms[i])
		}
	}
	if len(asking) == 0 {
		return nil
	}
	r.bands.mu.Lock()
	defer r.bands.mu.Unlock()
	key := bandKey{s.Start, s.Traffic, fmt.Sprint(s.Normal)}
	if known := r.bands.known[key]; known != nil {
		return known
	}
	before := &Scenario{Start: s.Start.Add(-learnFor), Length: learnFor, Traffic: s.Traffic, Normal: s.Normal}
	learnt := simulator.LearnBand(r.model.record(before, 0).history(signalsOf(asking), 0))
	if r.bands.known == nil {
		r.bands.known = map[bandKey]band{}
	}
	r.bands.known[key] = learnt
	return learnt
}
