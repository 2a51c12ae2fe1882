package consumer_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// skews are what the spans of processed messages say of clocks, by message.
func (b *bundle) skews() map[string]time.Duration {
	said := make(map[string]time.Duration)
	for _, s := range process(b.t, b) {
		var id string
		var skew time.Duration
		for _, a := range s.Attributes() {
			switch a.Key {
			case otelsemconv.MessagingMessageIDKey:
				id = a.Value.AsString()
			case semconv.ClockSkewKey:
				skew = time.Duration(a.Value.AsFloat64() * float64(time.Millisecond))
			}
		}
		said[id] = skew
	}
	return said
}

// Clocks of service and queue that are ahead of the consumer's are said on the
// span that would begin before its parent, also where the message is no event.
func TestConsumer_ClockBehind_SpanSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, nil)
		queueAhead, alien, refused := placed(2), acceptedAgo(3, -time.Hour), acceptedAgo(4, -time.Hour)
		queueAhead.Attributes["SentTimestamp"] = strconv.FormatInt(time.Now().Add(time.Minute).UnixMilli(), 10)
		alien.Body = "{"
		b.sink.poison["4"] = true
		messages := []events.SQSMessage{acceptedAgo(0, time.Hour), acceptedAgo(1, -time.Hour), queueAhead, alien, refused, acceptedAgo(5, -time.Second/2)}
		b.invoke(t.Context(), messages...)
		said := b.skews()
		for i, want := range []time.Duration{0, time.Hour, time.Minute, time.Hour, time.Hour, 0} {
			if got := said[messages[i].MessageId]; got != want {
				t.Errorf("message %d: the span says that the clock is %v behind, want %v", i, got, want)
			}
		}
	})
}
