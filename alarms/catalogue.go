package alarms

import (
	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// builder collects the alarms of a pipeline. What an alarm refers to is added
// before it.
type builder struct {
	pipeline *pipeline.Pipeline
	signals  *signal.Catalogue
	snippets snippet.Set
	consumer *pipeline.Consumer // that alarms are about now; nil for none
	alarms   []Alarm
}

// kit adds the alarms that every pipeline has.
func (b *builder) kit() {
	b.database()
	b.service()
	b.edge()
	b.topic()
	for i := range b.signals.Consumers {
		b.ofConsumer(&b.pipeline.Consumers[i], b.signals.Consumers[i])
	}
	b.objectives()
	b.rollback()
	b.alarmPath()
}

func (b *builder) add(a Alarm) {
	a.Next = b.next(&a)
	b.alarms = append(b.alarms, a)
}

// page adds alarms that together are one reason to wake somebody, and the
// composite that does. Its members tell nobody themselves, so that one broken
// hop is one message, however many of its alarms go off.
//
// It returns what joins them, for what is special about it.
func (b *builder) page(composite Alarm, suppressor string, members ...Alarm) *Composite {
	keys := make([]string, len(members))
	for i, m := range members {
		keys[i] = m.Key
		m.Hop, m.Severity, m.Notify = composite.Hop, pipeline.SeverityPage, NotifyNobody
		if m.Owner == "" {
			m.Owner = composite.Owner
		}
		b.add(m)
	}
	composite.Severity = pipeline.SeverityPage
	composite.Composite = &Composite{Rule: Any(keys...), Suppressor: suppressor}
	b.add(composite)
	return composite.Composite
}

// of is a metric alarm's only input.
func of(s signal.Signal) []Input { return []Input{{"value", s}} }

// Floors are compared with a count whose gaps are filled. Without that, a period
// without data has no result, and CloudWatch goes back to older periods: an alarm
// over more than a minute would go on again and again after traffic has ended.
// ("Configuring how CloudWatch alarms treat missing data", CloudWatch user guide.)

// Alarms of one-minute periods look at more periods than have to breach. Metrics
// are minutes late at times, and CloudWatch looks for no more than a little
// beyond the periods it is told of: three minutes late, an alarm over the last
// one or three would see nothing at all, and be deaf.
