package alarms_test

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// manyConsumers has a ledger of batches of 1000, a mailer of another team with a
// timeout of a minute and a sink of its own, and a search with little
// concurrency that writes to the database, too.
func manyConsumers(t *testing.T) *alarms.Set {
	t.Helper()
	b, err := os.ReadFile("../pipeline/testdata/many-consumers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	b = bytes.Replace(b, []byte("sink: custom\n    filter_scope"), []byte("sink: postgres\n    filter_scope"), 1)
	p, err := pipeline.Parse("many-consumers.yaml", append(b, "objectives:\n  freshness_seconds: 120\n"...))
	if err != nil {
		t.Fatal(err)
	}
	return setOf(t, p)
}

// Each consumer's alarms have its own limits, owner, logs and silencers.
func TestFor_SeveralConsumers_EachItsOwn(t *testing.T) {
	s := manyConsumers(t)
	for consumer, want := range map[string]struct {
		owner, group                 string
		depth, duration, concurrency float64
		age                          float64
		consumerBy, queueBy          string // what silences them
	}{
		"ledger": {"team-orders", "/aws/lambda/test-orders-ledger", 100000, 24000, 9, 600, "database", "ledger-queue-explained"},
		"mailer": {"team-post", "/aws/lambda/test-orders-mailer", 1000, 48000, 9, 960, "", "mailer-consumer"},
		"search": {"team-orders", "/aws/lambda/test-orders-search", 200, 24000, 0, 600, "database", "search-queue-explained"},
	} {
		find := func(key string) alarms.Alarm {
			a, ok := s.Find(key)
			if !ok {
				t.Fatalf("there is no %s", key)
			}
			return a
		}
		for _, a := range s.Alarms() {
			mine := strings.HasPrefix(a.Key, consumer+"-") || strings.HasPrefix(a.Key, "rollback-"+consumer+"-")
			if mine && (a.Owner != want.owner || a.Logs.Group != want.group) {
				t.Errorf("%s: owner %s, logs %s, want %s, %s", a.Key, a.Owner, a.Logs.Group, want.owner, want.group)
			}
			if mine && a.Metric != nil {
				for _, in := range a.Metric.Inputs {
					if !strings.HasPrefix(in.Signal.ID, consumer+".") {
						t.Errorf("%s watches %s", a.Key, in.Signal.ID)
					}
				}
			}
			if mine && a.Composite != nil {
				for _, key := range a.Composite.Rule.Keys() {
					if !strings.HasPrefix(key, consumer+"-") && key != "database" {
						t.Errorf("%s is made of %s", a.Key, key)
					}
				}
			}
		}
		for suffix, threshold := range map[string]float64{
			"queue-depth": want.depth, "duration": want.duration, "concurrency": want.concurrency, "queue-age": want.age,
		} {
			if _, there := s.Find(consumer + "-" + suffix); !there && threshold == 0 {
				continue // with a concurrency of 2 any burst takes it to its maximum
			}
			if got := find(consumer + "-" + suffix).Metric.Threshold; got != threshold {
				t.Errorf("%s-%s: the threshold is %v, want %v", consumer, suffix, got, threshold)
			}
		}
		for suffix, by := range map[string]string{"consumer": want.consumerBy, "queue": want.queueBy, "freshness": consumer + "-queue"} {
			if got := find(consumer + "-" + suffix).Composite.Suppressor; got != by {
				t.Errorf("%s-%s is silenced by %q, want %q", consumer, suffix, got, by)
			}
		}
	}
	for _, consumer := range []string{"ledger", "search"} {
		explained, _ := s.Find(consumer + "-queue-explained")
		if got, want := explained.Composite.Rule.String(), `ALARM("`+consumer+`-consumer") OR ALARM("database")`; got != want {
			t.Errorf("the queue of %s is explained by %s, want %s", consumer, got, want)
		}
	}
}

// A heartbeat tries every topic: one that is left out would be missed for ever.
func TestFor_Heartbeat_GoesEveryWay(t *testing.T) {
	a, _ := setOf(t, load(t, "prod")).Find(alarms.KeyHeartbeat)
	if got, want := a.Topics(), []string{"page", "ticket", "notice"}; !slices.Equal(got, want) {
		t.Errorf("the heartbeat goes to %q, want %q", got, want)
	}
}

var queried = regexp.MustCompile(`msg = "([^"]*)"`)

// A query looks for lines that are written, where they are written.
func TestFor_Queries_FindTheirLines(t *testing.T) {
	written := []string{
		"refused", // service/log.go
		semconv.LogBatchSettled, semconv.LogEventsStored, semconv.LogContextDropped, semconv.LogTelemetryDropped, semconv.LogAccessLogRead,
	}
	for _, p := range every(t) {
		for _, a := range setOf(t, p).Alarms() {
			if m := queried.FindStringSubmatch(a.Logs.Text); m != nil && !slices.Contains(written, m[1]) {
				t.Errorf("%s: nobody writes a line %q", a.Key, m[1])
			}
			want := "/ecs/" + p.ServiceName()
			switch a.Hop {
			case signal.HopAlarmPath:
				want = "/aws/lambda/" + p.NotifierName()
			case signal.HopDatabase:
				want = "/aws/lambda/" + p.Consumers[0].FunctionName() // the first in all of these
			case signal.HopQueue, signal.HopConsumer:
				continue // each its own: see above
			case signal.HopEdge, signal.HopService, signal.HopTopic:
			}
			if slices.Contains([]string{"spans-lost", "access-log-unread", "albspans-telemetry-dropped"}, a.Key) {
				want = "/aws/lambda/" + p.ALBSpansName()
			}
			if a.Key == "waf-blocked" { // the service sees none of them
				want = "aws-waf-logs-" + p.ServiceName()
			}
			if slices.Contains(unlogged, a.Key) {
				want = ""
			}
			if a.Logs.Group != want && !strings.HasSuffix(a.Key, "-undelivered") {
				t.Errorf("%s: the logs are %s, want %s", a.Key, a.Logs.Group, want)
			}
		}
	}
}
