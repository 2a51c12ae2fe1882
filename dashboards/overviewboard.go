package dashboards

import (
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/internal/figure"
	"github.com/tracehaul/tracehaul/pipeline"
)

// alarmRows show what every alarm watches: the most urgent first, those that
// only deploys look at last. Alarms with one threshold that make a composite
// together share a panel.
func (b *builder) alarmRows() []Row {
	rows := []Row{b.alarmTable()}
	joins := b.joins()
	shown := windows(b.all)
	for _, section := range []struct {
		title string
		holds func(*alarms.Alarm) bool
	}{
		{"Pages", func(a *alarms.Alarm) bool { return a.Severity == pipeline.SeverityPage }},
		{"Tickets", func(a *alarms.Alarm) bool { return a.Severity == pipeline.SeverityTicket }},
		{"Notices", func(a *alarms.Alarm) bool { return a.Severity == pipeline.SeverityNotice && a.Rollback == "" }},
		{"What rolls deploys back", func(a *alarms.Alarm) bool { return a.Severity == pipeline.SeverityNotice && a.Rollback != "" }},
	} {
		row := Row{Title: section.title}
		for _, group := range shown {
			if section.holds(group[0]) {
				row.Panels = append(row.Panels, alarmPanel(group, joins))
			}
		}
		rows = append(rows, row)
	}
	p := b.signals.AlarmPath
	received := make([]Query, len(p.Heartbeats))
	for i, h := range p.Heartbeats {
		received[i] = Metric(h.Received, h.Severity).Every(hour)
	}
	return append(rows, Row{Title: "The way to people", Panels: []Panel{
		{
			Key: "notifier-invocations", Title: "Notifier, by the hour", Unit: "short", Since: "24h",
			Description: "Messages of alarm topics that the notifier was given, and tries that failed. Good is a few an hour and no failures: the heartbeat alone makes one for each topic.",
			Queries:     list(Metric(p.Invocations, "invocations").Every(hour), Metric(p.Errors, "failed").Every(hour)),
		},
		{
			Key: "heartbeats", Title: "Heartbeats heard in an hour", Unit: "short", Since: "24h",
			Description: "Heartbeats that came through each alarm topic. Good is one an hour for each. None: alarms of that severity reach nobody.",
			Queries:     received,
		},
	}})
}

// windows puts alarms on metrics into panels: those that a composite joins by
// AND, which are windows of one thing, together.
func windows(all []alarms.Alarm) [][]*alarms.Alarm {
	partner := make(map[string]string)
	for i := range all {
		if all[i].Composite != nil {
			pairs(all[i].Composite.Rule, partner)
		}
	}
	var groups [][]*alarms.Alarm
	place := make(map[string]int)
	for i := range all {
		a := &all[i]
		if a.Metric == nil {
			continue
		}
		if at, ok := place[partner[a.Key]]; ok {
			groups[at] = append(groups[at], a)
			continue
		}
		place[a.Key] = len(groups)
		groups = append(groups, []*alarms.Alarm{a})
	}
	return groups
}

// pairs notes which alarms a rule joins by AND.
func pairs(r alarms.Rule, partner map[string]string) {
	if r.Op == alarms.OpAll {
		keys := r.Keys()
		for _, key := range keys[1:] {
			partner[key] = keys[0]
		}
		return
	}
	for _, part := range r.Rules {
		pairs(part, partner)
	}
}

// alarmPanel shows what one alarm, or the windows of one, watch.
func alarmPanel(group []*alarms.Alarm, joins map[string][]string) Panel {
	first := group[0]
	p := Panel{
		Key: "alarm-" + first.Key, Title: first.Title, Width: 6, Height: 7, Since: since(group),
		Description: first.Meaning + " Good is on the right side of the line. When it is not, the runbook says what to do.",
	}
	for i := range group {
		name := "watched"
		if len(group) > 1 {
			name = period(group[i].Metric.Period)
		}
		p.Queries = append(p.Queries, Watched(*group[i], name))
	}
	for _, key := range joins[first.Key] {
		p.Alarms = append(append(p.Alarms, key), joins[key]...)
	}
	return p
}

// joins are the composites that each alarm is a part of.
func (b *builder) joins() map[string][]string {
	all := make(map[string][]string)
	for i := range b.all {
		if c := b.all[i].Composite; c != nil {
			for _, key := range c.Rule.Keys() {
				all[key] = append(all[key], b.all[i].Key)
			}
		}
	}
	return all
}

// since is how far to look back to see more than a point of an alarm's period.
func since(group []*alarms.Alarm) string {
	var longest time.Duration
	for i := range group {
		longest = max(longest, group[i].Metric.Period)
	}
	switch {
	case longest >= 24*hour:
		return "30d"
	case longest >= 6*hour:
		return "7d"
	case longest >= hour:
		return "2d"
	}
	return ""
}

// period is a length of time in a legend.
func period(d time.Duration) string {
	switch {
	case d >= 24*hour:
		return figure.Number(d.Hours()/24) + " days"
	case d >= hour:
		return figure.Number(d.Hours()) + " h"
	}
	return figure.Number(d.Minutes()) + " min"
}

// alarmTable lists every alarm, those too that have no graph because they join
// others, or because CloudWatch is no data source of the team.
func (b *builder) alarmTable() Row {
	var t strings.Builder
	t.WriteString("| alarm | severity | goes off | owner |\n|---|---|---|---|\n")
	for i := range b.all {
		a := &b.all[i]
		t.WriteString("| [" + a.Key + "](" + alarms.RunbookURL(b.pipeline, a.Runbook) + ") | " + a.Severity + " | ")
		if a.Composite != nil {
			t.WriteString(a.Title + ": " + strings.Join(a.Composite.Rule.Keys(), ", "))
		} else {
			t.WriteString(a.Condition())
		}
		t.WriteString(" | " + a.Owner + " |\n")
	}
	return Row{Title: "All alarms of " + b.pipeline.Prefix(), Panels: []Panel{{
		Key: "table", Title: "Alarms, with their runbooks", Kind: Text, Width: 24, Height: 9, Content: t.String(),
	}}}
}
