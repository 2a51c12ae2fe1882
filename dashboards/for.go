package dashboards

import (
	"errors"
	"fmt"
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Set is the dashboards of one pipeline.
type Set struct {
	alarms *alarms.Set
	boards []Board
	kit    *builder
	deploy []Row // for CloudWatch's own board
}

// For returns the dashboards of a pipeline, made of its alarms and their
// signals, with the rows that a team adds. Without Grafana, or without a data
// source for it, there are none, but for [Set.CloudWatch].
//
// The error names everything that is wrong: an alarm that is not there, two
// panels of one key, a board that is none of pipeline.Boards, a query that asks
// nothing or whose metric math cannot be read. Of other languages it is seen
// that there is a text; dashboards/lint reads them.
func For(set *alarms.Set, more ...Row) (*Set, error) {
	b := newBuilder(set)
	more = b.sound(more)
	out := &Set{alarms: set, kit: b, deploy: append(b.deployRows(), rowsOn(pipeline.BoardDeploy, more)...)}
	if set.Pipeline.Dashboards.GrafanaURL == "" || b.uids == (uids{}) {
		if err := b.problem(); err != nil {
			return nil, err
		}
		return out, nil
	}
	b.links = b.traceLinks()
	for _, k := range kit {
		rows := out.deploy
		if k.name != pipeline.BoardDeploy {
			rows = append(k.rows(b), rowsOn(k.name, more)...)
		}
		if board := b.board(&k, rows); board.panels != nil {
			out.boards = append(out.boards, board)
		}
	}
	b.siblings(out.boards)
	if err := b.problem(); err != nil {
		return nil, err
	}
	return out, nil
}

// rowsOn are the rows of a board.
func rowsOn(board string, rows []Row) (on []Row) {
	for i := range rows {
		if rows[i].Board == board {
			on = append(on, rows[i])
		}
	}
	return on
}

// problem names everything that is wrong.
func (b *builder) problem() error {
	if len(b.errs) == 0 {
		return nil
	}
	return fmt.Errorf("dashboards of %s:\n%w", b.pipeline.Prefix(), errors.Join(b.errs...))
}

// Boards returns the dashboards, in the order of pipeline.Boards. Those without
// a panel that the team's data sources could fill are not among them.
func (s *Set) Boards() []Board { return slices.Clone(s.boards) }

// kit are the boards, with what is shown at first.
var kit = []kind{
	{pipeline.BoardPipeline, "Pipeline", "now-3h", "The way of an event, hop by hop: rate, errors, duration and saturation from the load balancer to the row.", (*builder).pipelineRows},
	{pipeline.BoardDeploy, "Deploy watch", "now-1h", "Canary against stable while a deploy bakes, with the thresholds that roll it back.", (*builder).deployRows},
	{pipeline.BoardConsumers, "Queue and consumer", "now-3h", "The queues and functions of each consumer, and what became of its messages.", (*builder).consumerRows},
	{pipeline.BoardDatabase, "Database", "now-3h", "Capacity, load and health of the database, its slow statements and its latest rows.", (*builder).databaseRows},
	{pipeline.BoardAlarms, "Alarms", "now-3h", "What every alarm watches, with its threshold, by severity.", (*builder).alarmRows},
	{pipeline.BoardCost, "Cost and capacity", "now-7d", "What is used and paid for, and how much room is left.", (*builder).costRows},
}

// kind is a board of the kit.
type kind struct {
	name, title, from, description string
	rows                           func(*builder) []Row
}

// builder makes the boards of one pipeline.
type builder struct {
	pipeline *pipeline.Pipeline
	alarms   *alarms.Set
	all      []alarms.Alarm
	byKey    map[string]*alarms.Alarm
	signals  *signal.Catalogue
	uids     uids
	prefixes []prefix
	links    []dashboard.DashboardLink // of values in graphs: to traces and logs of the time
	errs     []error
}

func newBuilder(set *alarms.Set) *builder {
	b := &builder{
		pipeline: set.Pipeline, alarms: set, all: set.Alarms(), signals: set.Signals,
		uids: uidsOf(set.Pipeline.Dashboards), prefixes: prefixesOf(set.Pipeline),
	}
	b.byKey = make(map[string]*alarms.Alarm, len(b.all))
	for i := range b.all {
		b.byKey[b.all[i].Key] = &b.all[i]
	}
	return b
}

func (b *builder) fail(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf(format, args...))
}

// board draws a board.
func (b *builder) board(k *kind, rows []Row) Board {
	d := &drawing{builder: b, name: k.name, used: make(map[string]struct{}), ids: make(map[uint32]string), dimensions: make(map[*signal.Dimension]map[string]string)}
	if k.name != pipeline.BoardAlarms && k.name != pipeline.BoardCost { // they are of what alarms and bills see
		d.valueLinks = b.links
	}
	p := b.pipeline
	board := Board{Name: k.name, UID: p.DashboardUID(k.name), Title: p.Prefix() + ": " + k.title, Description: k.description}
	if len(board.UID) > maxUID {
		b.fail("the uid %s has %d characters: Grafana takes %d; want a shorter product or environment", board.UID, len(board.UID), maxUID)
	}
	board.panels = d.place(rows)
	if !d.asks && k.name != pipeline.BoardAlarms { // the list of alarms is of use by itself
		board.panels = nil
	}
	if board.panels == nil {
		return board
	}
	board.head, board.links = d.head(k, &board), d.valueLinks
	return board
}

// maxUID is Grafana's. ("Dashboard HTTP API", Grafana documentation.)
const maxUID = 40
