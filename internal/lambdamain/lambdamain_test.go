package lambdamain

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tracehaul/tracehaul/internal/setting"
	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

var variables = []setting.Variable[struct{}]{{Name: "ON", Fallback: "yes", Help: "whether it is on"}}

func from(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

func TestStart_Built_GivesTheHandler(t *testing.T) {
	built := func(_ context.Context, getenv func(string) string) (any, awslambda.Config, error) {
		return getenv("ON"), awslambda.Config{FunctionName: "f"}, nil
	}
	var stdout, stderr strings.Builder
	// Lambda gives the name of the handler to an image's program.
	handler, c, _ := start("f", variables, []string{"handler"}, from(map[string]string{"ON": "yes"}), built, &stdout, &stderr)
	if handler != "yes" || c.FunctionName != "f" || stdout.Len()+stderr.Len() > 0 {
		t.Errorf("handler %v of %q, said %q and %q", handler, c.FunctionName, &stdout, &stderr)
	}
}

func TestStart_NotBuilt_SaysWhyAndFails(t *testing.T) {
	broken := func(context.Context, func(string) string) (any, awslambda.Config, error) {
		return nil, awslambda.Config{}, errors.New("no luck")
	}
	var stdout, stderr strings.Builder
	handler, _, code := start("f", variables, nil, from(nil), broken, &stdout, &stderr)
	if handler != nil || code != 1 || stderr.String() != "f: no luck\n" {
		t.Errorf("handler %v, code %d, said %q", handler, code, &stderr)
	}
}

func TestStart_Help_ListsVariables(t *testing.T) {
	var stdout, stderr strings.Builder
	handler, _, code := start("f", variables, []string{"help"}, from(nil), nil, &stdout, &stderr)
	if handler != nil || code != 0 {
		t.Errorf("handler %v, code %d", handler, code)
	}
	for _, want := range []string{"f is a Lambda function", "ON whether it is on; defaults to yes", "AWS_*"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, &stdout)
		}
	}
}

func TestSetup_GivesWhatAFunctionNeeds(t *testing.T) {
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	var lines strings.Builder
	c, err := telemetry.ConfigFromEnv(from(map[string]string{
		"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none", "OTEL_SERVICE_NAME": "f",
	}))
	if err != nil {
		t.Fatal(err)
	}
	c.LogWriter = &lines
	f, err := Setup(t.Context(), from(lambdaEnvironment(nil)), c, "v7")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Telemetry.Shutdown(context.WithoutCancel(t.Context())) })
	lambda := f.Lambda(awslambda.Config{DeadlineMargin: time.Minute})
	if lambda.Flush == nil || lambda.Shutdown == nil || lambda.TracerProvider == nil || lambda.MeterProvider == nil || lambda.DeadlineMargin != time.Minute {
		t.Errorf("configuration %+v", lambda)
	}
	lambda.Logger.Info("hello")
	if f.AWS.Region != "eu-west-1" || !strings.Contains(lines.String(), "v7") {
		t.Errorf("region %q, line %s", f.AWS.Region, &lines)
	}
}

// hung is a collector that never answers.
type hung struct{}

func (hung) Send(ctx context.Context, _ []byte) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (hung) Close() error { return nil }

// Whatever the collector does, the end of a function takes no longer than it is
// given, nor longer than the collector does.
func TestLambda_Shutdown_KeepsToItsTime(t *testing.T) {
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	const given = 400 * time.Millisecond
	for exporter, want := range map[string]time.Duration{"console": 0, "otlp": given} {
		t.Run(exporter, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, err := telemetry.ConfigFromEnv(from(map[string]string{
					"OTEL_TRACES_EXPORTER": exporter, "OTEL_METRICS_EXPORTER": exporter, "OTEL_LOGS_EXPORTER": exporter,
					"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
				}))
				if err != nil {
					t.Fatal(err)
				}
				c.LogWriter = io.Discard
				c.GRPC = func(context.Context, telemetry.Signal, telemetry.ExporterConfig) (telemetry.Transport, error) {
					return hung{}, nil
				}
				f, err := Setup(t.Context(), from(lambdaEnvironment(nil)), c, "")
				if err != nil {
					t.Fatal(err)
				}
				lambda := f.Lambda(awslambda.Config{})
				_, span := lambda.TracerProvider.Tracer("test").Start(t.Context(), "invocation")
				span.End()
				ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), given)
				defer cancel()
				began := time.Now()
				_ = lambda.Shutdown(ctx) // which tells of what was not sent
				if took := time.Since(began); took != want {
					t.Errorf("it took %v, want %v", took, want)
				}
			})
		})
	}
}
