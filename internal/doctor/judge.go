package doctor

import (
	"fmt"
	"time"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// skewUnsaid is by how much the clocks of hops may differ: as in package consumer.
const skewUnsaid = time.Second

// judgeRow looks whether the row is of the event's trace, and came in time.
func (e *exam) judgeRow(w *way, r *row) {
	w.add(signal.HopDatabase, checkRow, good("events", "the row is there"))
	if !w.untraced {
		e.judgeRowTrace(w, r)
	}
	e.judgeRowShape(w, r)
	e.judgeTimes(w, r)
}

func (e *exam) judgeRowTrace(w *way, r *row) {
	if r.of(w.event.TraceID) {
		w.add(signal.HopTopic, checkRowTrace, good("events", "the row has the trace that was sent"))
		return
	}
	f := Finding{
		Verdict: Fault, Subject: e.pipeline.TopicName(), Found: "the row has no trace", Want: "trace " + w.event.TraceID, Page: "docs/runbooks/contexts-dropped.md",
	}
	if r.traceID != nil {
		f.Found = "the row is of trace " + *r.traceID
	}
	if r.acceptedAt == nil {
		f.Found += ", and accepted-at is not there either"
		f.Why = "all message attributes were stripped between the service and the consumer: by what forwards messages from queue to queue, by MessageStructure json, or by a queue that is filled by hand"
		f.Mend = "let what stands between copy message attributes, or subscribe the queue to the topic itself"
	} else {
		f.Why = "the other attributes came, traceparent did not: the service injects none (OTEL_PROPAGATORS), the message had no room for it, or something between strips it"
		f.Mend = "look at the service's propagators, and at context dropped in its log"
	}
	w.add(signal.HopTopic, checkRowTrace, f)
}

// judgeRowShape looks at what only raw messages lack, and at deliveries.
func (e *exam) judgeRowShape(w *way, r *row) {
	writers := e.writers()
	if len(writers) == 1 {
		c, enveloped := writers[0], r.snsMessageID != nil
		if enveloped == c.RawDelivery {
			shape := map[bool]string{true: "in SNS's envelope", false: "raw"}
			w.add(signal.HopTopic, checkRowShape, Finding{
				Verdict: Warning, Subject: c.QueueName(), Found: "the message came " + shape[enveloped], Want: shape[!enveloped] + ", as the description says",
				Why: "the subscription's raw message delivery is not that of the description; the consumer reads both", Mend: applyEvents, Page: "docs/doctor.md#raw-delivery",
			})
		}
	}
	if r.receives != nil && *r.receives > 1 {
		w.add(signal.HopConsumer, checkRowShape, Finding{
			Verdict: Warning, Subject: "events", Found: fmt.Sprintf("the message was received %d times", *r.receives), Want: "once",
			Why: "the consumer failed on it before, or the visibility timeout is too short", Mend: "look at the consumer's log, by the trace", Page: "docs/runbooks/item-failures.md",
		})
	}
}

// moment is a time of the row, and whose clock it is.
type moment struct {
	at    *time.Time
	whose string
}

// judgeTimes tells how long each part took, and which clock is off.
func (e *exam) judgeTimes(w *way, r *row) {
	times := []moment{
		{r.acceptedAt, "the service's"}, {r.sentAt, "SQS's"}, {r.receivedAt, "the consumer's"}, {&r.writtenAt, "the database's"},
	}
	steps := []struct {
		hop  signal.Hop
		name string
	}{{signal.HopTopic, "accepted, to the queue"}, {signal.HopQueue, "wait in the queue"}, {signal.HopConsumer, "consumer, to the row"}}
	fine := true
	for i, s := range steps {
		from, to := times[i], times[i+1]
		if from.at == nil || to.at == nil {
			continue
		}
		took := to.at.Sub(*from.at)
		w.step(s.hop, s.name, took)
		if took < -skewUnsaid {
			fine = false
			w.add(s.hop, checkRowClocks, Finding{
				Verdict: Warning, Subject: "events", Found: fmt.Sprintf("%s: %s clock is %s behind %s", s.name, to.whose, trace.FormatDuration(-took), from.whose), Want: "at most " + trace.FormatDuration(skewUnsaid),
				Why: "spans seem to begin before their parents, and freshness is counted wrongly", Mend: "look at the time service of the host whose clock is off", Page: "docs/doctor.md#clocks",
			})
		}
	}
	if fine {
		w.add(signal.HopDatabase, checkRowClocks, good("events", "accepted, sent, received and written follow each other"))
	}
	if r.acceptedAt == nil {
		return
	}
	all := r.writtenAt.Sub(*r.acceptedAt)
	w.step(signal.HopDatabase, "in all, accepted to row", all)
	if limit := e.pipeline.Objectives.Freshness; all > limit {
		w.add(signal.HopDatabase, checkFresh, Finding{
			Verdict: Warning, Subject: "events", Found: "it took " + trace.FormatDuration(all), Want: "at most " + trace.FormatDuration(limit) + ", the objective",
			Why: "messages wait, or the consumer is slow", Mend: "look at which step took long", Page: "docs/runbooks/freshness.md",
		})
	} else {
		w.add(signal.HopDatabase, checkFresh, good("events", trace.FormatDuration(all)+" from accepted to written, within "+trace.FormatDuration(limit)))
	}
}
