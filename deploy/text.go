package deploy

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.StripEscape)
	fmt.Fprintln(t, r.title())
	for _, f := range r.Findings {
		fmt.Fprintf(t, "  %s\t%s: %s\n", f.label(), f.Subject, f.Text)
		if f.Runbook != "" && f.Refuses {
			fmt.Fprintf(t, "\t%s\n", f.Runbook)
		}
	}
	fmt.Fprintf(t, "  alarms\t%s\n", r.states())
	if advice := r.advice(); advice != "" {
		fmt.Fprintf(t, "%s\n", advice)
	}
	return t.Flush()
}

func (r *Report) title() string {
	what := strings.Join(r.Components, ", ")
	if !r.Refused {
		return r.Pipeline + ": " + what + " can be deployed"
	}
	return r.Pipeline + ": no deploy of " + what + " now"
}

// states counts the alarms.
func (r *Report) states() string {
	counts := map[string]int{}
	for _, a := range r.Alarms {
		counts[a.State]++
	}
	var parts []string
	add := func(state, what string) {
		if n := counts[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(stateAlarm, "on")
	add("", "missing")
	add("OK", "OK")
	add(stateNoData, "without data (INSUFFICIENT_DATA), which is as good: there was nothing to judge")
	return plural(len(r.Alarms), "alarm that rolls back", "alarms that roll back") + ": " + strings.Join(parts, ", ")
}

// label is the kind of a finding, in a word.
func (f *Finding) label() string {
	switch f.Kind {
	case findingAlarmOn:
		return "ALARM"
	case findingAlarmMissing, findingNoAlarms:
		return "MISSING"
	case findingInProgress:
		return "BUSY"
	}
	return "note"
}

// advice says what the findings mean, and what to do. Empty if there is nothing
// to do.
func (r *Report) advice() string {
	kinds := map[string]bool{}
	for _, f := range r.Findings {
		kinds[f.Kind] = kinds[f.Kind] || f.Refuses
	}
	switch {
	case kinds[findingAlarmOn]:
		return "While one of these alarms is on, ECS looks at none of them for a whole deployment, and CodeDeploy stops at once: see why it is on, then run this again."
	case kinds[findingAlarmMissing], kinds[findingNoAlarms]:
		return "Nobody would roll the deploy back: apply the alarms first."
	case kinds[findingInProgress]:
		return "One deploy at a time: a second one would end the first."
	}
	return ""
}

// WriteText writes the verdict for people.
func (r *Result) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.StripEscape)
	fmt.Fprintf(t, "%s: %s\n", r.Subject, r.headline())
	for _, row := range r.rows() {
		fmt.Fprintf(t, "  %s\t%s\n", row.name, row.text)
	}
	return t.Flush()
}

// headline is the outcome in words, and why.
func (r *Result) headline() string {
	outcome := strings.ReplaceAll(string(r.Outcome), "-", " ")
	if strings.HasPrefix(r.Text, outcome) {
		return r.Text
	}
	return outcome + ": " + r.Text
}

type row struct{ name, text string }

// rows are the verdict's details.
func (r *Result) rows() []row {
	var rows []row
	add := func(name, text string) {
		if text != "" {
			rows = append(rows, row{name, text})
		}
	}
	add("requested", r.Requested.String())
	for i := range r.Serving {
		add("serving", r.Serving[i].details())
	}
	d := r.Deployment
	if d.ID != "" {
		text := d.ID + ", " + d.Status
		if !d.Began.IsZero() {
			text += ", began " + moment(d.Began)
		}
		if !d.Ended.IsZero() {
			text += ", ended " + moment(d.Ended) + " (" + minutes(d.Ended.Sub(d.Began)) + ")"
		}
		add("deployment", text)
	}
	add("reason", d.Reason)
	for i := range r.Alarms {
		add("alarm", r.Alarms[i].story())
	}
	for _, n := range r.Notes {
		add("note", n)
	}
	add("runbook", r.Runbook)
	add("dashboard", r.Dashboard)
	return rows
}

// story is what an alarm has to say.
func (a *Alarm) story() string {
	text := a.Name
	if !a.Since.IsZero() {
		text += ", on since " + moment(a.Since)
	}
	return joined(text, a.Title, a.Reason)
}
