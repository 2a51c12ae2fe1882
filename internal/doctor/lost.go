package doctor

import (
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// lost says where an event that was accepted and has no row stopped, and what the
// usual reasons are. failed is why the database could not be asked, or nil.
func (e *exam) lost(w *way, queues *watch, failed error) {
	w.event.Left = "it was accepted: it is in a queue, or becomes a row later"
	w.event.Remove = "once it is a row: " + removal(&w.event)
	if failed != nil {
		f := Finding{
			Verdict: Unknown, Subject: "events", Found: "the database does not answer here: " + hide(failed), Want: "a connection",
			Why: "the database is down or does not take this user, or it is not to be reached from here", Mend: "try psql with the same URL", Page: "docs/runbooks/database.md",
		}
		if e.Local || e.anyWorked(queues) {
			f.Verdict = Fault
		}
		w.add(signal.HopDatabase, checkRow, f)
	}
	for _, c := range e.writers() {
		hop, f := e.stopped(w.event.ID, c, queues, failed)
		if f.Subject == "" {
			f.Subject = c.QueueName()
		}
		w.add(hop, checkRow, f)
	}
}

func (e *exam) anyWorked(queues *watch) bool {
	for _, c := range e.writers() {
		if queues.worked[c.Name] {
			return true
		}
	}
	return false
}

// stopped is where the event stopped on the way through one consumer.
func (e *exam) stopped(id string, c *pipeline.Consumer, queues *watch, failed error) (signal.Hop, Finding) {
	after := "no row after " + e.Timeout.String()
	if queues.last == nil || queues.err != nil {
		f := Finding{
			Verdict: Fault, Found: after + ", and the queues could not be looked into", Want: "a row",
			Why: "the event is in a queue, or nothing is subscribed to the topic", Mend: "look at the age of the oldest message", Page: "docs/runbooks/queue-age.md",
		}
		if queues.err != nil {
			f.Action = unknown(queues.err).Action
		}
		if failed != nil {
			f.Verdict, f.Found = Unknown, "nobody knows: neither the database nor the queues could be asked"
		}
		return signal.HopQueue, f
	}
	first, last := queues.first[c.Name], queues.last[c.Name]
	there := after + "; " + last.tell(c)
	worked := queues.worked[c.Name] && last.queue.all() > 0 // and not done with
	switch {
	case last.undelivered.all() > first.undelivered.all():
		return signal.HopTopic, Finding{
			Verdict: Fault, Subject: c.UndeliveredName(), Found: there, Want: "messages in " + c.QueueName(),
			Why:  "SNS could not put it into the queue: the queue's policy, its key, its size limit, or it is gone",
			Mend: e.dlq("ls --undelivered -c " + c.Name), Page: "docs/runbooks/undelivered.md",
		}
	case last.dlq.all() > first.dlq.all():
		return signal.HopConsumer, Finding{
			Verdict: Fault, Subject: c.DLQName(), Found: there, Want: "a row",
			Why: "the consumer, or SQS, gave it up", Mend: e.dlq("show -c "+c.Name+" "+id) + " says why", Page: "docs/runbooks/dlq-arrivals.md",
		}
	case worked && failed != nil:
		return signal.HopDatabase, Finding{
			Verdict: Fault, Found: there, Want: "a row",
			Why: "the consumer takes it and cannot write it: the database does not answer here either", Mend: "bring the database back; the message comes again by itself", Page: "docs/runbooks/item-failures.md",
		}
	case worked:
		return signal.HopConsumer, Finding{
			Verdict: Fault, Subject: c.FunctionName(), Found: there, Want: "a row",
			Why:  "the consumer takes it and does not settle it: it fails, it hangs, or it cannot reach the database, which does answer here",
			Mend: "look at the consumer's log, by the trace", Page: "docs/runbooks/item-failures.md",
		}
	case last.queue.waiting > 0:
		return signal.HopConsumer, Finding{
			Verdict: Fault, Subject: c.FunctionName(), Found: there, Want: "an empty queue",
			Why:  "nobody takes messages out: the consumer is stopped, its event source mapping is disabled or gone, or the function has no concurrency or permission left",
			Mend: "look at the event source mapping, and at throttles of the function", Page: "docs/runbooks/queue-age.md",
		}
	case failed != nil:
		return signal.HopDatabase, Finding{Verdict: Unknown, Found: "no message is left in its queues, and whether there is a row nobody could ask"}
	case len(c.FilterPolicy) > 0:
		return signal.HopTopic, Finding{
			Verdict: Warning, Found: there, Want: "a row, if the filter policy lets the event through",
			Why: "the subscription selects messages, and may not select the doctor's", Mend: "send one that it selects, by --source and --type", Page: "docs/doctor.md#the-event",
		}
	}
	return signal.HopTopic, Finding{
		Verdict: Fault, Found: there, Want: "a row",
		Why:  "it is in no queue: the subscription is missing or filters it out, somebody else takes messages out of the queue, or rows go to another database than the one that was asked",
		Mend: "look at the findings about the subscription and the event source, and at DATABASE_URL", Page: "docs/runbooks/topic.md",
	}
}
