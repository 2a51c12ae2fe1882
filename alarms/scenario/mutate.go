package scenario

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
)

// mutation is what scenarios notice when alarms are wrong.
type mutation struct {
	Mutants    int        `json:"mutants"`    // that CloudWatch would take
	Refused    int        `json:"refused"`    // that the checks of alarms refuse: nobody can deploy them
	Caught     int        `json:"caught"`     // that some scenario notices
	Equivalent int        `json:"equivalent"` // that are declared to be no fault
	Survivors  []survivor `json:"survivors,omitempty"`
	Stale      []string   `json:"stale,omitempty"` // declared, and noticed or not there

	Took time.Duration `json:"-"`
}

// survivor is a fault that no scenario notices.
type survivor struct {
	Alarm  string `json:"alarm"`
	Change string `json:"change"`
}

// score is how many of the mutants that are a fault are noticed, in percent.
func (m *mutation) score() float64 {
	if faults := m.Mutants - m.Equivalent; faults > 0 {
		return 100 * float64(m.Caught) / float64(faults)
	}
	return 100
}

// text writes the mutants that survive, by alarm, and the score.
func (m *mutation) text(w io.Writer) error {
	var b strings.Builder
	last := ""
	for _, s := range m.Survivors {
		if s.Alarm != last {
			fmt.Fprintf(&b, "%s\n", s.Alarm)
			last = s.Alarm
		}
		fmt.Fprintf(&b, "  not noticed: %s\n", s.Change)
	}
	for _, stale := range m.Stale {
		fmt.Fprintf(&b, "declared as equivalent, but it is noticed or not there: %s\n", stale)
	}
	fmt.Fprintf(&b, "%d of %d faults noticed: %.1f %%; %d equivalent, %d refused by the checks; %s\n",
		m.Caught, m.Mutants-m.Equivalent, m.score(), m.Equivalent, m.Refused, m.Took.Round(10*time.Millisecond))
	_, err := io.WriteString(w, b.String())
	return err
}

// mutateAlarms makes the alarms wrong, one small fault at a time, and plays the
// scenarios until one of them notices. It is asked of those that a set adds to the
// kit's or, if it adds none, of all; keep says of which of them, nil stands for all. Only what a fault can change is played: the alarm, and the
// composites that it is a part of.
func mutateAlarms(ctx context.Context, c Config, equivalents declarations, keep func(key string) bool, paths ...string) (*mutation, error) {
	began := time.Now()
	s, err := load(c, paths)
	if err != nil {
		return nil, err
	}
	b, err := newBaseline(ctx, s)
	if err != nil {
		return nil, err
	}
	asked, err := s.asked()
	if err != nil {
		return nil, err
	}
	keys := slices.DeleteFunc(asked, func(key string) bool { return keep != nil && !keep(key) })
	parts := make([]mutation, len(keys))
	err = s.each(len(keys), func(i int) error { return b.mutate(ctx, keys[i], equivalents, &parts[i]) })
	if err != nil {
		return nil, err
	}
	whole := &mutation{}
	for _, part := range parts {
		whole.Mutants += part.Mutants
		whole.Refused += part.Refused
		whole.Caught += part.Caught
		whole.Equivalent += part.Equivalent
		whole.Survivors = append(whole.Survivors, part.Survivors...)
		whole.Stale = append(whole.Stale, part.Stale...)
	}
	if keep == nil {
		whole.Stale = append(whole.Stale, equivalents.unknown(s.keys())...)
	}
	whole.Took = time.Since(began)
	return whole, nil
}

// baseline is what the alarms do without a fault.
type baseline struct {
	suite   *suite
	results []*simulator.Result // by scenario
	added   []alarms.Alarm      // that are not of the kit
}

// newBaseline plays all scenarios. They must go as expected.
func newBaseline(ctx context.Context, s *suite) (*baseline, error) {
	b := &baseline{suite: s, results: make([]*simulator.Result, len(s.scenarios))}
	var err error
	if b.added, err = added(s.rigs[s.config.Environment].set); err != nil {
		return nil, err
	}
	err = s.each(len(s.scenarios), func(i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		x, r := s.scenarios[i], s.of(s.scenarios[i])
		rec, err := r.record(x, lead(r.alarms), r.alarms)
		if err != nil {
			return fmt.Errorf("%s: %w", x.Name(), err)
		}
		result, err := r.simulate(rec, r.alarms)
		if err != nil {
			return fmt.Errorf("%s: %w", x.Name(), err)
		}
		if o := r.tell(x, r.alarms, result, nil); !o.OK() {
			return fmt.Errorf("%s: %s: mutants can be told only where all is well without them", x.Name(), o.Failures[0].Message)
		}
		b.results[i] = result
		return nil
	})
	return b, err
}

// mutate tries all mutants of one alarm.
func (b *baseline) mutate(ctx context.Context, key string, equivalents declarations, to *mutation) error {
	home := b.suite.rigs[b.suite.config.Environment]
	a, _ := home.set.Find(key)
	trial := newTrial(b, key)
	all := mutants(a)
	to.Stale = equivalents.unmatched(key, all)
	for _, m := range all {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !m.valid(home.set.Pipeline, a, b.added) {
			to.Refused++
			continue
		}
		to.Mutants++
		caught, err := trial.catches(m)
		if err != nil {
			return fmt.Errorf("%s: %w", m, err)
		}
		declared := equivalents.has(m)
		switch {
		case caught:
			to.Caught++
			if declared {
				to.Stale = append(to.Stale, m.String())
			}
		case declared:
			to.Equivalent++
		default:
			to.Survivors = append(to.Survivors, survivor{key, m.change})
		}
	}
	return nil
}
