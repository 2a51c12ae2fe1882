package dashboards

import "github.com/tracehaul/tracehaul/pipeline/signal"

// Kind is what a panel is drawn as.
type Kind int

// Kinds.
const (
	TimeSeries Kind = iota
	Stat            // the latest value as a number
	Table
	Traces // a table of traces
	Logs
	Text
)

// Row is a row of panels with a title.
type Row struct {
	// Board is the dashboard that the row is a part of: one of
	// pipeline.Boards. Required of rows that a team adds: they come behind the
	// kit's own.
	Board string

	// Title is the row's. Required.
	Title string

	// Panels stand beside each other for as long as there is room, then below.
	Panels []Panel
}

// Panel is one panel, before it has a place and data sources.
type Panel struct {
	// Key names the panel within its board: lower-case words with hyphens.
	// Its id is made from it, so that links to it hold. Required.
	Key string

	// Title is what is shown above the panel. Required.
	Title string

	// Description says what is seen, what good looks like and what to do when it
	// is not, in a sentence or two. What alarms say is added. Required, but
	// of a [Text].
	Description string

	// Kind is what it is drawn as. Defaults to [TimeSeries].
	Kind Kind

	// Unit is one of Grafana's units, by its id. Defaults to the unit of the
	// first alarm, or else of the first signal.
	Unit string

	// Queries are what is drawn: those whose data source the team has.
	Queries []Query

	// Otherwise are queries that say the same by other means, for teams that
	// have the data source of none of Queries. Defaults to none: the panel is
	// left out.
	Otherwise []Query

	// Alarms are the keys of alarms that the panel is about, beside those of its
	// queries: composites of which it shows a part. Defaults to none.
	Alarms []string

	// Width and Height are in Grafana's grid, 24 wide. Default to 8 each, for a
	// [Stat] to 4.
	Width, Height int

	// Max is the end of the axis. Defaults to 0: the data's.
	Max float64

	// Since is how far the panel looks back, such as 14d, whatever the board
	// shows. Defaults to "": as far as the board.
	Since string

	// Calc makes one number of the series, for a [Stat]: lastNotNull, max, sum and
	// the like. Defaults to lastNotNull.
	Calc string

	// Words are shown instead of numbers from a value on, for a [Stat].
	// Defaults to none.
	Words []Word

	// Stacked draws series on top of each other: parts of a whole. Defaults to
	// false.
	Stacked bool

	// Content is the Markdown of a [Text].
	Content string

	// Links are added to the values of a column or, with no column, to all.
	// Default to none.
	Links []Link
}

// Word stands for a range of values.
type Word struct {
	From, To float64
	Text     string
	Sense    Sense
}

// Sense is what a [Word] means to the reader.
type Sense int

// Senses.
const (
	Good Sense = iota
	Unsure
	Bad
)

// Link leads from a value to somewhere else.
type Link struct {
	Column string // of a table; "" for every value
	Title  string
	URL    string
}

// gridUnits are Grafana's units for those of signals.
var gridUnits = map[signal.Unit]string{
	signal.UnitCount: "short", signal.UnitPercent: "percent", signal.UnitSeconds: "s", signal.UnitMilliseconds: "ms",
	signal.UnitBytes: "bytes", signal.UnitCountPerSecond: "cps", signal.UnitCapacity: "suffix: ACU",
	signal.UnitDays: "suffix: days", // Grafana's own unit would make weeks of 30 days
}

// unitOf is the unit of a panel that names none.
func (b *builder) unitOf(p *Panel, queries []Query) string {
	if p.Unit != "" {
		return p.Unit
	}
	for i := range queries {
		if a := b.byKey[queries[i].alarm]; a != nil && a.Metric != nil {
			return gridUnits[a.Metric.Unit]
		}
	}
	for i := range queries {
		if len(queries[i].inputs) > 0 && queries[i].text == "" {
			return gridUnits[queries[i].inputs[0].Signal.Unit]
		}
	}
	return "short"
}

func (p *Panel) size() (width, height int) {
	width, height = p.Width, p.Height
	if width == 0 {
		width = 8
		if p.Kind == Stat {
			width = 4
		}
	}
	if height == 0 {
		height = 8
		if p.Kind == Stat {
			height = 4
		}
	}
	return width, height
}
