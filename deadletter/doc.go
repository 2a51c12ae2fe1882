// Package deadletter is for those who have to do something about a dead-letter
// queue of SQS: see why each message is there, send the good ones back to
// where they came from, take the bad ones out.
//
// Start from [Open]. It gives a [Queue], and that has [Queue.List],
// [Queue.Each], [Queue.Redrive] and [Queue.Drop]. A [Letter] is one message
// with what is known of it: why it is there, its event, its trace.
//
// Nothing here can lose a message. One is deleted only after the queue that it
// goes to has confirmed it, or after its copy is on the disk. If a redrive is
// killed, begin it again and it goes on. A message that it had sent but not yet
// deleted is then sent twice; a consumer that recognises an event by source and
// id, as package consumer does, writes it once.
//
// The one way to look into a queue is to receive from it. That hides the
// messages from others for a while and adds to their receive count. So they are
// hidden for a short time, which is prolonged while they are needed, and given
// back at the end.
//
// Messages keep the trace context that they came with. Do not give it a client
// that awssdk.Instrument has changed: that would write a context of its own.
//
// Of this module it imports consumer, event, internal/spoilt, telemetry/message
// and telemetry/semconv.
package deadletter
