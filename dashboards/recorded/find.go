package recorded

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/internal/spelling"
)

// anyValue is a dimension's value that stands for all.
const anyValue = "*"

// elsewhere says that a region is another one than the recording's.
func (r *Recording) elsewhere(region string) (problem string) {
	if r.region == "" || region == "" || region == "default" || region == r.region {
		return ""
	}
	return fmt.Sprintf("it asks the region %q: the metrics are in %s", region, r.region)
}

// find returns the metrics of a name whose dimensions have one of the values that
// are wanted. Exactly means that a metric has these dimensions and no others. Where
// there is none, the problem says what comes nearest.
func (r *Recording) find(n name, wanted map[string][]string, exactly bool) (found []*metric, problem string) {
	for _, m := range r.named[n] {
		if m.matches(wanted) && (!exactly || len(m.dimensions) == len(wanted)) {
			found = append(found, m)
		}
	}
	if len(found) == 0 {
		problem = r.lacks(n, wanted, exactly)
	}
	return found, problem
}

func (m *metric) matches(wanted map[string][]string) bool {
	for dimension, values := range wanted {
		value, ok := m.dimensions[dimension]
		if !ok || !slices.Contains(values, value) && !slices.Contains(values, anyValue) {
			return false
		}
	}
	return true
}

// lacks says why there is no metric: the first of its names that is unknown, with
// the nearest one that is known.
func (r *Recording) lacks(n name, wanted map[string][]string, exactly bool) string {
	if len(r.named[n]) == 0 {
		var namespaces, metrics, others []string
		for _, m := range r.metrics {
			namespaces = append(namespaces, m.namespace)
			if m.namespace == n.namespace {
				metrics = append(metrics, m.metric)
			}
			if m.metric == n.metric {
				others = append(others, m.namespace)
			}
		}
		switch {
		case len(metrics) > 0:
			return fmt.Sprintf("%s has no metric %q%s", n.namespace, n.metric, meant(n.metric, metrics))
		case len(others) > 0:
			return fmt.Sprintf("there is no namespace %q: %s is in %s", n.namespace, n.metric, some(others))
		}
		return fmt.Sprintf("there is no namespace %q%s", n.namespace, meant(n.namespace, namespaces))
	}
	var sets []string
	values := map[string][]string{} // of the metrics that have the wanted dimensions
	for _, m := range r.named[n] {
		names := slices.Sorted(maps.Keys(m.dimensions))
		sets = append(sets, setOf(names))
		if !m.has(wanted, exactly) {
			continue
		}
		for _, dimension := range names {
			values[dimension] = append(values[dimension], m.dimensions[dimension])
		}
	}
	if len(values) == 0 {
		return fmt.Sprintf("%s %s is there with other dimensions: it has %s, not %s", n.namespace, n.metric, some(sets), setOf(keys(wanted)))
	}
	return lacksValue(n, wanted, values)
}

// has reports whether the metric has the dimensions, whatever their values.
func (m *metric) has(wanted map[string][]string, exactly bool) bool {
	for dimension := range wanted {
		if _, ok := m.dimensions[dimension]; !ok {
			return false
		}
	}
	return len(wanted) > 0 && (!exactly || len(m.dimensions) == len(wanted))
}

// lacksValue says which dimension has a value that no metric has. Where each has one
// that some metric has, none has them all.
func lacksValue(n name, wanted, values map[string][]string) string {
	for _, dimension := range keys(wanted) {
		for _, value := range wanted[dimension] {
			if value == anyValue || slices.Contains(values[dimension], value) {
				continue
			}
			near := meant(value, values[dimension])
			if near == "" {
				near = ": there is " + some(values[dimension])
			}
			return fmt.Sprintf("no %s %s has the %s %q%s", n.namespace, n.metric, dimension, value, near)
		}
	}
	var parts []string
	for _, dimension := range keys(wanted) {
		parts = append(parts, dimension+"="+strings.Join(wanted[dimension], "|"))
	}
	return fmt.Sprintf("no %s %s has all of %s", n.namespace, n.metric, strings.Join(parts, ", "))
}

// setOf writes a set of dimensions.
func setOf(dimensions []string) string {
	if len(dimensions) == 0 {
		return "none"
	}
	return strings.Join(dimensions, "+")
}

func keys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// some lists a few names, each once.
func some(names []string) string {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	const few = 3
	if more := len(names) - few; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), more)
	}
	return strings.Join(names, ", ")
}

// meant adds to a message which known name an unknown one is close to.
func meant(unknown string, known []string) string {
	best := spelling.Nearest(unknown, slices.Sorted(slices.Values(known)))
	if best == "" {
		return ""
	}
	return ": is " + best + " meant?"
}
