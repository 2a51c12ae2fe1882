package lambdamain

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/tracehaul/tracehaul/internal/setting"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

// Build puts a function together: the handler that awslambda.Wrap, SQSBatch or
// SQSEach returned, and the configuration that it was made with. It reads the
// environment through getenv, and calls nobody.
type Build func(ctx context.Context, getenv func(string) string) (handler any, c awslambda.Config, err error)

// Main runs a function until Lambda ends it. If it cannot be built, it says why
// and ends the process with code 1. With the argument help it lists its
// variables instead.
func Main[S any](name string, variables []setting.Variable[S], getenv func(string) string, build Build) {
	handler, c, code := start(name, variables, os.Args[1:], getenv, build, os.Stdout, os.Stderr)
	if handler == nil {
		os.Exit(code)
	}
	awslambda.Start(handler, c)
}

// start returns a handler, or the code to end with.
func start[S any](
	name string, variables []setting.Variable[S], args []string, getenv func(string) string, build Build, stdout, stderr io.Writer,
) (handler any, c awslambda.Config, code int) {
	// An image's CMD, which Lambda has as the name of a handler, comes as an
	// argument as well.
	if len(args) == 1 && args[0] == "help" {
		_, _ = fmt.Fprintf(stdout, "%s is a Lambda function. It reads from its environment:\n\n", name)
		setting.List(stdout, variables)
		_, _ = fmt.Fprint(stdout, "\nAWS_* are those of the AWS SDK that a function needs, OTEL_* those of OpenTelemetry.\n")
		return nil, c, 0
	}
	awslambda.Register() // Lambda answers while the function is put together
	handler, c, err := build(context.Background(), getenv)
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return nil, c, 1
	}
	return handler, c, 0
}
