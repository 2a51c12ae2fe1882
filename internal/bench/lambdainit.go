package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

const initTimeout = 10 * time.Second

// timeToReady starts a Lambda program and returns the seconds until it asks
// the Runtime API for its first invocation: what Lambda calls Init.
func timeToReady(ctx context.Context, program string, env []string) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, initTimeout)
	defer cancel()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	ready := make(chan time.Time, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case ready <- time.Now():
		default:
		}
		<-r.Context().Done() // there is never an invocation
	})
	mux.HandleFunc("POST /2020-01-01/extension/register", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Lambda-Extension-Identifier", "bench")
		_, _ = w.Write([]byte(`{}`))
	})
	mux.HandleFunc("GET /2020-01-01/extension/event/next", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()

	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(slices.Clip(env), "AWS_LAMBDA_RUNTIME_API="+listener.Addr().String())
	cmd.Stderr = os.Stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	died := make(chan error, 1)
	go func() { died <- cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()
	select {
	case at := <-ready:
		return at.Sub(start).Seconds(), nil
	case err := <-died:
		return 0, fmt.Errorf("%s ended before it was ready: %w", filepath.Base(program), err)
	case <-ctx.Done():
		return 0, errors.Join(fmt.Errorf("%s was not ready in %v", filepath.Base(program), initTimeout), ctx.Err())
	}
}

// lambdaEnvironment is what Lambda and the function's settings give.
func lambdaEnvironment() []string {
	return []string{
		"AWS_LAMBDA_FUNCTION_NAME=bench", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/bench", "AWS_LAMBDA_LOG_STREAM_NAME=bench", "_HANDLER=bootstrap",
		"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=bench", "AWS_SECRET_ACCESS_KEY=bench",
		"DATABASE_URL=postgres://bench:bench@127.0.0.1:1/bench",
		"DEAD_LETTER_QUEUE_URL=http://127.0.0.1:1/000000000000/bench-dlq",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1",
	}
}
