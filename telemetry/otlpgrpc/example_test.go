package otlpgrpc_test

import (
	"context"
	"fmt"

	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/otlpgrpc"
)

// A program whose collector speaks gRPC. Setup does not wait for it.
func ExampleDial() {
	env := map[string]string{ // os.Getenv in a program
		"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317",
		"OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none",
	}
	cfg, err := telemetry.ConfigFromEnv(func(key string) string { return env[key] })
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg.GRPC = otlpgrpc.Dial
	tel, err := telemetry.Setup(context.Background(), cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("nothing to send:", tel.Shutdown(context.Background()) == nil)
	// Output: nothing to send: true
}
