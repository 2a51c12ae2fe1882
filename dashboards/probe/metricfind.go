package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// What a variable can ask Prometheus for. (packages/grafana-prometheus/src
// /metric_find_query.ts.)
var (
	labelNames  = regexp.MustCompile(`^label_names\(\)\s*$`)
	labelValues = regexp.MustCompile(`^label_values\((?:(.+),\s*)?([a-zA-Z_][a-zA-Z0-9_]*)\)\s*$`)
	metricNames = regexp.MustCompile(`^metrics\((.+)\)\s*$`)
	queryResult = regexp.MustCompile(`^query_result\((.+)\)\s*$`)
)

// isPromFind reports whether a query can be for Prometheus alone: old
// dashboards do not tell the data source.
func isPromFind(query string) bool {
	for _, r := range []*regexp.Regexp{labelNames, labelValues, metricNames, queryResult} {
		if r.MatchString(query) {
			return true
		}
	}
	return false
}

// find asks for the values of a variable.
func (p prometheus) find(ctx context.Context, query string, s span) ([]string, error) {
	if labelNames.MatchString(query) {
		return p.texts(ctx, "/api/v1/labels", s, "")
	}
	if m := labelValues.FindStringSubmatch(query); m != nil {
		return p.texts(ctx, "/api/v1/label/"+m[2]+"/values", s, m[1])
	}
	if m := metricNames.FindStringSubmatch(query); m != nil {
		names, err := p.texts(ctx, "/api/v1/label/__name__/values", s, "")
		if err != nil {
			return nil, err
		}
		r, err := regexp.Compile(m[1])
		if err != nil {
			return nil, fmt.Errorf("the regular expression of metrics(): %w", err)
		}
		return slices.DeleteFunc(names, func(name string) bool { return !r.MatchString(name) }), nil
	}
	if m := queryResult.FindStringSubmatch(query); m != nil {
		return p.vector(ctx, m[1], s)
	}
	return nil, errors.New("the query of the variable is not known: want label_values(metric, label), label_names(), metrics(regex) or query_result(query)")
}

// texts asks for names or values.
func (p prometheus) texts(ctx context.Context, path string, s span, match string) ([]string, error) {
	form := url.Values{"start": {seconds(s.from)}, "end": {seconds(s.to)}}
	if strings.ReplaceAll(match, " ", "") != "{}" && match != "" {
		form.Set("match[]", match)
	}
	var list []string
	return list, p.call(ctx, http.MethodGet, path, form, &list)
}

// latest is a series with its value at one time.
type latest struct {
	Metric map[string]string `json:"metric"`
	Value  []any             `json:"value"` // seconds, and a number as text
}

func (l latest) time() time.Time {
	at, _ := l.Value[0].(float64)
	return time.UnixMilli(int64(at * 1000))
}

// vector writes the series that a query finds as Grafana does, for a regular
// expression to take something out of.
func (p prometheus) vector(ctx context.Context, query string, s span) ([]string, error) {
	var data struct {
		ResultType string          `json:"resultType"`
		Result     json.RawMessage `json:"result"`
	}
	form := url.Values{"query": {query}, "time": {seconds(s.to)}}
	if err := p.call(ctx, http.MethodPost, "/api/v1/query", form, &data); err != nil {
		return nil, err
	}
	var series []latest
	switch data.ResultType {
	case "scalar":
		var v []any
		if json.Unmarshal(data.Result, &v) != nil || len(v) != 2 {
			return nil, errGarbled
		}
		return []string{fmt.Sprint(v[1])}, nil
	case "vector":
		if json.Unmarshal(data.Result, &series) != nil {
			return nil, errGarbled
		}
	default:
		return nil, fmt.Errorf("the result is of the type %.40q: want a vector or a number", data.ResultType)
	}
	var list []string
	for _, one := range series {
		if len(one.Value) != 2 {
			return nil, errGarbled
		}
		var labels []string
		for _, name := range slices.Sorted(maps.Keys(one.Metric)) {
			if name != "__name__" {
				labels = append(labels, name+`="`+one.Metric[name]+`"`)
			}
		}
		list = append(list, fmt.Sprintf("%s{%s} %v %v", one.Metric["__name__"], strings.Join(labels, ","), one.Value[1], one.time().UnixMilli()))
	}
	return list, nil
}
