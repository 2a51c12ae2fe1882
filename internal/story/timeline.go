package story

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tracehaul/tracehaul/internal/trace"
)

// tolerance is what a time may be before another one without clocks that
// differ: SQS knows milliseconds.
const tolerance = time.Millisecond

// timeline tells when the event was where. A row tells all of the way; without
// one, messages and spans tell what they know.
func (t *Story) timeline() []Moment {
	moments := []Moment{}
	for _, row := range t.rowsInFocus() {
		name := ""
		if len(t.Rows) > 1 && t.focus == nil {
			name = text(row.Get("id")) + " "
		}
		way := []Moment{
			{What: name + "accepted by the service", Clock: "the service", Time: moment(row.Get("accepted_at"))},
			{What: name + "arrived in the queue", Clock: "SQS", Time: moment(row.Get("sent_at"))},
			{What: fmt.Sprintf("%shanded to the consumer, delivery %s", name, cmp.Or(text(row.Get("receive_count")), "unknown")), Clock: "the consumer", Time: moment(row.Get("received_at"))},
			{What: name + "written", Clock: "the database", Time: moment(row.Get("written_at"))},
		}
		way = slices.DeleteFunc(way, func(m Moment) bool { return m.Time.IsZero() })
		for i := 1; i < len(way); i++ {
			way[i].Backwards = way[i].Time.Before(way[i-1].Time.Add(-tolerance))
		}
		moments = append(moments, way...)
	}
	if len(moments) > 0 {
		return moments
	}
	for _, d := range t.chosen() {
		moments = append(moments, d.moments()...)
	}
	for i := range t.Messages {
		m := &t.Messages[i]
		if t.focus != nil && m.EventID != t.focus.ID {
			continue
		}
		what := "arrived in " + m.Queue
		if m.DeadLetter && m.Reason == reasonUnsettled {
			what = "first arrived in the queue from which SQS moved it to " + m.Queue
		}
		moments = append(moments, Moment{Time: m.SentAt.UTC(), What: what, Clock: "SQS"})
	}
	moments = slices.DeleteFunc(moments, func(m Moment) bool { return m.Time.IsZero() })
	slices.SortStableFunc(moments, func(a, b Moment) int {
		return a.Time.Truncate(tolerance).Compare(b.Time.Truncate(tolerance))
	})
	return moments
}

// rowsInFocus are those of the event that was asked for, or all of the trace.
func (t *Story) rowsInFocus() []trace.Row {
	if t.focus == nil {
		return t.Rows
	}
	return slices.DeleteFunc(slices.Clone(t.Rows), func(row trace.Row) bool {
		return !t.focus.Is(text(row.Get("source")), text(row.Get("id")))
	})
}

// after says how long after the first moment another one was.
func (t *Story) after(i int) string {
	switch m := t.Timeline[i]; {
	case i == 0:
		return ""
	case m.Backwards:
		return "clamped: clocks differ"
	default:
		return "+" + trace.FormatDuration(max(0, m.Time.Sub(t.Timeline[0].Time)))
	}
}

func (d *Delivery) moments() []Moment {
	moments := []Moment{{Time: d.SentAt.UTC(), What: "sent to " + d.Topic, Clock: "the service"}}
	if d.Topic == "" {
		moments = nil
	}
	for _, r := range d.Receives {
		what := fmt.Sprintf("handed to the consumer, delivery %d: %s", r.Count, r.outcome())
		moments = append(moments, Moment{Time: r.At.UTC(), What: what, Clock: "the consumer"})
	}
	return moments
}

func moment(v any) time.Time {
	t, _ := v.(time.Time)
	return t.UTC()
}
