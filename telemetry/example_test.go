package telemetry_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"go.opentelemetry.io/otel/propagation"

	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/otlpgrpc"
)

// run is what a program's main does: everything else comes from the
// environment.
func run(ctx context.Context, getenv func(string) string) error {
	cfg, err := telemetry.ConfigFromEnv(getenv)
	if err != nil {
		return err
	}
	tel, err := telemetry.Setup(ctx, cfg)
	if err != nil {
		return err
	}
	defer tel.Shutdown(context.WithoutCancel(ctx)) //nolint:errcheck // it is reported already
	tel.SetGlobal()

	ctx, span := tel.TracerProvider().Tracer("example").Start(ctx, "work")
	defer span.End()
	tel.Logger().DebugContext(ctx, "working")
	return nil
}

func Example() {
	env := map[string]string{"OTEL_SERVICE_NAME": "orders", "OTEL_SDK_DISABLED": "true"} // os.Getenv in a program
	if err := run(context.Background(), func(key string) string { return env[key] }); err != nil {
		fmt.Println(err)
	}
	// Output:
}

func ExampleConfigFromEnv_badSettings() {
	env := map[string]string{
		"OTEL_TRACES_SAMPLER":         "sometimes",
		"OTEL_EXPORTER_OTLP_TIMEOUT":  "10s",
		"OTEL_EXPORTER_OTLP_HEADERS":  "api-key secret",
		"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
	}
	_, err := telemetry.ConfigFromEnv(func(key string) string { return env[key] })
	fmt.Println(err)
	// Output:
	// OTEL_EXPORTER_OTLP_PROTOCOL="http/json": want http/protobuf or grpc
	// OTEL_EXPORTER_OTLP_HEADERS: entry 1 is not key=value: want key=value,key=value with percent-encoded values
	// OTEL_EXPORTER_OTLP_TIMEOUT="10s": want milliseconds, from 1 to 2147483647
	// OTEL_TRACES_SAMPLER="sometimes": want always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or parentbased_traceidratio
}

// A program that may be pointed at a collector which speaks gRPC links it.
func ExampleConfig_gRPC() {
	cfg, err := telemetry.ConfigFromEnv(os.Getenv)
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg.GRPC = otlpgrpc.Dial
}

// The collector of this example never answers. The program does not notice.
func ExampleTelemetry_Shutdown() {
	release := make(chan struct{})
	collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer collector.Close()
	defer close(release)

	to := telemetry.ExporterConfig{Endpoint: collector.URL + "/v1/traces"}
	none := telemetry.ExporterConfig{Kind: telemetry.ExporterNone}
	tel, err := telemetry.Setup(context.Background(), telemetry.Config{
		ShutdownTimeout: 300 * time.Millisecond,
		Traces:          telemetry.TracesConfig{Exporter: to},
		Metrics:         telemetry.MetricsConfig{Exporter: none},
		Logs:            telemetry.LogsConfig{Exporter: none},
		LogWriter:       discardLines{},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, span := tel.TracerProvider().Tracer("example").Start(context.Background(), "work")
	span.End()
	start := time.Now()
	err = tel.Shutdown(context.Background())
	fmt.Println(err != nil, time.Since(start) < 5*time.Second) // a collector may take 10 seconds, otherwise
	// Output: true true
}

type discardLines struct{}

func (discardLines) Write(p []byte) (int, error) { return len(p), nil }

// The propagator carries the trace from one process to the next, in whichever
// headers there are.
func ExampleTelemetry_Propagator() {
	tel, err := telemetry.Setup(context.Background(), telemetry.Config{Disabled: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := tel.Propagator().Extract(context.Background(), propagation.MapCarrier{
		"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	})
	out := propagation.MapCarrier{}
	tel.Propagator().Inject(ctx, out)
	fmt.Println(out["traceparent"])
	fmt.Println(out["X-Amzn-Trace-Id"])
	// Output:
	// 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
	// Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1
}
