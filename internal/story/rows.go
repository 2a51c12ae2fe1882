package story

import (
	"fmt"
	"slices"
	"strings"

	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// MaxRows is how many rows a back end tells of at most: where it has told of so
// many, there may be more.
const MaxRows = 100

// rowless marks what the consumer says that it has written into the database,
// and of which the database has no row. What was there already may have come
// with another trace.
func (t *Story) rowless(d *Delivery) {
	if d.Place != PlaceRow || !d.WrittenAt.IsZero() || !t.knowsRows() {
		return
	}
	written := slices.ContainsFunc(d.Receives, func(r Receive) bool { return r.Outcome == semconv.OutcomeWritten && t.inserted(r) })
	if written {
		d.Place, d.NoRow = PlaceUnknown, true
	}
}

// inserted reports whether a receive has the statement of the database beneath
// it: a consumer with another sink makes no rows.
func (t *Story) inserted(r Receive) bool {
	return slices.ContainsFunc(t.Spans, func(v SpanView) bool {
		return v.ParentSpanID == r.SpanID && v.Kind == kindClient && v.Status != statusError && has(&v.Span, otelconv.DBSystemNameKey)
	})
}

// knowsRows reports whether every database that was asked has told all of its
// rows.
func (t *Story) knowsRows() bool {
	away := slices.ContainsFunc(t.Asked, func(r Report) bool { return r.Problem != "" && r.holds&HoldsRows != 0 })
	return t.asks(HoldsRows) && !away && len(t.Rows) < MaxRows
}

// arrivedBy says by what it is known that the event arrived: by the row, or by the
// word of the consumer.
func (t *Story) arrivedBy(v *Verdict, chosen []*Delivery) {
	var word []*Delivery // by the consumer's alone
	for _, d := range chosen {
		if d.WrittenAt.IsZero() {
			word = append(word, d)
		}
	}
	switch {
	case len(word) == 0 && len(chosen) == 1:
		v.Headline = "It arrived: the row is there."
	case len(word) == 0:
		v.Headline = fmt.Sprintf("It arrived: all %d rows are there.", len(chosen))
	case len(word) == len(chosen):
		v.Headline = "It arrived, by the word of the consumer."
		v.Why = append(v.Why, "The row: "+strings.ToLower(t.noRow()[:1])+t.noRow()[1:]+" But the span of the processing says that it was written"+duplicate(word[0])+".")
	default:
		v.Headline = fmt.Sprintf("It arrived: %d of %d rows are there, of the others by the word of the consumer.", len(chosen)-len(word), len(chosen))
		v.Why = append(v.Why, "The span of the processing says that it was written"+duplicate(word[0])+".")
	}
	if silent := t.silent(chosen); len(silent) > 0 {
		v.Headline += " Of " + strings.Join(silent, " and ") + " nothing is known."
		v.Why = append(v.Why, "There every event goes, too, and nobody has a span, a log line or a dead letter of this one: it waits, or its trace was not sampled and the consumer is content.")
	}
}

// silent are the queues that every event goes to and of which nothing is known,
// where there are several.
func (t *Story) silent(chosen []*Delivery) (queues []string) {
	if len(t.expect.Queues) < 2 {
		return nil
	}
	for _, q := range t.expect.Queues {
		if !slices.ContainsFunc(chosen, func(d *Delivery) bool { return d.Queue == q }) {
			queues = append(queues, q)
		}
	}
	return queues
}

// noRowOf is for what was written and is not there.
func (v *Verdict) noRowOf(d *Delivery) {
	v.Headline = "The consumer says that it is written, and the database has no row of it."
	v.Why = append(v.Why, "The span of the processing at "+d.Queue+" says that it was written, with an INSERT beneath it.")
	v.Next = append(v.Next,
		"Is it the database that the consumer writes to? A reader may be behind the writer: ask again in a moment.",
		"If nobody has deleted the row, the database lost it after its COMMIT: see docs/guarantees.md.")
}
