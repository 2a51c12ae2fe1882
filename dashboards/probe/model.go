package probe

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Dashboard is a dashboard as JSON.
type Dashboard struct {
	Name    string // its file's, for errors
	Content []byte
}

// model is what is read of a dashboard. What people and old versions of
// Grafana write in several ways is of type any.
type model struct {
	Title      string `json:"title"`
	Templating struct {
		List []definition `json:"list"`
	} `json:"templating"`
	Annotations struct {
		List []annotation `json:"list"`
	} `json:"annotations"`
	Panels []panel `json:"panels"`
}

// definition is a variable.
type definition struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	Query      any    `json:"query"` // text, or an object with it
	Datasource any    `json:"datasource"`
	Current    struct {
		Text  any `json:"text"`
		Value any `json:"value"` // text, or a list
	} `json:"current"`
	Multi      bool    `json:"multi"`
	IncludeAll bool    `json:"includeAll"`
	AllValue   *string `json:"allValue"`
	Regex      string  `json:"regex"`
	AutoCount  int     `json:"auto_count"`
	AutoMin    string  `json:"auto_min"`
}

type annotation struct {
	Name       string  `json:"name"`
	Datasource any     `json:"datasource"`
	Target     *target `json:"target"`
	Expr       string  `json:"expr"` // of old dashboards
	RawQuery   string  `json:"rawQuery"`
}

type panel struct {
	ID            int64    `json:"id"`
	Type          string   `json:"type"`
	Title         string   `json:"title"`
	Datasource    any      `json:"datasource"`
	Interval      any      `json:"interval"`
	MaxDataPoints any      `json:"maxDataPoints"`
	TimeFrom      any      `json:"timeFrom"`
	TimeShift     any      `json:"timeShift"`
	Repeat        string   `json:"repeat"`
	Collapsed     bool     `json:"collapsed"`
	Targets       []target `json:"targets"`
	Panels        []panel  `json:"panels"` // of a row that is collapsed
}

type target struct {
	RefID      string `json:"refId"`
	Datasource any    `json:"datasource"`
	Expr       string `json:"expr"`
	Instant    bool   `json:"instant"`
	Range      bool   `json:"range"`
	Interval   string `json:"interval"`
	RawSQL     string `json:"rawSql"`
	Format     any    `json:"format"` // a text; a number in data sources of which nothing is known here
}

// readModel decodes a dashboard. The form that Grafana's API answers with is
// taken, too.
func readModel(d Dashboard) (*model, error) {
	if len(d.Content) > MaxDashboardBytes {
		return nil, fmt.Errorf("probe: %s has %d bytes: %d are allowed", d.Name, len(d.Content), MaxDashboardBytes)
	}
	var file struct {
		model
		Dashboard *model `json:"dashboard"`
	}
	if err := json.Unmarshal(d.Content, &file); err != nil {
		return nil, fmt.Errorf("probe: %s is no dashboard: %w", d.Name, err)
	}
	m := &file.model
	if file.Dashboard != nil {
		m = file.Dashboard
	}
	if m.Title == "" {
		m.Title = filepath.Base(d.Name)
	}
	if len(m.Panels) == 0 {
		return nil, fmt.Errorf("probe: %s is no dashboard: it has no panels", d.Name)
	}
	return m, nil
}

// Types of data sources that are asked.
var (
	promTypes = []string{"prometheus", "grafana-amazonprometheus-datasource"}
	sqlTypes  = []string{"grafana-postgresql-datasource", "postgres"}
)

// sourceType is the type of the data source of a query, which may be its
// panel's. Old dashboards tell a name at most: then the query tells.
func (t *target) sourceType(of any) string {
	for _, source := range []any{t.Datasource, of} {
		fields, _ := source.(map[string]any)
		if kind, _ := fields["type"].(string); kind != "" && kind != "datasource" {
			return kind
		}
	}
	switch {
	case t.Expr != "":
		return promTypes[0]
	case t.RawSQL != "":
		return sqlTypes[0]
	}
	return "unknown"
}

// asked is a panel as it is drawn: with the row that it is in.
type asked struct {
	*panel
	repeats []string // variables that its row and it repeat by
}

// drawn lists the panels that are no rows.
func (m *model) drawn() []asked {
	var all []asked
	var row *panel
	add := func(p *panel, row *panel) {
		a := asked{panel: p}
		for _, by := range []*panel{row, p} {
			if by != nil && by.Repeat != "" && !slices.Contains(a.repeats, by.Repeat) {
				a.repeats = append(a.repeats, by.Repeat)
			}
		}
		all = append(all, a)
	}
	for i := range m.Panels {
		p := &m.Panels[i]
		if p.Type != "row" {
			add(p, row) // a row that is open has the panels behind it
			continue
		}
		if row = p; p.Collapsed {
			row = nil
		}
		for j := range p.Panels {
			add(&p.Panels[j], p)
		}
	}
	return all
}

// intervals reads the settings of a panel. What cannot be read is as if it
// were not there, as in Grafana.
func (p *panel) intervals(fill func(string) string) intervals {
	var i intervals
	if text, ok := p.Interval.(string); ok {
		i.panel, _ = parseInterval(fill(text))
	}
	if n, ok := p.MaxDataPoints.(float64); ok && n >= 1 && n <= safePoints {
		i.points = int(n)
	}
	return i
}

// span is the time that a panel shows, which may be another than the
// dashboard's.
func (p *panel) span(from, to time.Time, fill func(string) string) (time.Time, time.Time, error) {
	if text, _ := p.TimeFrom.(string); text != "" {
		d, err := parseInterval(strings.TrimPrefix(fill(text), "now-"))
		if err != nil {
			return from, to, fmt.Errorf("the panel's timeFrom: %w", err)
		}
		from = to.Add(-d)
	}
	if text, _ := p.TimeShift.(string); text != "" {
		d, err := parseInterval(strings.TrimPrefix(fill(text), "now-"))
		if err != nil {
			return from, to, fmt.Errorf("the panel's timeShift: %w", err)
		}
		from, to = from.Add(-d), to.Add(-d)
	}
	return from, to, nil
}

// query is the text of a variable's query.
func (d *definition) query() string {
	switch q := d.Query.(type) {
	case string:
		return q
	case map[string]any:
		for _, field := range []string{"query", "rawSql", "expr"} {
			if text, _ := q[field].(string); text != "" {
				return text
			}
		}
	}
	return ""
}

// texts is a text, or the texts of a list.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case float64, bool:
		return []string{fmt.Sprint(v)}
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, texts(item)...)
		}
		return all
	}
	return nil
}
