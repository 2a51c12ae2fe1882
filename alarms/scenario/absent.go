package scenario

import (
	"slices"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
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

// other is what there would be with a choice made otherwise.
type other struct {
	setting         string
	signals, alarms []string
}

// others are those of all choices, each made by itself.
func others(p *pipeline.Pipeline) (all []other) {
	for _, c := range choices(p) {
		changed := *p
		changed.Consumers = slices.Clone(p.Consumers)
		c.made(&changed)
		set, err := alarms.For(&changed)
		if err != nil {
			continue
		}
		o := other{setting: c.setting}
		for _, s := range set.Signals.All() {
			o.signals = append(o.signals, s.ID)
		}
		for _, a := range set.Alarms() {
			o.alarms = append(o.alarms, a.Key)
		}
		all = append(all, o)
	}
	return all
}

// without is the setting that the description would need for a name to be there, or
// "" if none would do by itself.
func (v *validator) without(what, name string) string {
	if what == "destination" {
		return ""
	}
	if v.others == nil {
		v.others = others(v.pipeline)
	}
	for _, o := range v.others {
		names := o.alarms
		if what == "signal" {
			names = o.signals
		}
		if slices.ContainsFunc(names, func(x string) bool { return matches(name, x) }) {
			return o.setting
		}
	}
	return ""
}
