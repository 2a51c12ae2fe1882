package scenario

import (
	"slices"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// choice is a setting on which it depends whether some signals and alarms are
// there.
type choice struct {
	setting string // as it would have to be
	made    func(*pipeline.Pipeline)
}

// choices are those of a pipeline.
func choices(p *pipeline.Pipeline) []choice {
	all := []choice{
		{"edge.domain", func(p *pipeline.Pipeline) { p.Edge.Domain, p.Edge.HostedZone = "www.example.com", "example.com" }},
		{"edge.waf: true", func(p *pipeline.Pipeline) { p.Edge.WAF = true }},
		{"edge.alb_spans: true", func(p *pipeline.Pipeline) { p.Edge.ALBSpans = true }},
		{"database.readers", func(p *pipeline.Pipeline) { p.Database.Readers = 1 }},
		{"database.min_acu: 0", func(p *pipeline.Pipeline) { p.Database.MinACU = 0 }},
	}
	for i := range p.Consumers {
		setting := "consumers." + p.Consumers[i].Name
		all = append(all,
			choice{setting + ".sink: postgres", func(p *pipeline.Pipeline) { p.Consumers[i].Sink = "postgres" }},
			choice{setting + ".max_concurrency", func(p *pipeline.Pipeline) { p.Consumers[i].MaxConcurrency = 50 }})
	}
	return all
}

// without is the setting that would make the description have what a scenario
// names, or "" if none does so by itself.
func without(p *pipeline.Pipeline, there func(*alarms.Set) bool) string {
	for _, c := range choices(p) {
		other := *p
		other.Consumers = slices.Clone(p.Consumers)
		c.made(&other)
		if set, err := alarms.For(&other); err == nil && there(set) {
			return c.setting
		}
	}
	return ""
}

// hasSignal and hasAlarm are whether something is there that matches a name.
func hasSignal(name string) func(*alarms.Set) bool {
	return func(set *alarms.Set) bool {
		return slices.ContainsFunc(set.Signals.All(), func(s signal.Signal) bool { return matches(name, s.ID) })
	}
}

func hasAlarm(name string) func(*alarms.Set) bool {
	return func(set *alarms.Set) bool {
		return slices.ContainsFunc(set.Alarms(), func(a alarms.Alarm) bool { return matches(name, a.Key) })
	}
}
