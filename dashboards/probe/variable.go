package probe

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	all          = "$__all"
	autoInterval = "$__auto_interval_"
)

// resolver finds out what the variables of a dashboard are. A variable may use
// others.
type resolver struct {
	run   *run
	board *model
	span  span

	known   map[string]*resolved
	results []Result // of the queries of variables
}

// resolved is a variable whose value is known, or why it is not.
type resolved struct {
	value   value
	err     error
	pending bool // it is being found out
}

var errCircle = errors.New("the variable uses itself, by way of others or not")

func newResolver(r *run, m *model) *resolver {
	return &resolver{run: r, board: m, span: r.c.promSpan(r.c.From, r.c.To, intervals{}), known: make(map[string]*resolved)}
}

// lookup finds variables of the dashboard.
func (r *resolver) lookup(ctx context.Context) lookup {
	return func(name string) (value, bool, error) {
		if of, ok := strings.CutPrefix("$"+name, autoInterval); ok {
			name = of
		}
		for i := range r.board.Templating.List {
			if d := &r.board.Templating.List[i]; d.Name == name {
				v := r.resolve(ctx, d)
				return v.value, true, v.err
			}
		}
		if name == "__dashboard" {
			return value{values: []string{r.board.Title}}, true, nil
		}
		return value{}, false, nil
	}
}

// resolveAll asks for the values of all variables, used or not.
func (r *resolver) resolveAll(ctx context.Context) {
	for i := range r.board.Templating.List {
		r.resolve(ctx, &r.board.Templating.List[i])
	}
}

func (r *resolver) resolve(ctx context.Context, d *definition) *resolved {
	v := r.known[d.Name]
	switch {
	case v == nil:
		v = &resolved{pending: true}
		r.known[d.Name] = v
		v.value, v.err = r.find(ctx, d)
		v.pending = false
	case v.pending:
		return &resolved{err: errCircle}
	}
	return v
}

// find gets the options of a variable and chooses among them.
func (r *resolver) find(ctx context.Context, d *definition) (value, error) {
	options, err := r.options(ctx, d)
	if given, ok := r.run.c.Variables[d.Name]; ok {
		return r.chosen(d, given, options)
	}
	if err != nil {
		return value{}, err
	}
	current := texts(d.Current.Value)
	if d.Type == "query" && options != nil { // Grafana keeps what is chosen as long as there is such an option
		current = slices.DeleteFunc(current, func(v string) bool { return v != all && !slices.Contains(options, v) })
	}
	if len(current) == 0 || len(current) == 1 && current[0] == "" && len(options) > 0 {
		if current = []string{all}; !d.IncludeAll {
			if current = options[:min(1, len(options))]; len(current) == 0 {
				return value{}, fmt.Errorf("the variable %s has no value: want a current one, or one given", d.Name)
			}
		}
	}
	return r.chosen(d, current, options)
}

// chosen is the value for the chosen options.
func (r *resolver) chosen(d *definition, values, options []string) (value, error) {
	v := value{values: values, many: d.Multi || d.IncludeAll}
	if slices.Contains(values, all) {
		if d.AllValue != nil && *d.AllValue != "" {
			v.raw = d.AllValue
		}
		if v.values = options; len(options) == 0 && v.raw == nil {
			return v, fmt.Errorf("the variable %s is to be all its values, and there are none", d.Name)
		}
	}
	if d.Type == "interval" && len(values) == 1 && strings.HasPrefix(values[0], autoInterval) {
		v.values = []string{formatInterval(d.auto(r.span))}
	}
	return v, nil
}

// options are what can be chosen. Nil means that this is not known.
func (r *resolver) options(ctx context.Context, d *definition) ([]string, error) {
	switch d.Type {
	case "custom", "interval":
		return listed(d.query()), nil
	case "constant", "textbox":
		return []string{d.query()}, nil
	case "query":
		return r.queried(ctx, d)
	default:
		return nil, nil // a data source, or what Grafana applies by itself
	}
}

// queried asks for the options, and keeps a result of that. What cannot be
// asked leaves the value that the dashboard was saved with.
func (r *resolver) queried(ctx context.Context, d *definition) ([]string, error) {
	t := target{Datasource: d.Datasource}
	if isPromFind(d.query()) {
		t.Expr = d.query()
	}
	result := Result{Dashboard: r.board.Title, Panel: Panel{Title: "variable " + d.Name}, Source: t.sourceType(nil), Query: d.query()}
	defer func() { r.results = append(r.results, result) }()
	var usual language
	var ask func(context.Context, string, span) ([]string, error)
	switch result.Skipped = r.run.skip(result.Source); {
	case result.Skipped != "":
		return nil, nil
	case slices.Contains(promTypes, result.Source):
		usual, ask = promValue, r.run.prometheus.find
	default:
		usual, ask = sqlValue, r.run.postgres.find
	}
	query, err := fill(d.query(), r.span.within(r.lookup(ctx)), usual)
	if err == nil && slices.Contains(sqlTypes, result.Source) {
		query, err = expandMacros(query, r.span)
	}
	if err != nil {
		result.Err = err
		return nil, err
	}
	result.Query = query
	values, err := ask(ctx, query, r.span)
	if err == nil {
		values, err = narrowed(values, d.Regex)
	}
	if err != nil {
		result.Err = err
		return nil, fmt.Errorf("the values of the variable %s are not known: %w", d.Name, err)
	}
	result.Series, result.Points, result.Other = len(values), len(values), len(values)
	return values, nil
}

var (
	customOption = regexp.MustCompile(`(?:\\,|[^,])+`)
	customPair   = regexp.MustCompile(`^\s*(.+)\s:\s(.+)$`)
)

// listed reads the options of a custom variable: a, b : value of b.
func listed(query string) []string {
	options := []string{}
	for _, option := range customOption.FindAllString(query, MaxValues) {
		option = strings.ReplaceAll(option, `\,`, ",")
		if pair := customPair.FindStringSubmatch(option); pair != nil {
			option = pair[2]
		}
		options = append(options, strings.TrimSpace(option))
	}
	return options
}

// narrowed applies the regular expression of a variable: what does not match
// is no option, and a group is what is taken of one that does. (public/app
// /features/variables/query/reducer.ts: metricNamesToVariableValues.)
func narrowed(values []string, pattern string) ([]string, error) {
	if pattern == "" {
		return unique(values), nil
	}
	if rest, ok := strings.CutPrefix(pattern, "/"); ok {
		end := strings.LastIndex(rest, "/")
		if end < 0 {
			return nil, fmt.Errorf("the regular expression %.80q has no end", pattern)
		}
		pattern = rest[:end]
		if strings.Contains(rest[end:], "i") {
			pattern = "(?i)" + pattern
		}
	}
	r, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("the regular expression %.80q: %w", pattern, err)
	}
	group := 0
	if r.NumSubexp() > 0 {
		group = 1
	}
	if i := r.SubexpIndex("value"); i > 0 {
		group = i
	}
	var kept []string
	for _, v := range values {
		if m := r.FindStringSubmatch(v); m != nil {
			kept = append(kept, m[group])
		}
	}
	return unique(kept), nil
}

// unique drops what is there already, or empty, or too much.
func unique(values []string) []string {
	kept := []string{}
	seen := make(map[string]bool, len(values))
	for _, v := range values {
		if v != "" && !seen[v] && len(kept) < MaxValues {
			seen[v] = true
			kept = append(kept, v)
		}
	}
	return kept
}

// auto is the interval that Grafana chooses.
func (d *definition) auto(s span) time.Duration {
	const count, least = 30, 10 * time.Second // Grafana's defaults
	minimum, err := parseInterval(d.AutoMin)
	if err != nil {
		minimum = least
	}
	if d.AutoCount > 0 && d.AutoCount <= safePoints {
		return chooseInterval(s.length(), d.AutoCount, minimum, 0)
	}
	return chooseInterval(s.length(), count, minimum, 0)
}
