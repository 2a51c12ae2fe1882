package signal

import (
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/pipeline"
)

// Catalogue holds every signal of a pipeline.
type Catalogue struct {
	Edge      Edge
	Service   Service
	Topic     Topic
	Consumers []Consumer // in the order of the description
	Database  *Database  // nil where no consumer writes to one
	AlarmPath AlarmPath

	all []Signal
}

// For returns the signals of a pipeline. It cannot fail: the description was
// checked when it was loaded.
func For(p *pipeline.Pipeline) *Catalogue {
	c := &Catalogue{all: make([]Signal, 0, 48+24*len(p.Consumers))}
	c.Edge = c.edge(p)
	c.Service = c.service(p)
	c.Topic = c.topic(p)
	for i := range p.Consumers {
		c.Consumers = append(c.Consumers, c.consumer(&p.Consumers[i]))
	}
	if p.HasDatabase() {
		c.Database = c.database(p)
	}
	c.AlarmPath = c.alarmPath(p)
	return c
}

// All returns every signal, in the order in which an event passes the hops.
// Each has a different ID.
func (c *Catalogue) All() []Signal { return slices.Clone(c.all) }

// Find returns the signal with that ID.
func (c *Catalogue) Find(id string) (Signal, bool) {
	i := slices.IndexFunc(c.all, func(s Signal) bool { return s.ID == id })
	if i < 0 {
		return Signal{}, false
	}
	return c.all[i], true
}

// add notes a signal and returns it.
func (c *Catalogue) add(s Signal) Signal {
	c.all = append(c.all, s)
	return s
}

// source makes signals that share a namespace and dimensions.
type source struct {
	catalogue  *Catalogue
	prefix     string // of the IDs
	hop        Hop
	namespace  string
	dimensions []Dimension
	suffix     string // of the IDs
}

// with returns a source with one more dimension.
func (s source) with(d Dimension) source {
	s.dimensions = append(slices.Clone(s.dimensions), d)
	slices.SortFunc(s.dimensions, func(a, b Dimension) int { return strings.Compare(a.Name, b.Name) })
	return s
}

func (s source) add(id, metric, statistic string, unit Unit, absent Absent, title, meaning string) Signal {
	return s.catalogue.add(Signal{
		ID: s.prefix + id + s.suffix, Hop: s.hop, Title: title, Meaning: meaning,
		Metric:    Metric{s.namespace, metric, s.dimensions},
		Statistic: statistic, Unit: unit, Absent: absent,
	})
}

// logs makes signals from the lines of one program.
type logs struct {
	source
	group string
}

// logNamespace is the namespace of what is counted from a program's lines.
// Metric filters know no dimensions beside a default value, so that the program
// is part of the namespace.
func logNamespace(program string) string { return "Tracehaul/" + program }

// sum adds up a number that lines with a message have.
func (l logs) sum(id, metric, msg, key, title, meaning string) Signal {
	value := "$." + key
	return l.count(id, metric, `{ $.msg = "`+msg+`" && `+value+` = * }`, value, title, meaning)
}

// count counts, for each line that matches a pattern, a value: 1, or a number
// in the line. The latter must be part of the pattern, if only as being there.
// ("Creating metric filters", CloudWatch Logs user guide.)
func (l logs) count(id, metric, pattern, value, title, meaning string) Signal {
	return l.catalogue.add(Signal{
		ID: l.prefix + id + l.suffix, Hop: l.hop, Title: title, Meaning: meaning,
		Metric:    Metric{Namespace: l.namespace, Name: metric},
		Statistic: "Sum", Unit: UnitCount, Absent: AbsentNothing,
		Filter: &LogFilter{Name: metric, LogGroup: l.group, Pattern: pattern, Value: value},
	})
}
