// Package notify tells people of alarms: it takes what CloudWatch publishes on
// the alarm topics and passes it on to Slack, PagerDuty and incident.io, by
// severity, owner and hour.
//
// Start from [New] and give [Notifier.Handle] the events of a Lambda function
// that is subscribed to the topics. Package alarms/routing says who hears of an
// alarm.
//
// An incident begins with an alarm that goes on and ends when it is OK again.
// It is one thread in Slack and one incident in PagerDuty and incident.io, and
// whoever was told of it hears of its end, whatever the hour. What was told to
// whom is kept in a DynamoDB table: each alarm and destination has an item with
// a lease, so that one invocation at a time tells that destination of that
// alarm, and with the messages that it has had.
//
// A message that did not reach one of its destinations fails, and comes again;
// then only those destinations hear of it that have not yet. PagerDuty and
// incident.io know a repeated event by its key. Slack does not: if it is not
// known whether it has posted (no answer, a fault of its own), the message is
// posted once more, and then again once or twice at each further delivery; so it
// is if the function dies or loses the table between the answer and the note of
// it. Rather twice than never.
//
// While the table is away, alarms still reach PagerDuty and incident.io; all
// else waits for the next attempt. So do pages if another invocation has had the
// turn for some seconds: it may be dead.
//
// Secrets come from Secrets Manager when they are needed. They are in no error,
// log line or span.
//
// Of this module it imports alarms, alarms/routing, alarms/snippet, pipeline
// and telemetry/semconv.
package notify
