package alarms

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Defaults of a [Composite] with a suppressor. Metric alarms are evaluated once
// a minute, so that a minute is the least that makes sense. ("Composite alarm
// action suppression", CloudWatch user guide.)
const (
	defaultWait      = 2 * time.Minute
	defaultExtension = 3 * time.Minute
)

// For returns the alarms of a pipeline: those of the kit and those that a team
// adds. An alarm stands behind those that it refers to.
//
// The error names everything that is wrong with every alarm: what is missing,
// what is there twice, and what CloudWatch's API references say that it refuses.
func For(p *pipeline.Pipeline, more ...Alarm) (*Set, error) {
	if p == nil {
		return nil, errors.New("alarms: the pipeline is nil: want one that pipeline.Load has returned")
	}
	b := &builder{pipeline: p, signals: signal.For(p), snippets: snippet.For(p), alarms: make([]Alarm, 0, 48+32*len(p.Consumers)+len(more))}
	b.kit()
	b.alarms = append(b.alarms, more...)
	s := &Set{Pipeline: p, Signals: b.signals, alarms: b.alarms, byKey: make(map[string]int, len(b.alarms))}
	var errs []error
	right, signals := map[snippet.Snippet]bool{}, identify(s.Signals)
	for i := range s.alarms {
		a := &s.alarms[i]
		a.complete(p)
		for _, problem := range s.check(a, right, signals) {
			errs = append(errs, fmt.Errorf("alarm %q: %s", a.Key, problem))
		}
		if _, twice := s.byKey[a.Key]; !twice {
			s.byKey[a.Key] = i
		}
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("alarms of %s:\n%w", p.Prefix(), errors.Join(errs...))
	}
	return s, nil
}

// complete fills in what the alarm leaves to its defaults.
func (a *Alarm) complete(p *pipeline.Pipeline) {
	if a.Owner == "" {
		a.Owner = p.Owner
	}
	if a.Board == "" {
		a.Board = boardOf(a.Hop)
	}
	if a.Metric != nil {
		m := *a.Metric // the caller's stays as it is
		a.Metric = &m
		m.complete()
	}
	if a.Composite != nil && a.Composite.Suppressor != "" {
		c := *a.Composite
		a.Composite = &c
		if c.Wait == 0 {
			c.Wait = defaultWait
		}
		if c.Extension == 0 {
			c.Extension = defaultExtension
		}
	}
	a.Name = p.AlarmName(a.Key)
	a.Description = a.describe(p)
}

func (m *Metric) complete() {
	if m.Period == 0 {
		m.Period = time.Minute
	}
	if m.Periods == 0 {
		m.Periods = 1
	}
	if m.Datapoints == 0 {
		m.Datapoints = m.Periods
	}
	if m.Unit == "" && len(m.Inputs) == 1 && m.Expression == "" {
		m.Unit = m.Inputs[0].Signal.Unit
	}
	if m.Missing == MissingDefault {
		m.Missing = MissingNotBreaching
		if slices.ContainsFunc(m.Inputs, func(i Input) bool { return i.Signal.Absent == signal.AbsentFault }) {
			m.Missing = MissingBreaching
		}
	}
}

// boardOf is the dashboard on which an alarm's hop is looked at.
func boardOf(hop signal.Hop) string {
	switch hop {
	case signal.HopQueue, signal.HopConsumer:
		return pipeline.BoardConsumers
	case signal.HopDatabase:
		return pipeline.BoardDatabase
	case signal.HopAlarmPath:
		return pipeline.BoardAlarms
	case signal.HopEdge, signal.HopService, signal.HopTopic:
	}
	return pipeline.BoardPipeline
}
