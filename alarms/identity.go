package alarms

import (
	"fmt"
	"regexp"

	"github.com/tracehaul/tracehaul/pipeline/signal"
)

var signalForm = regexp.MustCompile(`^[a-z][a-z0-9]*([._-][a-z0-9]+)*$`)

// identities are the signals that were seen. They find one with another's name,
// and filters that would take each other's place.
type identities struct {
	byName   map[string]*signal.Signal // in Terraform
	byFilter map[string]*signal.Signal // log group and name
	byMetric map[string]*signal.Signal // with a filter
}

// identify notes the signals of the catalogue.
func identify(c *signal.Catalogue) *identities {
	n := &identities{map[string]*signal.Signal{}, map[string]*signal.Signal{}, map[string]*signal.Signal{}}
	all := c.All()
	for i := range all {
		n.add(&all[i])
	}
	return n
}

// inputs notes the signals of an alarm and says which are others of the same name.
func (n *identities) inputs(m *Metric) (problems []string) {
	for i := range m.Inputs {
		in := &m.Inputs[i]
		if !signalForm.MatchString(in.Signal.ID) {
			problems = append(problems, fmt.Sprintf("input %q: the signal's ID is %q, "+
				"want lower-case words and digits with . - or _ between them, such as refunds.waiting", in.ID, in.Signal.ID))
		} else if problem := n.add(&in.Signal); problem != "" {
			problems = append(problems, fmt.Sprintf("input %q: %s", in.ID, problem))
		}
	}
	return problems
}

// add notes a signal, or says why it cannot stand beside those before it.
func (n *identities) add(s *signal.Signal) (problem string) {
	metric := s.Metric.Key()
	if other := first(n.byName, resource(s.ID), s); other.ID != s.ID || other.Metric.Key() != metric {
		return fmt.Sprintf("the signal's ID %q is taken by %q, the metric %s: want one that differs in more than . - and _", s.ID, other.ID, other.Metric.Key())
	}
	if s.Filter == nil {
		return ""
	}
	if other := first(n.byFilter, place(s.Filter), s); *other.Filter != *s.Filter || other.Metric.Key() != metric || other.Unit != s.Unit {
		return fmt.Sprintf("the log group %s has another filter %q, that of the signal %q: want another name", s.Filter.LogGroup, s.Filter.Name, other.ID)
	}
	if other := first(n.byMetric, metric, s); place(other.Filter) != place(s.Filter) {
		return fmt.Sprintf("the metric %s is made by the filter %q of the log group %s, too: want a metric for each filter, and their sum in Metric.Expression",
			metric, other.Filter.Name, other.Filter.LogGroup)
	}
	return ""
}

// first returns the signal that has a key, which is s if there is none yet.
func first(of map[string]*signal.Signal, key string, s *signal.Signal) *signal.Signal {
	if other, taken := of[key]; taken {
		return other
	}
	of[key] = s
	return s
}

// place is what one filter only can have.
func place(f *signal.LogFilter) string { return f.LogGroup + " " + f.Name }
