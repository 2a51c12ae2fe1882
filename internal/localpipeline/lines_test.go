//go:build unix

package localpipeline_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// counted makes metrics of the lines that the programs write, as CloudWatch
// does of those in their log groups.
type counted struct {
	output func(program, line string) // the next to hear them

	mu      sync.Mutex
	filters map[string][]signal.Signal // by program
	sums    map[string]float64         // by signal
	matches map[string]int             // lines, by signal
}

// countLines counts all signals of the pipeline that are made from lines.
func countLines(c *localpipeline.Config) *counted {
	p, n := c.Pipeline, &counted{output: c.Output, filters: map[string][]signal.Signal{}, sums: map[string]float64{}, matches: map[string]int{}}
	groups := map[string]string{pipeline.LogGroupName(pipeline.KindService, p.ServiceName()): "service"}
	for i := range p.Consumers {
		groups[pipeline.LogGroupName(pipeline.KindFunction, p.Consumers[i].FunctionName())] = p.Consumers[i].Name
	}
	for _, s := range signal.For(p).All() {
		if s.Filter != nil {
			program := groups[s.Filter.LogGroup]
			n.filters[program] = append(n.filters[program], s)
		}
	}
	c.Output = n.add
	return n
}

func (c *counted) add(program, line string) {
	c.output(program, line)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.filters[program] {
		if value, ok := s.Filter.Match([]byte(line)); ok {
			c.sums[s.ID] += value
			c.matches[s.ID]++
		}
	}
}

// sum is what a signal counts up to.
func (c *counted) sum(id string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int(c.sums[id])
}

// lines is how many lines a signal has matched.
func (c *counted) lines(id string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.matches[id]
}

// The catalogue's filters find the lines that the consumer really writes, and
// what they count is what happened: good events, poison, and failures while
// the database is away.
func TestLines_Consumer_FiltersCountWhatHappened(t *testing.T) {
	const good = 6
	var n *counted
	l := start(t, "timeout_seconds: 5", func(c *localpipeline.Config) {
		c.HoldConsumers = true
		c.Pipeline.Consumers[0].VisibilityTimeout = backSoon
		c.Pipeline.Consumers[0].MaxReceiveCount = 100
		c.ConsumerEnv = map[string]string{"FRESHNESS": "1ms"} // nothing is as fresh as that
		n = countLines(c)
	})
	var ids []string
	for i := range good {
		ids = append(ids, send(t, l, fmt.Sprintf(`{"order":%d}`, i), nil))
	}
	_, err := topic(l, false).Publish(wait(t), &sns.PublishInput{TopicArn: aws.String(l.Addresses().TopicARN), Message: aws.String(`{"not":`)})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Database().Kill(wait(t)); err != nil {
		t.Fatal(err)
	}
	if err := l.StartConsumers(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "every good event fails", func() bool { return n.sum("ledger.item_failures") >= good })
	if err := l.Database().Restart(wait(t)); err != nil {
		t.Fatal(err)
	}
	failures := 0
	for _, id := range ids {
		row, err := l.WaitRow(wait(t), id)
		if err != nil {
			t.Fatal(err)
		}
		count, _ := row.Get("receive_count").(int32)
		failures += int(count) - 1
	}
	want := map[string]int{
		"ledger.stored": good, "ledger.late": good, "ledger.dead_lettered": 1,
		"ledger.item_failures": failures, "ledger.messages": good + failures + 1,
	}
	eventually(t, "a line about every message", func() bool {
		for id := range want {
			if n.sum(id) < want[id] {
				return false
			}
		}
		return true
	})
	got := map[string]int{}
	for id := range want {
		got[id] = n.sum(id)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// By the description's own objective, nothing is late here.
func TestLines_Freshness_IsTheDescriptions(t *testing.T) {
	var n *counted
	l := start(t, fast, func(c *localpipeline.Config) {
		c.Pipeline.Objectives.Freshness = time.Hour
		n = countLines(c)
	})
	send(t, l, `{}`, nil)
	eventually(t, "an event is stored, and a line says how late", func() bool { return n.sum("ledger.stored") == 1 && n.lines("ledger.late") == 1 })
	if late := n.sum("ledger.late"); late != 0 {
		t.Errorf("%d late, want 0", late)
	}
}

// A large event and a large tracestate leave no room for the client's baggage.
// The event lands none the less, and the loss is counted: most of it a second
// later.
func TestLines_Service_BaggageWithoutRoom_IsCounted(t *testing.T) {
	const events = 5
	var n *counted
	l := start(t, fast, func(c *localpipeline.Config) { n = countLines(c) })
	var state []string
	for i := range 32 { // as many members, and as long, as W3C allows
		state = append(state, fmt.Sprintf("vendor%d=%s", i, strings.Repeat("s", 256)))
	}
	header := http.Header{
		"Traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}, "Tracestate": {strings.Join(state, ",")},
		"Baggage": {"a=" + strings.Repeat("v", 4090) + ",b=" + strings.Repeat("v", 4090)},
	}
	for i := range events {
		response, body := post(t, l, cloudEvent, structured(fmt.Sprint("large-", i), 240<<10), header)
		if response.StatusCode != http.StatusAccepted {
			t.Fatalf("status %d: %s", response.StatusCode, body)
		}
	}
	eventually(t, "every dropped context is counted", func() bool { return n.sum("service.contexts_dropped") >= events })
	if got := n.sum("service.contexts_dropped"); got != events {
		t.Errorf("%d contexts were dropped, want %d", got, events)
	}
	eventually(t, "the events are rows", func() bool {
		rows, err := l.CountRows(wait(t))
		return err == nil && rows == events
	})
}

// With no collector every span is dropped, and every one is counted: those of
// the consumer before its sandbox is frozen, the rest when the programs end.
func TestLines_CollectorAway_EverySpanIsCounted(t *testing.T) {
	const events = 4
	var n *counted
	l := start(t, fast, func(c *localpipeline.Config) {
		spansOnly := map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": nobody, "OTEL_EXPORTER_OTLP_TIMEOUT": "200",
			"OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none", "DRAIN_GRACE": "0s",
		}
		c.ServiceEnv, c.ConsumerEnv = spansOnly, spansOnly
		c.ConsumerGrace = 5 * time.Second // a busy machine's half a second may be too short
		n = countLines(c)
	})
	for i := range events {
		send(t, l, fmt.Sprintf(`{"order":%d}`, i), nil)
	}
	eventually(t, "every event is stored", func() bool { return n.sum("ledger.messages") == events })
	eventually(t, "the consumer tells what it dropped", func() bool { return n.sum("ledger.telemetry_dropped") > 0 })
	if err := l.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got, want := n.sum("service.telemetry_dropped"), 2*events; got != want {
		t.Errorf("the service dropped %d spans, want %d: SERVER and PRODUCER of each event", got, want)
	}
	invocations := n.lines("ledger.messages") // and each sandbox connects to the database
	if got, want := n.sum("ledger.telemetry_dropped"), 3*events+invocations; got < want {
		t.Errorf("the consumer dropped %d spans, want at least %d: wait, process and INSERT of each event and %d invocations", got, want, invocations)
	}
}
