package lambdamain

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/awssdk"
)

// Function is what every function has.
type Function struct {
	// AWS reaches AWS, traced.
	AWS aws.Config

	// Telemetry is set up, and is OpenTelemetry's and slog's default.
	Telemetry *telemetry.Telemetry
}

// Setup sets up telemetry and what reaches AWS, of which getenv tells how: the
// region and the credentials that Lambda gives, and the SDK's variables for
// endpoints and retries. It calls nobody. The version, unless it is empty, is
// the program's own, as its build was told.
func Setup(ctx context.Context, getenv func(string) string, c telemetry.Config, version string) (Function, error) {
	reach, err := awsConfig(getenv)
	if err != nil {
		return Function{}, fmt.Errorf("bad AWS settings:\n%w", err)
	}
	c.Credentials = reach.Credentials
	if version != "" {
		c.ServiceVersion = version
	}
	tel, err := telemetry.Setup(ctx, c)
	if err != nil {
		return Function{}, fmt.Errorf("telemetry: %w", err)
	}
	tel.SetGlobal()
	slog.SetDefault(tel.Logger())
	awssdk.Instrument(&reach, awssdk.Config{TracerProvider: tel.TracerProvider(), MeterProvider: tel.MeterProvider(), Logger: tel.Logger()})
	return Function{AWS: reach, Telemetry: tel}, nil
}

// Lambda returns c with the function's telemetry.
func (f Function) Lambda(c awslambda.Config) awslambda.Config {
	tel := f.Telemetry
	c.TracerProvider, c.MeterProvider, c.Logger = tel.TracerProvider(), tel.MeterProvider(), tel.Logger()
	c.Flush, c.Shutdown = tel.FlushInvocation, tel.Shutdown
	return c
}
