package dashboards

import (
	"fmt"
	"hash/fnv"
	"strings"
	"unicode"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// drawing is one board while it is drawn. It notes which variables are used, as
// a board defines those alone.
type drawing struct {
	*builder
	name       string // one of pipeline.Boards
	used       map[string]struct{}
	ids        map[uint32]string // keys of panels, by their ids
	asks       bool              // a panel has a query
	logGroups  []string          // in the order of their use
	dimensions map[*signal.Dimension]map[string]string
	valueLinks []dashboard.DashboardLink
	linked     bool // a panel has them
}

// source is how a query names its data source.
func (d *drawing) source(s source) *common.DataSourceRef {
	d.use(sourceNames[s].variable)
	return &refs[s]
}

func (d *drawing) use(variable string) { d.used[variable] = struct{}{} }

// uses notes the variables of a text.
func (d *drawing) uses(text string) string {
	for rest := text; ; {
		_, after, ok := strings.Cut(rest, "$")
		if !ok {
			return text
		}
		after = strings.TrimPrefix(after, "{")
		end := strings.IndexFunc(after, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if end < 0 {
			end = len(after)
		}
		d.use(after[:end])
		rest = after[end:]
	}
}

// named writes a name of the pipeline's with the variables that it is made of.
func (d *drawing) named(name string) string {
	return d.uses(written(d.prefixes, name))
}

// dimension is the value of a dimension. What AWS chooses is looked up by the
// variable of the board; the certificates are all, as they have no names.
func (d *drawing) dimension(dim *signal.Dimension) string {
	switch dim.Input {
	case "":
		return d.named(dim.Value)
	case signal.InputCertificate:
		return "*"
	default:
		return d.uses("${" + string(dim.Input) + "}")
	}
}

// dimensionsOf are the dimensions of a metric, which many metrics share.
func (d *drawing) dimensionsOf(m *signal.Metric) map[string]string {
	if len(m.Dimensions) == 0 {
		return map[string]string{}
	}
	all := d.dimensions[&m.Dimensions[0]]
	if all == nil {
		all = make(map[string]string, len(m.Dimensions))
		for i := range m.Dimensions {
			all[m.Dimensions[i].Name] = d.dimension(&m.Dimensions[i])
		}
		d.dimensions[&m.Dimensions[0]] = all
	}
	return all
}

// logGroup is the ARN of a log group, which a variable looks up: it has the
// number of the account in it.
func (d *drawing) logGroup(name string) string {
	for i, group := range d.logGroups {
		if group == name {
			return "${" + logVariable(i) + "}"
		}
	}
	d.logGroups = append(d.logGroups, name)
	return "${" + logVariable(len(d.logGroups)-1) + "}"
}

func logVariable(i int) string { return fmt.Sprintf("log_group_%d", i+1) }

// panelID is a number that stays the same for as long as the key does.
func (d *drawing) panelID(p *Panel) uint32 {
	return d.id(p.Key)
}

// maxID keeps ids readable in an address.
const maxID = 1_000_000

func (d *drawing) id(key string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // it never fails
	id := h.Sum32()%maxID + 1
	if other, taken := d.ids[id]; taken {
		if other == key {
			d.fail("two panels of %s have the key %q", d.name, key)
		} else {
			d.fail("the panels %q and %q of %s get the same id: want another key", other, key, d.name)
		}
	}
	d.ids[id] = key
	return id
}

// gridWidth is Grafana's.
const gridWidth = 24

// place draws rows of panels, from left to right, below each other. Rows
// without panels are left out.
func (d *drawing) place(rows []Row) []any {
	var out []any
	y := 0
	for i := range rows {
		row := &rows[i]
		x, height, first := 0, 0, true
		for j := range row.Panels {
			p := d.panel(&row.Panels[j])
			if p == nil {
				continue
			}
			if first {
				first = false
				out = append(out, d.row(row.Title, y))
				y++
			}
			w, h := row.Panels[j].size()
			if x+w > gridWidth {
				x, y, height = 0, y+height, 0
			}
			p.GridPos = &dashboard.GridPos{X: uint32(x), Y: uint32(y), W: uint32(w), H: uint32(h)} //nolint:gosec // small and positive
			x, height = x+w, max(height, h)
			out = append(out, p)
		}
		y += height
	}
	return out
}

func (d *drawing) row(title string, y int) *dashboard.RowPanel {
	return &dashboard.RowPanel{
		Type: "row", Id: d.id("row " + title), Title: &title, Panels: []dashboard.Panel{},
		GridPos: &dashboard.GridPos{Y: uint32(y), W: gridWidth, H: 1}, //nolint:gosec // small and positive
	}
}
