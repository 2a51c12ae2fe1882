package dashboards

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/metricmath"
	"github.com/tracehaul/tracehaul/pipeline"
)

// sound returns the rows of a team as far as they can be drawn. What cannot is
// reported.
func (b *builder) sound(rows []Row) []Row {
	rows = slices.Clone(rows)
	for i := range rows {
		row := &rows[i]
		if !slices.Contains(pipeline.Boards(), row.Board) {
			b.fail("the row %q: there is no board %q: want one of %q", row.Title, row.Board, pipeline.Boards())
		}
		if row.Title == "" {
			b.fail("a row of %s has no title", row.Board)
		}
		row.Panels = slices.Clone(row.Panels)
		for j := range row.Panels {
			p := &row.Panels[j]
			at := fmt.Sprintf("row %q of %s, panel %q", row.Title, row.Board, p.Key)
			p.Queries = b.asking(at+", query", p.Queries)
			p.Otherwise = b.asking(at+", otherwise query", p.Otherwise)
			p.Words = b.meant(at, p.Words)
		}
	}
	return rows
}

// asking are the queries that a data source can be asked.
func (b *builder) asking(at string, queries []Query) []Query {
	var all []Query
	for i := range queries {
		q := &queries[i]
		problems := q.problems()
		for _, problem := range problems {
			b.fail("%s %s: %s", at, strings.TrimSpace(strconv.Itoa(i+1)+" "+q.label), problem)
		}
		if len(problems) == 0 {
			all = append(all, *q)
		}
	}
	return all
}

// meant are the words that have one of the senses.
func (b *builder) meant(at string, words []Word) []Word {
	var all []Word
	for _, w := range words {
		if w.Sense < Good || w.Sense > Bad {
			b.fail("%s: the word %q has no such sense: want Good, Unsure or Bad", at, w.Text)
			continue
		}
		all = append(all, w)
	}
	return all
}

// problems are what is wrong with a query.
func (q *Query) problems() (problems []string) {
	switch {
	case q.source == fromNothing && q.alarm != "":
		return []string{fmt.Sprintf("it asks nothing: the alarm %q joins others; name it in Alarms", q.alarm)}
	case q.source == fromNothing:
		return []string{"it asks nothing: want one that Metric, PromQL or another function made"}
	case !q.metrics():
		if strings.TrimSpace(q.text) == "" {
			return []string{"its text is empty"}
		}
		return nil
	case len(q.inputs) == 0:
		return []string{"there is nothing to ask: want signals or, for Logs Insights, a log group"}
	}
	for i := range q.inputs {
		for _, problem := range alarms.CheckSignal(q.inputs[i].Signal) {
			problems = append(problems, fmt.Sprintf("signal %q: %s", q.inputs[i].ID, problem))
		}
	}
	switch {
	case q.text != "":
		problems = append(problems, q.mathProblems()...)
	case len(q.inputs) > 1:
		problems = append(problems, fmt.Sprintf("there is no expression: want what is made of %d signals", len(q.inputs)))
	}
	return problems
}

// mathProblems are what is wrong with an expression and the ids in it.
func (q *Query) mathProblems() (problems []string) {
	var ids []string
	for i := range q.inputs {
		id := q.inputs[i].ID
		if e, err := metricmath.Parse(id); err != nil || !slices.Equal(e.IDs(), []string{id}) {
			problems = append(problems, fmt.Sprintf("signal %q: an id is a lower-case letter, then letters, digits and underscores", id))
		}
		if slices.Contains(ids, id) {
			problems = append(problems, fmt.Sprintf("the id %q is there twice", id))
		}
		ids = append(ids, id)
	}
	e, err := metricmath.Parse(q.text)
	if err != nil {
		return append(problems, fmt.Sprintf("the expression %q is not metric math: %v", q.text, err))
	}
	for _, id := range e.IDs() {
		if !slices.Contains(ids, id) {
			problems = append(problems, fmt.Sprintf("the expression %q names %q: want one of %q", q.text, id, ids))
		}
	}
	return problems
}
