package dashboards

import (
	"encoding/json"
	"strconv"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// CloudWatch returns the board that deploys are watched on as the body of a
// dashboard of CloudWatch's own, for teams without Grafana: the same panels,
// without those that only OpenTelemetry's metrics could fill. What AWS chooses
// stands as ${var.NAME}, for Terraform to fill in.
//
// Source: "Dashboard body structure and syntax", CloudWatch API reference.
func (s *Set) CloudWatch() []byte {
	w := widgets{builder: s.kit}
	for i := range s.deploy {
		w.row(&s.deploy[i])
	}
	body, err := json.Marshal(map[string]any{"start": "-PT1H", "widgets": w.list})
	if err != nil {
		panic("dashboards: " + err.Error()) // texts and numbers alone
	}
	return body
}

// widgets are what CloudWatch calls panels, on a grid of the same width as
// Grafana's.
type widgets struct {
	*builder
	list   []widget
	x, y   int
	height int // of the line that is being filled
}

type widget struct {
	Type       string `json:"type"`
	X          int    `json:"x"`
	Y          int    `json:"y"`
	Width      int    `json:"width"`
	Height     int    `json:"height"`
	Properties any    `json:"properties"`
}

// graph are the properties of a widget of metrics.
type graph struct {
	Title       string       `json:"title"`
	Region      string       `json:"region"`
	View        string       `json:"view"`
	Stacked     bool         `json:"stacked"`
	Period      int          `json:"period"`
	Metrics     []any        `json:"metrics"`
	YAxis       *axes        `json:"yAxis,omitempty"`
	Annotations *annotations `json:"annotations,omitempty"`
}

type axes struct {
	Left struct {
		Min       int  `json:"min"`
		ShowUnits bool `json:"showUnits"`
	} `json:"left"`
}

type annotations struct {
	Horizontal []line `json:"horizontal"`
}

// line is the threshold of an alarm.
type line struct {
	Value float64 `json:"value"`
	Label string  `json:"label"`
	Color string  `json:"color"`
}

type markdown struct {
	Markdown string `json:"markdown"`
}

// setting ends the names of a metric, or stands for an expression.
type setting struct {
	ID         string `json:"id,omitempty"`
	Expression string `json:"expression,omitempty"`
	Label      string `json:"label,omitempty"`
	Stat       string `json:"stat,omitempty"`
	Period     int    `json:"period"`
	Visible    *bool  `json:"visible,omitempty"`
}

func (w *widgets) row(r *Row) {
	first := true
	for i := range r.Panels {
		p := &r.Panels[i]
		properties := w.properties(p)
		if properties == nil {
			continue
		}
		if first {
			first = false
			w.feed()
			w.add("text", gridWidth, 1, markdown{"### " + r.Title})
		}
		kind := "metric"
		if p.Kind == Text {
			kind = "text"
		}
		width, height := p.size()
		w.add(kind, width, height, properties)
	}
	w.feed()
}

// feed goes on at the beginning of a line.
func (w *widgets) feed() { w.x, w.y, w.height = 0, w.y+w.height, 0 }

func (w *widgets) add(kind string, width, height int, properties any) {
	if w.x+width > gridWidth {
		w.feed()
	}
	w.list = append(w.list, widget{kind, w.x, w.y, width, height, properties})
	w.x, w.height = w.x+width, max(w.height, height)
}

// properties are those of a widget; nil where nothing of a panel is
// CloudWatch's.
func (w *widgets) properties(p *Panel) any {
	if p.Kind == Text {
		return markdown{p.Content}
	}
	m := series{ids: make(map[string]string)}
	var lines []line
	drawn := make(map[float64]bool)
	for _, queries := range [][]Query{p.Queries, p.Otherwise} {
		for i := range queries {
			q := &queries[i]
			if !q.metrics() {
				continue
			}
			m.query(q)
			if a := w.byKey[q.alarm]; a != nil && !a.Metric.Comparison.Band() && !drawn[a.Metric.Threshold] {
				drawn[a.Metric.Threshold] = true
				lines = append(lines, line{a.Metric.Threshold, a.Title, lineColours[a.Severity]})
			}
		}
		if len(m.list) > 0 {
			break
		}
	}
	if len(m.list) == 0 {
		return nil
	}
	g := graph{Title: p.Title, Region: w.pipeline.Region, View: "timeSeries", Stacked: p.Stacked, Period: 60, Metrics: m.list}
	if p.Kind == Stat {
		g.View = "singleValue"
		if len(p.Words) > 0 { // which CloudWatch cannot show
			g.Title += ": limits beyond; 0 is go"
		}
		return g
	}
	g.YAxis = &axes{}
	if len(lines) > 0 {
		g.Annotations = &annotations{lines}
	}
	return g
}

// series are the metrics of a widget: each a list of names that ends with
// settings.
type series struct {
	list []any
	ids  map[string]string // what an id stands for
}

func (s *series) query(q *Query) {
	period := 60
	if q.period > 0 {
		period = int(q.period.Seconds())
	}
	if q.text == "" {
		s.metric(&q.inputs[0].Signal, setting{Label: q.label, Period: period})
		return
	}
	names := make(map[string]string, len(q.inputs))
	for _, in := range q.inputs {
		names[in.ID] = s.input(in, period)
	}
	s.list = append(s.list, []any{setting{
		Expression: rename(q.text, names), Label: q.label, ID: "e" + strconv.Itoa(len(s.list)+1), Period: period,
	}})
}

// input adds a metric that is computed with, once, and returns its id.
func (s *series) input(in alarms.Input, period int) string {
	what := in.Signal.Metric.Key() + " " + in.Signal.Statistic + " " + strconv.Itoa(period)
	id := in.ID
	for n := 2; s.ids[id] != what; n++ {
		if s.ids[id] == "" {
			s.ids[id] = what
			s.metric(&in.Signal, setting{ID: id, Visible: new(false), Period: period})
			break
		}
		id = in.ID + "_" + strconv.Itoa(n)
	}
	return id
}

func (s *series) metric(of *signal.Signal, with setting) {
	metric := []any{of.Metric.Namespace, of.Metric.Name}
	for _, d := range of.Metric.Dimensions {
		value := d.Value
		if d.Input != "" {
			value = "${var." + string(d.Input) + "}"
		}
		metric = append(metric, d.Name, value)
	}
	with.Stat = of.Statistic
	s.list = append(s.list, append(metric, with))
}
