package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tracehaul/tracehaul/telemetry"
)

// A program that is there to deliver is not told that nobody waits: each of its
// flushes asks the collector, which may be well again.
func TestAlwaysWait_CollectorHung_NextFlushDelivers(t *testing.T) {
	t.Parallel()
	for name, always := range map[string]bool{"Off": false, "On": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const wait = 2 * time.Second
			c := newCollector(t)
			var healthy atomic.Bool
			release := make(chan struct{})
			c.misbehave(func(http.ResponseWriter, *http.Request) bool {
				if !healthy.Load() {
					<-release
				}
				return false
			})
			config := configFor(c.URL)
			config.FlushTimeout, config.Traces.Batch.AlwaysWait = wait, always
			tel := setup(t, config)
			flush := func() (time.Duration, error) {
				start := time.Now()
				err := tel.ForceFlush(t.Context())
				return time.Since(start), err
			}
			_, span := tel.TracerProvider().Tracer("test").Start(t.Context(), "work")
			span.End()
			if _, err := flush(); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the first flush gave %v", err)
			}
			if d, err := flush(); err == nil || (d > wait/2) != always {
				t.Errorf("while it hangs the second flush took %v and gave %v; waits: want %t", d, err, always)
			}
			healthy.Store(true)
			if always {
				time.AfterFunc(wait/8, func() { close(release) }) // while the third flush waits
			} else {
				defer close(release)
			}
			if _, err := flush(); (err == nil) != always {
				t.Errorf("when it is well again the flush gave %v; delivers: want %t", err, always)
			}
		})
	}
}

// What a flush waited for is counted when it returns, of its signal alone.
func TestDroppedOf_CountsOneSignal(t *testing.T) {
	config := configFor(answer{400, nil, ""}.url(t))
	config.Traces.Batch = telemetry.BatchConfig{QueueSize: 10, BatchSize: 10}
	config.Logs.Exporter.Kind = telemetry.ExporterNone
	tel := setup(t, config)
	if n := tel.DroppedOf(telemetry.SignalTraces); n != 0 {
		t.Errorf("%d spans are dropped before there are any", n)
	}
	emit(t, tel, 3)
	if err := tel.ForceFlush(t.Context()); err == nil {
		t.Error("the flush succeeded")
	}
	if n := tel.DroppedOf(telemetry.SignalTraces); n != 3 {
		t.Errorf("%d spans are dropped, want the 3 that were refused", n)
	}
	emit(t, tel, 100) // more than the queue holds: some are refused, some never get that far
	_ = tel.ForceFlush(t.Context())
	if n := tel.DroppedOf(telemetry.SignalTraces); n != 103 {
		t.Errorf("%d spans are dropped, want all 103, for whatever reason: %v", n, tel.Dropped())
	}
	if n := tel.DroppedOf(telemetry.SignalLogs); n != 0 {
		t.Errorf("%d log records are dropped, want none: there are none", n)
	}
}

// The resource of something else has nothing of this program, its machine, or
// what Setup found out by asking.
func TestForeignResource_HasNothingOfTheProcess(t *testing.T) {
	asked := make(chan struct{}, 10)
	ecs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		_, _ = fmt.Fprint(w, `{}`)
	}))
	defer ecs.Close()
	c := newCollector(t)
	config := configFor(c.URL)
	config.ServiceName, config.ForeignResource, config.ECSMetadataURI = "load-balancer", true, ecs.URL
	config.Resource = []attribute.KeyValue{attribute.String("cloud.region", "eu-west-1")}
	tel := setup(t, config)
	emit(t, tel, 1)
	if err := tel.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"cloud.region", "service.name", "telemetry.distro.name", "telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version"}
	if got := slices.Sorted(maps.Keys(c.resource)); !slices.Equal(got, want) {
		t.Errorf("the resource has %v, want %v", got, want)
	}
	if c.resource["service.name"] != "load-balancer" || c.resource["cloud.region"] != "eu-west-1" {
		t.Errorf("the resource is %v", c.resource)
	}
	if len(asked) > 0 {
		t.Error("ECS was asked what the program is")
	}
}
