package recorded

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// valuesQuery is a query of a variable for the values of a dimension, as Grafana's
// editor writes it.
type valuesQuery struct {
	QueryType        string           `json:"queryType"`
	Region           string           `json:"region"`
	Namespace        string           `json:"namespace"`
	MetricName       string           `json:"metricName"`
	DimensionKey     string           `json:"dimensionKey"`
	DimensionFilters map[string]texts `json:"dimensionFilters"`

	resource string // of resource_arns: the type
}

// valuesPattern is the same query as a text. ("CloudWatch template variables",
// Grafana documentation.)
var valuesPattern = regexp.MustCompile(`^\s*dimension_values\(([^,]+),\s*([^,]+),\s*([^,]+),\s*([^,)]+)(?:,\s*(.+))?\)\s*$`)

// arnsPattern is a query for the ARNs of resources.
var arnsPattern = regexp.MustCompile(`^\s*resource_arns\(([^,]+),\s*([^,]+),\s*(.+)\)\s*$`)

// arnDimensions are the dimensions that hold the ends of the ARNs of a type of
// resource, and what comes before them.
var arnDimensions = map[string]struct{ dimension, before string }{
	"elasticloadbalancing:loadbalancer": {"LoadBalancer", "loadbalancer/"},
	"elasticloadbalancing:targetgroup":  {"TargetGroup", ""},
}

// arns are the ARNs of the resources that the recording has metrics of.
func (r *Recording) arns(q valuesQuery) (options []string, problem string) {
	d, ok := arnDimensions[q.resource]
	if !ok {
		return nil, fmt.Sprintf("a recording does not know resources of the type %q: want elasticloadbalancing:loadbalancer or elasticloadbalancing:targetgroup", q.resource)
	}
	for _, m := range r.metrics {
		if end := m.dimensions[d.dimension]; end != "" {
			options = append(options, "arn:aws:elasticloadbalancing:"+q.Region+":111122223333:"+d.before+end)
		}
	}
	slices.Sort(options)
	return slices.Compact(options), ""
}

// parseValuesQuery reads a query in either form.
func parseValuesQuery(query json.RawMessage, text string) (valuesQuery, error) {
	var q valuesQuery
	if text == "" {
		if err := json.Unmarshal(query, &q); err != nil {
			return q, fmt.Errorf("cannot be read: %w", err)
		}
		if q.QueryType != "dimensionValues" {
			return q, fmt.Errorf("is of the type %q, which a recording does not answer: want dimensionValues", q.QueryType)
		}
		return q, nil
	}
	if m := arnsPattern.FindStringSubmatch(text); m != nil {
		q.Region, q.resource = strings.TrimSpace(m[1]), strings.TrimSpace(m[2])
		if !json.Valid([]byte(m[3])) {
			return q, fmt.Errorf(`has the tags %s: want JSON such as {"env": ["prod"]}`, m[3])
		}
		return q, nil
	}
	m := valuesPattern.FindStringSubmatch(text)
	if m == nil {
		return q, fmt.Errorf("is %q, which a recording does not answer: want dimension_values(REGION, NAMESPACE, METRIC, DIMENSION, FILTER)", text)
	}
	for i, to := range []*string{&q.Region, &q.Namespace, &q.MetricName, &q.DimensionKey} {
		*to = strings.TrimSpace(m[i+1])
	}
	if m[5] != "" && m[5] != "[]" {
		if err := json.Unmarshal([]byte(m[5]), &q.DimensionFilters); err != nil {
			return q, fmt.Errorf(`has the filter %s: want JSON such as {"LoadBalancer": "$load_balancer"}`, m[5])
		}
	}
	return q, nil
}

// ask answers the query of a variable from the recording.
func (v *variables) ask(d *variable, text string) (options []string, problem string) {
	q, err := parseValuesQuery(d.Query, text)
	if err != nil {
		return nil, fmt.Sprintf("the query of the variable %q %v", d.Name, err)
	}
	for _, s := range []*string{&q.Region, &q.Namespace, &q.MetricName, &q.DimensionKey} {
		if *s, problem = v.fill(*s, "", nil); problem != "" {
			return nil, problem
		}
	}
	wanted := map[string][]string{q.DimensionKey: {anyValue}}
	for key, filters := range q.DimensionFilters {
		var values []string
		for _, f := range filters {
			expanded, problem := v.expand(f, nil)
			if problem != "" {
				return nil, problem
			}
			values = append(values, expanded...)
		}
		wanted[key] = values
	}
	of := fmt.Sprintf("the variable %q has no value: ", d.Name)
	if problem := v.recording.elsewhere(q.Region); problem != "" {
		return nil, of + problem
	}
	if q.resource != "" {
		options, problem = v.recording.arns(q)
	} else {
		options, problem = v.recording.values(q, wanted)
	}
	if problem != "" {
		return nil, of + problem
	}
	matching, err := v.matching(d, options)
	if err != nil {
		return nil, of + err.Error()
	}
	return matching, ""
}

// values are the values of a dimension.
func (r *Recording) values(q valuesQuery, wanted map[string][]string) (options []string, problem string) {
	found, problem := r.find(name{q.Namespace, q.MetricName}, wanted, false)
	if problem != "" {
		return nil, problem
	}
	for _, m := range found {
		options = append(options, m.dimensions[q.DimensionKey])
	}
	slices.Sort(options)
	return slices.Compact(options), ""
}

// matching applies the regular expression of a variable, and its order.
func (v *variables) matching(d *variable, options []string) ([]string, error) {
	pattern, problem := v.fill(d.Regex, "regex", nil)
	if problem != "" {
		return nil, errors.New(problem)
	}
	if pattern == "" {
		return sorted(options, int(d.Sort)), nil
	}
	expression, err := compile(pattern)
	if err != nil {
		return nil, err
	}
	var matching []string
	for _, option := range options {
		if m := expression.FindStringSubmatch(option); m != nil {
			matching = append(matching, captured(expression, m, option))
		}
	}
	if len(matching) == 0 {
		return nil, fmt.Errorf("%s matches none of %s", pattern, some(options))
	}
	return sorted(matching, int(d.Sort)), nil
}

// compile reads a regular expression as Grafana does: /pattern/flags, or a pattern
// that has to match as a whole. (stringToJsRegex of @grafana/data.)
func compile(text string) (*regexp.Regexp, error) {
	pattern, flags := "^(?:"+text+")$", ""
	if inner, ok := strings.CutPrefix(text, "/"); ok {
		i := strings.LastIndex(inner, "/")
		if i < 0 || strings.Trim(inner[i+1:], "gimsuy") != "" {
			return nil, fmt.Errorf("%s is no regular expression: want /pattern/ or /pattern/i", text)
		}
		pattern = strings.ReplaceAll(inner[:i], `\/`, "/")
		var known strings.Builder
		for _, f := range "ims" {
			if strings.ContainsRune(inner[i+1:], f) {
				known.WriteRune(f)
			}
		}
		flags = known.String()
	}
	if flags != "" {
		pattern = "(?" + flags + ")" + pattern
	}
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	return expression, nil
}

// captured is the value that a match selects of an option: its group "value", else
// its first group, else the option.
func captured(expression *regexp.Regexp, match []string, option string) string {
	if i := expression.SubexpIndex("value"); i > 0 && match[i] != "" {
		return match[i]
	}
	if len(match) > 1 {
		return match[1]
	}
	return option
}

var firstNumber = regexp.MustCompile(`\d+`)

// sorted puts options in the order that a variable says, each once. (VariableSort of
// @grafana/data.)
func sorted(options []string, order int) []string {
	var unique []string
	seen := map[string]bool{}
	for _, o := range options {
		if !seen[o] {
			unique = append(unique, o)
		}
		seen[o] = true
	}
	number := func(s string) int {
		n, err := strconv.Atoi(firstNumber.FindString(s))
		if err != nil {
			return -1
		}
		return n
	}
	var compare func(a, b string) int
	switch (order + 1) / 2 {
	case 1:
		compare = cmp.Compare[string]
	case 2, 4: // by number, and as people count
		compare = func(a, b string) int { return cmp.Compare(number(a), number(b)) }
	case 3:
		compare = func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) }
	default:
		return unique
	}
	slices.SortStableFunc(unique, compare)
	if order%2 == 0 {
		slices.Reverse(unique)
	}
	return unique
}
