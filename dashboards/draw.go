package dashboards

import (
	"regexp"
	"slices"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/logs"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/text"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/internal/figure"
)

// Colours stay apart for the colour-blind: Okabe and Ito, "Color Universal
// Design". The colour of a line says how urgent its alarm is.
const (
	colourGood = "blue"
	colourBad  = "#D55E00" // vermillion
	colourNone = "text"

	paletteColourBlind dashboard.FieldColorModeId = "palette-colorblind"
)

// panel draws a panel: with the queries that can be asked. It is nil where
// there is none.
func (d *drawing) panel(p *Panel) *dashboard.Panel {
	d.check(p)
	queries := d.asked(p)
	if len(queries) == 0 && p.Kind != Text {
		return nil
	}
	watched := d.watched(p, queries)
	out := &dashboard.Panel{
		Type: kinds[p.Kind], Id: new(d.panelID(p)), Title: &p.Title,
	}
	if p.Description != "" || len(watched) > 0 {
		out.Description = new(describe(p.Description, watched))
	}
	if p.Since != "" {
		out.TimeFrom = &p.Since
	}
	out.Links = d.alarmLinks(watched)
	if len(queries) > 0 {
		t := targets{drawing: d, ids: make(map[string]string)}
		for i := range queries {
			t.add(&queries[i], p.Kind)
		}
		out.Targets = t.list
		d.asks = true
		out.Datasource = d.sourceOf(queries)
	}
	d.style(out, p, queries, watched)
	return out
}

// wellFormed reports whether a key is lower-case words with hyphens.
func wellFormed(key string) bool {
	for word := range strings.SplitSeq(key, "-") {
		if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return true
}

// relative is a time range of a panel's own, in Grafana's form.
var relative = regexp.MustCompile(`^[1-9][0-9]*[smhdwMy]$`)

// check reports what is wrong with a panel itself.
func (d *drawing) check(p *Panel) {
	width, height := p.size()
	for _, c := range []struct {
		wrong   bool
		problem string
	}{
		{!wellFormed(p.Key), "the key is not lower-case words with hyphens"},
		{strings.TrimSpace(p.Title) == "", "there is no title"},
		{strings.TrimSpace(p.Description) == "" && p.Kind != Text, "there is no description"},
		{kinds[p.Kind] == "", "there is no such kind of panel"},
		{width < 1 || width > gridWidth || height < 1, "the width is not 1 to 24, or the height is not positive"},
		{p.Kind == Text && p.Content == "", "there is no content"},
		{p.Since != "" && !relative.MatchString(p.Since), "it shows the time since \"" + p.Since + "\": want a number and one of s, m, h, d, w, M and y, such as 24h"},
	} {
		if c.wrong {
			d.fail("panel %q (%s) of %s: %s", p.Key, p.Title, d.name, c.problem)
		}
	}
}

// kinds are the ids of Grafana's panels.
var kinds = map[Kind]string{
	TimeSeries: "timeseries", Stat: "stat", Table: "table", Traces: "table", Logs: "logs", Text: "text",
}

// asked are the queries whose data source the team has.
func (d *drawing) asked(p *Panel) []Query {
	for _, queries := range [][]Query{p.Queries, p.Otherwise} {
		var asked []Query
		for i := range queries {
			if d.uids.has(queries[i].source) {
				asked = append(asked, queries[i])
			}
		}
		if len(asked) > 0 {
			return asked
		}
	}
	return nil
}

// sourceOf is the data source of a panel whose queries have one or several.
func (d *drawing) sourceOf(queries []Query) *common.DataSourceRef {
	for i := range queries {
		if queries[i].source != queries[0].source {
			return &common.DataSourceRef{Type: new("datasource"), Uid: new("-- Mixed --")}
		}
	}
	return d.source(queries[0].source)
}

// watched are the alarms of a panel, each once.
func (d *drawing) watched(p *Panel, queries []Query) []*alarms.Alarm {
	var list []*alarms.Alarm
	add := func(key string) {
		switch a := d.byKey[key]; {
		case key == "" || slices.Contains(list, a) && a != nil:
		case a == nil:
			d.fail("panel %q of %s: there is no alarm %q", p.Key, d.name, key)
		default:
			list = append(list, a)
		}
	}
	for i := range queries {
		add(queries[i].alarm)
	}
	for _, key := range p.Alarms {
		add(key)
	}
	return list
}

// describe adds what the alarms of a panel are to its description.
func describe(description string, watched []*alarms.Alarm) string {
	var b strings.Builder
	b.WriteString(description)
	for i, a := range watched {
		if i == 0 {
			b.WriteString("\n")
		}
		b.WriteString("\n- " + a.Severity + " `" + a.Key + "`: ")
		if a.Metric != nil {
			b.WriteString(a.Condition())
		} else {
			b.WriteString(a.Title)
		}
	}
	return b.String()
}

// style sets what a panel looks like.
func (d *drawing) style(out *dashboard.Panel, p *Panel, queries []Query, watched []*alarms.Alarm) {
	config := dashboard.FieldConfig{}
	switch p.Kind {
	case TimeSeries:
		d.timeSeries(out, p, queries, watched, &config)
	case Stat:
		d.stat(out, p, queries, watched, &config)
	case Table, Traces:
		out.Options = table.Options{ShowHeader: true}
	case Logs:
		out.Options = logs.Options{
			ShowTime: true, EnableLogDetails: true, WrapLogMessage: true, SortOrder: common.LogsSortOrderDescending, DedupStrategy: common.LogsDedupStrategyNone,
		}
	case Text:
		out.Options = text.Options{Mode: text.TextModeMarkdown, Content: d.uses(p.Content)}
	}
	if p.Kind == Text || p.Kind == Logs {
		return
	}
	source := &dashboard.FieldConfigSource{Defaults: config, Overrides: []dashboard.DashboardFieldConfigSourceOverrides{}}
	var own []dashboard.DashboardLink
	for _, l := range p.Links {
		if l.Column == "" {
			own = append(own, valueLink(l.Title, d.uses(l.URL)))
			continue
		}
		source.Overrides = append(source.Overrides, dashboard.DashboardFieldConfigSourceOverrides{
			Matcher:    dashboard.MatcherConfig{Id: "byName", Options: l.Column},
			Properties: []dashboard.DynamicConfigValue{{Id: "links", Value: []dashboard.DashboardLink{valueLink(l.Title, d.uses(l.URL))}}},
		})
	}
	if own != nil && config.Links != nil { // the stand-in stands for links that are the board's alone
		own = append(slices.Clone(d.valueLinks), own...)
	}
	if own != nil {
		source.Defaults.Links = own
	}
	out.FieldConfig = source
}

func (d *drawing) timeSeries(out *dashboard.Panel, p *Panel, queries []Query, watched []*alarms.Alarm, c *dashboard.FieldConfig) {
	unit := d.unitOf(p, queries)
	c.Unit = &unit
	c.Min = new(0.0)
	if p.Max > 0 {
		c.Max = &p.Max
	}
	c.Color = &dashboard.FieldColor{Mode: paletteColourBlind}
	custom := timeseries.FieldConfig{LineWidth: new(1.0), FillOpacity: new(10.0), ShowPoints: new(common.VisibilityModeAuto)}
	if p.Stacked {
		custom.Stacking = &common.StackingConfig{Mode: new(common.StackingModeNormal), Group: new("A")}
		custom.FillOpacity = new(40.0)
	}
	if c.Thresholds = lines(unit, watched); c.Thresholds != nil {
		custom.ThresholdsStyle = &common.GraphThresholdsStyleConfig{Mode: common.GraphThresholdsStyleModeDashed}
		// A line that is far above the values would not be drawn at all.
		if top := *c.Thresholds.Steps[len(c.Thresholds.Steps)-1].Value; top > 0 && p.Max == 0 {
			custom.AxisSoftMax = new(figure.Round(1.1*top, 6))
		}
	}
	c.Custom = custom
	c.Links = d.linksOfValues()
	out.Options = timeseries.Options{
		Legend:  common.VizLegendOptions{DisplayMode: common.LegendDisplayModeList, Placement: common.LegendPlacementBottom, ShowLegend: true, Calcs: []string{}},
		Tooltip: common.VizTooltipOptions{Mode: common.TooltipDisplayModeMulti, Sort: common.SortOrderDescending},
	}
}

func (d *drawing) stat(out *dashboard.Panel, p *Panel, queries []Query, watched []*alarms.Alarm, c *dashboard.FieldConfig) {
	unit := d.unitOf(p, queries)
	c.Unit = &unit
	c.Color = &dashboard.FieldColor{Mode: dashboard.FieldColorModeIdThresholds}
	c.Thresholds = levels(unit, watched)
	if len(p.Words) > 0 {
		c.NoValue = new("NO DATA")
		c.Thresholds = &dashboard.ThresholdsConfig{Mode: dashboard.ThresholdsModeAbsolute}
	}
	for i, w := range p.Words {
		colour := senses[w.Sense]
		c.Mappings = append(c.Mappings, dashboard.ValueMapping{RangeMap: &dashboard.RangeMap{
			Type: dashboard.MappingTypeRangeToText,
			Options: dashboard.DashboardRangeMapOptions{
				From: &w.From, To: &w.To, Result: dashboard.ValueMappingResult{Text: &w.Text, Color: &colour, Index: new(int32(i))},
			},
		}})
		step := dashboard.Threshold{Color: colour}
		if i > 0 {
			step.Value = &w.From
		}
		c.Thresholds.Steps = append(c.Thresholds.Steps, step)
	}
	calc := p.Calc
	if calc == "" {
		calc = "lastNotNull"
	}
	mode := common.BigValueColorModeValue
	if len(p.Words) > 0 {
		mode = common.BigValueColorModeBackground
	}
	out.Options = stat.Options{
		GraphMode: common.BigValueGraphModeNone, ColorMode: mode, JustifyMode: common.BigValueJustifyModeAuto, TextMode: common.BigValueTextModeAuto,
		ReduceOptions: common.ReduceDataOptions{Calcs: []string{calc}}, PercentChangeColorMode: common.PercentChangeColorModeStandard, Orientation: common.VizOrientationAuto,
	}
	c.Links = d.linksOfValues()
}

// senses are the colours of words.
var senses = [...]string{Good: colourGood, Unsure: "#E69F00", Bad: colourBad}

// linksOfValues lead to what is behind the values of a panel.
func (d *drawing) linksOfValues() []dashboard.DashboardLink {
	if len(d.valueLinks) == 0 {
		return nil
	}
	if !d.linked {
		d.linked = true
		for i := range d.valueLinks {
			d.uses(*d.valueLinks[i].Url)
		}
	}
	return standIn
}
