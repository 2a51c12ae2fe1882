//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// metric is what the store has of one name.
type metric struct {
	name   string
	series []map[string]string // labels without the name
}

// inventory asks the store for all series since a time.
func inventory(ctx context.Context, store string, since time.Time) ([]metric, error) {
	query := url.Values{
		"match[]": {`{__name__!=""}`},
		"start":   {strconv.FormatInt(since.Unix(), 10)},
		"end":     {strconv.FormatInt(time.Now().Unix()+1, 10)},
	}
	body, err := get(ctx, store+"/api/v1/series?"+query.Encode())
	if err != nil {
		return nil, fmt.Errorf("ask for all series: %w", err)
	}
	var answer struct{ Data []map[string]string }
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("ask for all series: %w", err)
	}
	byName := make(map[string][]map[string]string)
	for _, labels := range answer.Data {
		name := labels["__name__"]
		delete(labels, "__name__")
		byName[name] = append(byName[name], labels)
	}
	var all []metric
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		all = append(all, metric{name, byName[name]})
	}
	return all, nil
}

// printInventory lists the labels that all series of a service have, which are
// its resource's, and then the metrics, each with its own labels.
func printInventory(w io.Writer, metrics []metric) error {
	shared := sharedLabels(metrics)
	for _, service := range slices.Sorted(maps.Keys(shared)) {
		if err := printLabels(w, "all metrics of "+service, shared[service]); err != nil {
			return err
		}
	}
	for _, m := range metrics {
		own, services := make(map[string]values), make(values)
		for _, labels := range m.series {
			services[labels[serviceLabel]] = struct{}{}
			for label, value := range labels {
				if shared[labels[serviceLabel]][label] == nil {
					add(own, label, value)
				}
			}
		}
		if err := printLabels(w, fmt.Sprintf("%s  %d series of %s", m.name, len(m.series), services), own); err != nil {
			return err
		}
	}
	return nil
}

const serviceLabel = "service_name"

// values are what a label is.
type values map[string]struct{}

func add(to map[string]values, label, value string) {
	if to[label] == nil {
		to[label] = make(values)
	}
	to[label][value] = struct{}{}
}

// sharedLabels are the labels that every series of a service has, with their
// values, by service.
func sharedLabels(metrics []metric) map[string]map[string]values {
	all := make(map[string]map[string]values)
	series := make(map[string]int)
	with := make(map[string]int) // series that have a label, by service and label
	for _, m := range metrics {
		for _, labels := range m.series {
			service := labels[serviceLabel]
			if series[service]++; all[service] == nil {
				all[service] = make(map[string]values)
			}
			for label, value := range labels {
				with[service+"/"+label]++
				add(all[service], label, value)
			}
		}
	}
	for service, labels := range all {
		maps.DeleteFunc(labels, func(label string, _ values) bool {
			return with[service+"/"+label] < series[service] || label == "scope_name"
		})
	}
	return all
}

func printLabels(w io.Writer, title string, labels map[string]values) error {
	if _, err := fmt.Fprintln(w, title); err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		_, _ = fmt.Fprintf(table, "    %s\t%s\n", label, labels[label])
	}
	return table.Flush()
}

// mostValues is how many values of a label are listed.
const mostValues = 30

func (v values) String() string {
	list, more := slices.Sorted(maps.Keys(v)), ""
	if n := len(list) - mostValues; n > 0 {
		list, more = list[:mostValues], fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(list, " | ") + more
}

// printSeries lists every series of the metrics whose names match.
func printSeries(w io.Writer, metrics []metric, names *regexp.Regexp) error {
	for _, m := range metrics {
		if !names.MatchString(m.name) {
			continue
		}
		for _, labels := range m.series {
			pairs := make([]string, 0, len(labels))
			for _, label := range slices.Sorted(maps.Keys(labels)) {
				pairs = append(pairs, fmt.Sprintf("%s=%q", label, labels[label]))
			}
			if _, err := fmt.Fprintf(w, "%s{%s}\n", m.name, strings.Join(pairs, ", ")); err != nil {
				return err
			}
		}
	}
	return nil
}
