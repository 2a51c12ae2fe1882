package scenario

import (
	"fmt"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// History is what the signals of a set's pipeline get during a scenario, minute
// by minute: a normal day, but for what the scenario says. It comes with the
// signals that are in it: those of the catalogue, then those that only the
// set's alarms know. What the scenario expects is not looked at. The error is
// about names that the set does not have, each an [*Error].
func History(set *alarms.Set, s *Scenario) (*simulator.History, []signal.Signal, error) {
	r, err := newRig(set, nil)
	if err != nil {
		return nil, nil, err
	}
	if err := r.validate(s); err != nil {
		return nil, nil, err
	}
	record, err := r.record(s, time.Hour, r.alarms) // the heartbeat beats once in it
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.Name(), err)
	}
	signals := r.model.all()
	return record.history(signals, 0), signals, nil
}
