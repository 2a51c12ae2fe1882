//go:build unix

package collectorcheck_test

import (
	"fmt"
	"slices"
	"strings"

	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"
)

// got is what has come in.
func (r *receiver) got() counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts
}

// refusals is how many requests it has not taken.
func (r *receiver) refusals() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refused
}

// fault is what was wrong with requests, or nil.
func (r *receiver) fault() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.faults) == 0 {
		return nil
	}
	return fmt.Errorf("%d requests were wrong, such as %s", len(r.faults), r.faults[0])
}

// attributes are those that are texts.
func attributes(list []*commonpb.KeyValue) map[string]string {
	texts := map[string]string{}
	for _, kv := range list {
		texts[kv.Key] = kv.Value.GetStringValue()
	}
	return texts
}

// resources are those of a signal, each once, by the name of the service.
func (r *receiver) resources(signal string) map[string]map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := map[string]map[string]string{}
	add := func(list []*commonpb.KeyValue) {
		a := attributes(list)
		found[a["service.name"]] = a
	}
	switch signal {
	case "traces":
		for _, request := range r.traces {
			for _, rs := range request.ResourceSpans {
				add(rs.GetResource().GetAttributes())
			}
		}
	case "metrics":
		for _, request := range r.metrics {
			for _, rm := range request.ResourceMetrics {
				add(rm.GetResource().GetAttributes())
			}
		}
	case "logs":
		for _, request := range r.logs {
			for _, rl := range request.ResourceLogs {
				add(rl.GetResource().GetAttributes())
			}
		}
	}
	return found
}

// sum adds up all values of a counter that have come in as deltas, and takes the
// last of those that have come in as totals.
func (r *receiver) sum(name string) float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.config.remoteWrite {
		name = strings.ReplaceAll(name, ".", "_") + "_total"
		last := 0.0
		for _, s := range r.series {
			if s.labels["__name__"] == name {
				last = s.last
			}
		}
		return last
	}
	sum := 0.0
	for _, request := range r.metrics {
		for _, m := range metricsOf(request) {
			for _, p := range m.GetSum().GetDataPoints() {
				switch value := float64(p.GetAsInt()) + p.GetAsDouble(); {
				case m.Name != name:
				case totals(m):
					sum = value
				default:
					sum += value
				}
			}
		}
	}
	return sum
}

// names are those of all metrics, as they have come in.
func (r *receiver) names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, s := range r.series {
		names = append(names, s.labels["__name__"])
	}
	for _, request := range r.metrics {
		for _, m := range metricsOf(request) {
			names = append(names, m.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
