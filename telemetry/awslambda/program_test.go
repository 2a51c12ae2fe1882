package awslambda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/goleak"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

// lambdaProgram is the environment variable that makes this test binary a
// Lambda program, and says where its collector is.
const lambdaProgram = "AWSLAMBDA_TEST_COLLECTOR"

// shutdownProgram is the environment variable that gives the program a
// Shutdown of its own.
const shutdownProgram = "AWSLAMBDA_TEST_SHUTDOWN"

// registerProgram is the environment variable that has the program call
// Register, and neither Flush nor Shutdown.
const registerProgram = "AWSLAMBDA_TEST_REGISTER"

func TestMain(m *testing.M) {
	if collector := os.Getenv(lambdaProgram); collector != "" {
		runProgram(collector)
		return
	}
	goleak.VerifyTestMain(m)
}

// runProgram is what the main function of a Lambda program does. It holds
// telemetry back until it is flushed.
func runProgram(collector string) {
	reader := sdkmetric.NewManualReader()
	tp := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter(collector), sdktrace.WithBatchTimeout(time.Hour)))
	c := awslambda.Config{
		TracerProvider: tp,
		MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)),
		Flush: func(ctx context.Context) error {
			return errors.Join(tp.ForceFlush(ctx), pushMetrics(ctx, reader, collector))
		},
	}
	if os.Getenv(shutdownProgram) != "" {
		c.Shutdown = func(ctx context.Context) error {
			return errors.Join(tp.Shutdown(ctx), push(ctx, collector+"/collector/shutdown", nil))
		}
	}
	if os.Getenv(registerProgram) != "" {
		awslambda.Register()
		c.Flush = nil
	}
	var together sync.WaitGroup
	together.Add(4)
	awslambda.Start(awslambda.SQSEach(func(_ context.Context, m *awslambda.Message) error {
		switch m.Body {
		case "fail":
			return errors.New("connection refused")
		case "panic":
			panic("no such table")
		case "together":
			together.Done()
			together.Wait()
		}
		return nil
	}, c), c)
}

// exported is a span on its way to the collector.
type exported struct {
	Name       string
	Attributes map[string]any
}

type exporter string

func (e exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	all := make([]exported, 0, len(spans))
	for _, span := range spans {
		all = append(all, exported{span.Name(), mapOf(span.Attributes())})
	}
	return push(ctx, string(e)+"/collector/spans", all)
}

func (exporter) Shutdown(context.Context) error { return nil }

func pushMetrics(ctx context.Context, reader sdkmetric.Reader, collector string) error {
	var rm metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &rm); err != nil {
		return err
	}
	var names []string
	for _, sm := range rm.ScopeMetrics {
		for _, m := range sm.Metrics {
			names = append(names, m.Name)
		}
	}
	return push(ctx, collector+"/collector/metrics", names)
}

func push(ctx context.Context, url string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("collector answered %s", res.Status)
	}
	return nil
}
