package recorded

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Query is what came of one query of a panel.
type Query struct {
	Dashboard string `json:"dashboard"` // the title
	Panel     string `json:"panel"`     // the title
	PanelID   int64  `json:"panel_id"`  // 0 for a panel without
	RefID     string `json:"ref_id"`
	Asks      string `json:"asks"`    // the metric with its statistic and period, or the expression
	Series    int    `json:"series"`  // that have datapoints
	Points    int    `json:"points"`  // of all series
	Problem   string `json:"problem"` // why nothing came back, or nothing that says anything; else empty
}

// Evaluate runs every query of a dashboard for metrics of CloudWatch, those that
// are hidden included, in the order of the file. The content is Grafana's JSON,
// of 5 MiB at most; the error says that it is none.
func (r *Recording) Evaluate(content []byte) ([]Query, error) {
	var queries []Query
	err := r.each(content, func(p *run, i int) error {
		t, a := &p.panel.Targets[i], p.answer(i)
		title, _ := p.variables.fill(p.panel.Title, "", p.scoped)
		id, _ := p.panel.ID.Int64()
		q := Query{
			Dashboard: p.dashboard.Title, Panel: title, PanelID: id, RefID: t.RefID, Asks: a.asks, Problem: a.problem,
		}
		for _, s := range a.series {
			if n := s.points(); n > 0 {
				q.Series++
				q.Points += n
			}
		}
		queries = append(queries, q)
		return nil
	})
	return queries, err
}

// each visits every query of a dashboard for metrics of CloudWatch.
func (r *Recording) each(content []byte, visit func(p *run, i int) error) error {
	d, err := parseDashboard(content)
	if err != nil {
		return err
	}
	v := newVariables(r, d.Templating.List)
	count := 0
	for _, in := range d.instances(v) {
		p := &run{instance: in, recording: r, dashboard: d, variables: v, answers: make([]*answer, len(in.panel.Targets))}
		for i := range in.panel.Targets {
			if !in.panel.Targets[i].metrics(in.panel) {
				continue
			}
			if count++; count > maxQueries {
				return fmt.Errorf("the dashboard has more than %d queries, repeated panels included", maxQueries)
			}
			if err := visit(p, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// run is the evaluation of one panel: its queries know each other by their ids.
type run struct {
	instance
	recording *Recording
	dashboard *dashboard
	variables *variables
	answers   []*answer // by target
}

// answer is what came of one query.
type answer struct {
	asks    string
	period  time.Duration // of the series; 0 for a query that was not understood
	series  []series
	problem string

	// Of a query by name: the metrics that it is about, and how they are read.
	found []*metric
	reads string
	asked time.Duration // the period that it asks for
}

// inProgress is the answer of an expression while it is worked out.
var inProgress = &answer{problem: "the expression depends on itself"}

// answer evaluates a query, once.
func (p *run) answer(i int) *answer {
	if p.answers[i] != nil {
		return p.answers[i]
	}
	p.answers[i] = inProgress
	t, a := &p.panel.Targets[i], &answer{}
	code := t.MetricEditorMode != nil && *t.MetricEditorMode == 1 || t.MetricEditorMode == nil && t.Expression != ""
	switch {
	case t.MetricQueryType == 1:
		a.asks, a.problem = t.SQL, "Metrics Insights is not evaluated here: ask for the metric by name"
	case t.MetricQueryType != 0:
		a.asks, a.problem = t.Expression, fmt.Sprintf("the metricQueryType is %v: want 0, by name or metric math", t.MetricQueryType)
	case code:
		p.math(t, a)
	default:
		p.metric(t, a)
	}
	if a.problem == "" && !slices.ContainsFunc(a.series, func(s series) bool { return s.points() > 0 }) {
		a.problem = "there are no datapoints in the recording, of " + written(p.recording.end.Sub(p.recording.start))
	}
	p.answers[i] = a
	return a
}

// texts fills in the variables of texts, and returns the first problem.
func (p *run) texts(all ...*string) (problem string) {
	for _, text := range all {
		filled, wrong := p.variables.fill(*text, "", p.scoped)
		*text = filled
		if problem == "" {
			problem = wrong
		}
	}
	return problem
}

// metric evaluates a query by name.
func (p *run) metric(t *target, a *answer) {
	n, region, statistic, period := name{t.Namespace, t.MetricName}, t.Region, t.Statistic, t.Period.first()
	problems := []string{p.texts(&n.namespace, &n.metric, &region, &statistic, &period)}
	wanted, problem := p.dimensions(t)
	length, err := p.period(period)
	if err != nil {
		problems = append(problems, err.Error())
	}
	a.asks = asks(n, wanted, statistic, length)
	problems = append(problems, problem, p.recording.elsewhere(region), incomplete(n, statistic))
	if i := slices.IndexFunc(problems, func(s string) bool { return s != "" }); i >= 0 {
		a.problem = problems[i]
		return
	}
	a.period, a.asked, a.reads = length, length, statistic
	exactly := t.MatchExact == nil || *t.MatchExact // as Grafana takes it
	if a.found, a.problem = p.recording.find(n, wanted, exactly); a.problem != "" {
		return
	}
	p.read(a, statistic, length)
}

// read reads the metrics that were found. Of several, which Grafana searches for
// with REMOVE_EMPTY(SEARCH(...)), those are drawn that have datapoints.
func (p *run) read(a *answer, statistic string, period time.Duration) {
	for _, m := range a.found {
		s, err := p.recording.ask(m, statistic, period)
		a.period = s.period
		switch {
		case err == nil && (len(a.found) == 1 || s.points() > 0):
			a.series = append(a.series, s)
		case err != nil && a.problem == "":
			a.problem = err.Error()
		}
	}
	if len(a.series) > 0 {
		a.problem = ""
	}
}

// incomplete says what Grafana does not ask CloudWatch without.
func incomplete(n name, statistic string) string {
	switch "" {
	case n.namespace:
		return "the query names no namespace"
	case n.metric:
		return "the query names no metric"
	case statistic:
		return "the query has no statistic: want one such as Sum, Average or p99"
	}
	return ""
}

// dimensions are those of a query by name, with all values that would do.
func (p *run) dimensions(t *target) (wanted map[string][]string, problem string) {
	wanted = map[string][]string{}
	for _, key := range keys(t.Dimensions) {
		dimension := key
		wrong := p.texts(&dimension)
		var values []string
		for _, text := range t.Dimensions[key] {
			expanded, lacking := p.variables.expand(text, p.scoped)
			values = append(values, expanded...)
			if wrong == "" {
				wrong = lacking
			}
		}
		if wrong == "" && (len(values) == 0 || slices.Contains(values, "")) {
			wrong = fmt.Sprintf("the dimension %q has no value", dimension)
		}
		if problem == "" {
			problem = wrong
		}
		wanted[dimension] = values
	}
	return wanted, problem
}

var secondsPattern = regexp.MustCompile(`^\d{1,7}$`)

// autoPeriods are those that Grafana chooses from, so that there are 2000
// datapoints at most. (calculatePeriodBasedOnTimeRange of its CloudWatch data source.)
var autoPeriods = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}

// period reads the period of a query: seconds, a length of time, or what fits.
func (p *run) period(text string) (time.Duration, error) {
	var length time.Duration
	var err error
	switch {
	case text == "" || strings.EqualFold(text, "auto"):
		return p.recording.autoPeriod(), nil
	case secondsPattern.MatchString(text):
		seconds, _ := strconv.Atoi(text) // there are digits
		length = time.Duration(seconds) * time.Second
	case strings.HasSuffix(text, "d"):
		length, err = time.ParseDuration(strings.TrimSuffix(text, "d") + "h")
		length *= 24
	default:
		length, err = time.ParseDuration(text)
	}
	if err != nil || length < time.Minute || length%time.Minute != 0 || length > maxRange {
		return 0, fmt.Errorf("the period is %q: want whole minutes, such as 60 or 5m, or auto", text)
	}
	return length, nil
}

func (r *Recording) autoPeriod() time.Duration {
	least := r.end.Sub(r.start) / 2000
	for _, length := range autoPeriods {
		if length >= least {
			return length
		}
	}
	return autoPeriods[len(autoPeriods)-1]
}

// asks describes a query by name.
func asks(n name, wanted map[string][]string, statistic string, period time.Duration) string {
	dimensions := map[string]string{}
	for dimension, values := range wanted {
		dimensions[dimension] = strings.Join(values, "|")
	}
	return fmt.Sprintf("%s %s %s%s every %s", statistic, n.namespace, n.metric, described(dimensions), written(period))
}

// written writes a length of time without the zeros at its end.
func written(length time.Duration) string {
	text := length.String()
	if cut, ok := strings.CutSuffix(text, "m0s"); ok {
		text = cut + "m"
	}
	if cut, ok := strings.CutSuffix(text, "h0m"); ok {
		text = cut + "h"
	}
	return text
}
