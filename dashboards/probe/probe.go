package probe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// run is one call of Run.
type run struct {
	c          *Config
	prometheus prometheus
	postgres   *postgres
	tasks      []task
}

// task is a query that is ready to be asked. Its result is where it is to go.
type task struct {
	result  *Result
	span    span
	instant bool // PromQL
	series  bool // SQL
}

// Run asks the queries of dashboards and returns what came of each, in the
// order of the dashboards: variables, panels, annotations. A query that fails,
// or cannot be asked, is a result like others. Run itself fails if the
// configuration or a dashboard cannot be used, or ctx ends.
func Run(ctx context.Context, c Config, dashboards ...Dashboard) ([]Result, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.WithDefaults()
	models := make([]*model, len(dashboards))
	for i, d := range dashboards {
		m, err := readModel(d)
		if err != nil {
			return nil, err
		}
		models[i] = m
	}
	if err := c.checkVariables(models); err != nil {
		return nil, err
	}
	r := &run{c: &c, prometheus: prometheus{&c}, postgres: &postgres{c: &c}}
	defer r.postgres.close(context.WithoutCancel(ctx))
	var results []*Result
	for _, m := range models {
		results = append(results, r.plan(ctx, m)...)
		if len(results) > MaxQueries {
			return nil, fmt.Errorf("probe: there are more than %d queries: want fewer dashboards at once", MaxQueries)
		}
	}
	r.askAll(ctx)
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	out := make([]Result, len(results))
	for i, result := range results {
		out[i] = *result
	}
	return out, nil
}

// checkVariables finds names that were misspelt.
func (c *Config) checkVariables(models []*model) error {
	known := make(map[string]bool)
	for _, m := range models {
		for _, d := range m.Templating.List {
			known[d.Name] = true
		}
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.Variables)) {
		if !known[name] {
			errs = append(errs, fmt.Errorf("probe: no dashboard has a variable %q: there are %s", name, strings.Join(slices.Sorted(maps.Keys(known)), ", ")))
		}
		if len(c.Variables[name]) == 0 {
			errs = append(errs, fmt.Errorf("probe: the variable %q is given no value", name))
		}
	}
	return errors.Join(errs...)
}

// skip says why queries to a data source are not asked, if they are not.
func (r *run) skip(source string) string {
	switch {
	case slices.Contains(promTypes, source):
		if r.c.Prometheus == "" {
			return "no Prometheus server is given"
		}
	case slices.Contains(sqlTypes, source):
		if r.c.Postgres == "" {
			return "no PostgreSQL is given"
		}
	default:
		return "not asked here: " + source
	}
	return ""
}

// plan finds the values of a dashboard's variables, and the queries to ask.
func (r *run) plan(ctx context.Context, m *model) []*Result {
	variables := newResolver(r, m)
	variables.resolveAll(ctx)
	var results []*Result
	for i := range variables.results {
		results = append(results, &variables.results[i])
	}
	find := variables.lookup(ctx)
	for _, p := range m.drawn() {
		for _, values := range repetitions(p.repeats, find) {
			if len(results) > MaxQueries {
				return results // Run says so
			}
			results = append(results, r.planPanel(m, p.panel, repetition(values, find))...)
		}
	}
	for i := range m.Annotations.List {
		results = append(results, r.planAnnotation(m, &m.Annotations.List[i], find)...)
	}
	return results
}

// repetitions are the values that a panel is repeated for: one without any if
// it is not repeated, or if the values are not known.
func repetitions(names []string, find lookup) []map[string]string {
	list := []map[string]string{nil}
	for _, name := range names {
		v, known, err := find(name)
		if err != nil || !known || len(v.values) == 0 {
			continue
		}
		var next []map[string]string
		for _, before := range list {
			for _, one := range v.values {
				with := map[string]string{name: one}
				maps.Copy(with, before)
				next = append(next, with)
			}
		}
		list = next[:min(len(next), MaxRepetitions)]
	}
	return list
}

func (r *run) planPanel(m *model, p *panel, find lookup) []*Result {
	text := plain(find)
	var results []*Result
	for i := range p.Targets {
		t := &p.Targets[i]
		result := &Result{Dashboard: m.Title, Panel: Panel{p.ID, text(p.Title)}, RefID: t.RefID, Source: t.sourceType(p.Datasource)}
		results = append(results, result)
		from, to, err := p.span(r.c.From, r.c.To, text)
		if err != nil {
			result.Err = err
			continue
		}
		distance := p.intervals(text)
		distance.query, _ = parseInterval(text(t.Interval)) // a variable of Grafana's own stands for none
		s := r.c.promSpan(from, to, distance)
		if slices.Contains(sqlTypes, result.Source) {
			s = r.c.sqlSpan(from, to, distance)
		}
		r.planQuery(result, t, s, find)
	}
	return results
}

// planAnnotation plans the query of an annotation, if it has one that is asked
// here: Grafana's own are for deploys and the like.
func (r *run) planAnnotation(m *model, a *annotation, find lookup) []*Result {
	t := a.Target
	if t == nil {
		t = &target{Expr: a.Expr, RawSQL: a.RawQuery}
	}
	result := &Result{Dashboard: m.Title, Panel: Panel{Title: "annotation " + a.Name}, RefID: t.RefID, Source: t.sourceType(a.Datasource)}
	if t.Expr == "" && t.RawSQL == "" {
		return nil
	}
	table := *t
	table.Format = "table"
	r.planQuery(result, &table, r.c.promSpan(r.c.From, r.c.To, intervals{}), find)
	return []*Result{result}
}

// planQuery fills a query, and makes a task of it unless it is not asked.
func (r *run) planQuery(result *Result, t *target, s span, find lookup) {
	text, usual := t.Expr, language(promValue)
	isSQL := slices.Contains(sqlTypes, result.Source)
	if isSQL {
		text, usual = t.RawSQL, sqlValue
	}
	result.Query = text
	if result.Skipped = r.skip(result.Source); result.Skipped != "" {
		return
	}
	if strings.TrimSpace(text) == "" {
		result.Err = errors.New("the query is empty")
		return
	}
	if result.Query, result.Err = fill(text, s.within(find), usual); result.Err != nil {
		return
	}
	if isSQL {
		if result.Query, result.Err = expandMacros(result.Query, s); result.Err != nil {
			return
		}
	}
	format, _ := t.Format.(string)
	r.tasks = append(r.tasks, task{result, s, t.Instant && !t.Range, format == "time_series" || format == ""})
}

// askAll asks everything, some at once.
func (r *run) askAll(ctx context.Context) {
	next := make(chan task)
	var wg sync.WaitGroup
	for range r.c.Concurrency {
		wg.Go(func() {
			for t := range next {
				r.ask(ctx, t)
			}
		})
	}
	for _, t := range r.tasks {
		if ctx.Err() != nil {
			break
		}
		next <- t
	}
	close(next)
	wg.Wait()
}

func (r *run) ask(ctx context.Context, t task) {
	var f found
	if slices.Contains(sqlTypes, t.result.Source) {
		f, t.result.Err = r.postgres.ask(ctx, t.result.Query, t.series)
	} else {
		f, t.result.Err = r.prometheus.ask(ctx, t.result.Query, t.span, t.instant)
	}
	t.result.Series, t.result.Points, t.result.Other = f.series, f.points, f.other
}
