// Package notify tells people of alarms: it takes what CloudWatch publishes on
// the alarm topics and passes it on to Slack, PagerDuty and incident.io, by
// severity, owner and hour.
//
// Start from [New] and give [Notifier.Handle] the events of a Lambda function
// that is subscribed to the topics:
//
//	n, err := notify.New(notify.Config{Pipeline: p, AWS: cfg})
//	err = n.Handle(ctx, event) // an events.SNSEvent
//
// Package alarms/routing says who hears of an alarm. An error of Handle means
// that a destination was not reached: invoke it again with the same event, as
// Lambda does by itself.
//
// An incident begins when an alarm goes on and ends when it is OK again. It is
// one thread in Slack and one incident in PagerDuty and incident.io. Whoever was
// told of its beginning is told of its end, whatever the hour. A DynamoDB table
// keeps what was told to whom. It has an item for each alarm and destination:
// the messages that the destination has had of this alarm, and a lease, so that
// one invocation at a time tells it.
//
// A message that did not reach all of its destinations is delivered again, and
// then sent only to those that it has not reached. PagerDuty and incident.io
// recognise a repeated event by its key. Slack does not. If it is not known
// whether Slack has posted a message (no answer, an error on its side, or the
// function died or lost the table before it could note the answer), the message
// is posted again: once in the same delivery, and once or twice in each further
// one. Twice is better than never.
//
// While the table is away, alarms still reach PagerDuty and incident.io; Slack
// waits for the next attempt. In the same way pages are sent without the lease
// if another invocation has held it for some seconds, since that may have died.
//
// Secrets come from Secrets Manager when they are needed. They are in no error,
// log line or span.
//
// Of this module it imports alarms, alarms/routing, alarms/snippet, pipeline
// and telemetry/semconv.
package notify
