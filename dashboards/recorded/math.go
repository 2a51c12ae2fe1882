package recorded

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/alarms/metricmath"
)

// expression is metric math that is worked out. What metricmath does not know (the
// functions of graphs alone, and ids that stand for several series) is computed here
// and replaced in the text by ids of single series.
type expression struct {
	run    *run
	period time.Duration       // of all series; 0 as long as none is known
	known  map[string][]series // by id
	silent []string            // the ids that have no datapoints
}

// math evaluates a query that is metric math.
func (p *run) math(t *target, a *answer) {
	text, region := t.Expression, t.Region
	problem := p.texts(&text, &region)
	text = strings.ReplaceAll(text, "$__period_auto", strconv.Itoa(int(p.recording.autoPeriod().Seconds())))
	a.asks = text
	if problem == "" {
		problem = p.recording.elsewhere(region)
	}
	if problem != "" {
		a.problem = problem
		return
	}
	e := &expression{run: p, known: map[string][]series{}}
	list, err := e.list(text)
	a.period = e.period
	switch {
	case err != nil:
		a.problem = err.Error()
	case slices.ContainsFunc(list, func(s series) bool { return s.points() > 0 }):
		a.series = list
	case len(e.silent) > 0:
		a.problem = "the expression has no datapoints, nor has what it is made of: " + strings.Join(e.silent, ", ")
	}
}

var (
	idPattern     = regexp.MustCompile(`\b[a-z][A-Za-z0-9_]*\b`)
	quotedPattern = regexp.MustCompile(`([A-Z][A-Z0-9_]*)\s*\(\s*['"]`)
)

// list works out an expression that is one series or several.
func (e *expression) list(text string) ([]series, error) {
	text = strings.TrimSpace(text)
	if len(text) > metricmath.MaxLength {
		return nil, fmt.Errorf("the expression has %d characters: %d are allowed", len(text), metricmath.MaxLength)
	}
	if m := quotedPattern.FindStringSubmatch(text); m != nil {
		return nil, fmt.Errorf("the function %s is not evaluated here", m[1])
	}
	text, err := e.withoutGraphFunctions(text)
	if err != nil {
		return nil, err
	}
	if inner, ok := enclosed(text); ok {
		var all []series
		for _, item := range split(inner) {
			some, err := e.list(item)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		return all, nil
	}
	for _, id := range idPattern.FindAllString(text, -1) {
		if err := e.know(id); err != nil {
			return nil, err
		}
	}
	if s, ok := e.known[text]; ok {
		return s, nil
	}
	return e.evaluate(text)
}

// know takes over what came of the query with an id.
func (e *expression) know(id string) error {
	if _, ok := e.known[id]; ok {
		return nil
	}
	targets := e.run.panel.Targets
	var ids []string
	for i := range targets {
		other, _ := e.run.variables.fill(targets[i].ID, "", e.run.scoped)
		if other != id || !targets[i].metrics(e.run.panel) {
			ids = append(ids, other)
			continue
		}
		a := e.run.answer(i)
		if a == inProgress {
			return errors.New(a.problem)
		}
		if a.problem != "" {
			e.silent = append(e.silent, id+" ("+a.problem+")")
		}
		if a.period != 0 && e.period != 0 && a.period != e.period {
			return fmt.Errorf("%q has a period of %s, and what stands before it one of %s: want one period", id, written(a.period), written(e.period))
		}
		if a.period != 0 {
			e.period = a.period
		}
		e.known[id] = a.series
		return nil
	}
	return fmt.Errorf("no query of the panel has the id %q%s", id, meant(id, ids))
}

// evaluate works out an expression of known ids. Where an id stands for several
// series the expression may take them together, as in SUM(id), or is worked out for
// each, as in 100 * id.
func (e *expression) evaluate(text string) ([]series, error) {
	if e.period == 0 { // nothing that it is made of was understood
		if _, err := parse(text); err != nil {
			return nil, err
		}
		return nil, nil
	}
	members, most := map[string]series{}, 1
	together := idPattern.ReplaceAllStringFunc(text, func(id string) string {
		ids := e.members(id, members)
		most = max(most, len(ids))
		if len(ids) == 1 {
			return ids[0]
		}
		return "[" + strings.Join(ids, ", ") + "]"
	})
	parsed, err := parse(together)
	switch {
	case err != nil:
		return nil, err
	case parsed != nil:
		return []series{e.eval(parsed, members)}, nil
	case most == 1:
		return nil, errors.New("the expression is a list of series, which is not evaluated here: want a query for each")
	}
	var all []series
	for k := range most {
		one := idPattern.ReplaceAllStringFunc(text, func(id string) string {
			ids := e.members(id, members)
			return ids[min(k, len(ids)-1)]
		})
		if parsed, err = metricmath.Parse(one); err != nil {
			return nil, fmt.Errorf("the expression is none: %w", err)
		}
		all = append(all, e.eval(parsed, members))
	}
	return all, nil
}

// parse reads an expression. One that is several series is right, and nil: metricmath
// knows those of one alone.
func parse(text string) (*metricmath.Expression, error) {
	parsed, err := metricmath.Parse(text)
	if err == nil {
		return parsed, nil
	}
	if _, several := metricmath.Parse("SUM(" + text + ")"); several == nil {
		return nil, nil //nolint:nilnil // as it says above
	}
	return nil, fmt.Errorf("the expression is none: %w", err)
}

// members gives the series of an id ids of their own. One without series has one
// that is empty.
func (e *expression) members(id string, to map[string]series) []string {
	list := e.known[id]
	if len(list) == 0 {
		list = []series{e.run.recording.empty(e.period)}
	}
	ids := make([]string, len(list))
	for i, s := range list {
		ids[i] = id
		if len(list) > 1 {
			ids[i] = id + "_series_" + strconv.Itoa(i)
		}
		to[ids[i]] = s
	}
	return ids
}

func (e *expression) eval(parsed *metricmath.Expression, members map[string]series) series {
	from, count := e.run.recording.grid(e.period)
	return series{e.period, parsed.Eval(
		metricmath.Range{Start: from, Period: e.period, Len: count},
		func(id string) []float64 { return members[id].values },
	)}
}

// runningSum adds up the datapoints of a series.
func runningSum(s series) series {
	out, sum := slices.Clone(s.values), 0.0
	for i, x := range out {
		if !math.IsNaN(x) {
			sum += x
			out[i] = sum
		}
	}
	return series{s.period, out}
}
