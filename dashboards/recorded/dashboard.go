package recorded

import (
	"encoding/json"
	"fmt"
)

// maxBytes is how large a dashboard may be. One that people read is far smaller.
const maxBytes = 5 << 20

// maxQueries is how many queries are evaluated, those of repeated panels included.
const maxQueries = 10_000

// dashboard is Grafana's JSON, as far as it says what CloudWatch is asked for.
type dashboard struct {
	Title      string  `json:"title"`
	Panels     []panel `json:"panels"`
	Templating struct {
		List []variable `json:"list"`
	} `json:"templating"`
}

// panel is a panel, or a row. A collapsed row has its panels within it, an open one
// is followed by them.
type panel struct {
	ID         json.Number `json:"id"`
	Title      string      `json:"title"`
	Type       string      `json:"type"`
	Repeat     string      `json:"repeat"`
	Datasource source      `json:"datasource"`
	Targets    []target    `json:"targets"`
	Panels     []panel     `json:"panels"`
}

// target is a query of a panel.
type target struct {
	Datasource       source           `json:"datasource"`
	RefID            string           `json:"refId"`
	QueryMode        string           `json:"queryMode"`
	MetricQueryType  float64          `json:"metricQueryType"`
	MetricEditorMode *float64         `json:"metricEditorMode"`
	ID               string           `json:"id"`
	Region           string           `json:"region"`
	Namespace        string           `json:"namespace"`
	MetricName       string           `json:"metricName"`
	Dimensions       map[string]texts `json:"dimensions"`
	MatchExact       *bool            `json:"matchExact"`
	Period           texts            `json:"period"`
	Statistic        string           `json:"statistic"`
	Expression       string           `json:"expression"`
	SQL              string           `json:"sqlExpression"`
}

// source is the type of a data source. A data source that is named alone has none.
type source string

// UnmarshalJSON reads an object with a type, a name or null.
func (s *source) UnmarshalJSON(b []byte) error {
	var object struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(b, &object) == nil {
		*s = source(object.Type)
	}
	return nil
}

// texts is a text or several. A number is a text, too; null is none.
type texts []string

// UnmarshalJSON reads a text, a number, a list of them or null.
func (t *texts) UnmarshalJSON(b []byte) error {
	var one any
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	list, ok := one.([]any)
	if !ok {
		list = []any{one}
	}
	*t = nil
	for _, x := range list {
		switch x := x.(type) {
		case nil:
		case string:
			*t = append(*t, x)
		case float64, bool:
			*t = append(*t, fmt.Sprint(x))
		default:
			return fmt.Errorf("%s: want a text, or a list of them", b)
		}
	}
	return nil
}

// first is the only text, or the first.
func (t texts) first() string {
	if len(t) == 0 {
		return ""
	}
	return t[0]
}

func parseDashboard(content []byte) (*dashboard, error) {
	if len(content) > maxBytes {
		return nil, fmt.Errorf("the dashboard has %d bytes: %d are the most", len(content), maxBytes)
	}
	d := &dashboard{}
	if err := json.Unmarshal(content, d); err != nil {
		return nil, fmt.Errorf("is no dashboard of Grafana: %w", err)
	}
	return d, nil
}

// metrics reports whether the target asks CloudWatch for metrics. Grafana takes
// one without a mode for such.
func (t *target) metrics(p *panel) bool {
	of := t.Datasource
	if of == "" {
		of = p.Datasource
	}
	return of == "cloudwatch" && (t.QueryMode == "Metrics" || t.QueryMode == "")
}

// instance is a panel as it is shown: a repeated one is there for each value.
type instance struct {
	panel  *panel
	scoped map[string]string // values of the variables that it is repeated by
}

// instances lists the panels as they are shown.
func (d *dashboard) instances(v *variables) []instance {
	var all []instance
	row := &panel{}
	for i := range d.Panels {
		p := &d.Panels[i]
		if p.Type != "row" {
			all = append(all, v.repeated(row, p)...)
			continue
		}
		row = p
		for j := range p.Panels {
			all = append(all, v.repeated(row, &p.Panels[j])...)
		}
	}
	return all
}

// repeated shows a panel for each value of its row's variable, and of its own.
func (v *variables) repeated(row, p *panel) []instance {
	all := []instance{{panel: p, scoped: map[string]string{}}}
	for _, name := range []string{row.Repeat, p.Repeat} {
		if name == "" || len(v.value(name).texts) == 0 {
			continue // what it lacks is said of the queries that use it
		}
		var next []instance
		for _, in := range all {
			for _, text := range v.value(name).texts {
				scoped := map[string]string{name: text}
				for other, value := range in.scoped {
					if other != name {
						scoped[other] = value
					}
				}
				if len(next) < maxQueries {
					next = append(next, instance{p, scoped})
				}
			}
		}
		all = next
	}
	return all
}
