package telemetry

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"go.opentelemetry.io/otel/sdk"

	"github.com/tracehaul/tracehaul/telemetry/internal/batch"
	"github.com/tracehaul/tracehaul/telemetry/internal/export"
	"github.com/tracehaul/tracehaul/telemetry/internal/otlphttp"
)

// newTransport connects nothing yet.
func newTransport(ctx context.Context, signal Signal, e ExporterConfig, c Config) (Transport, error) {
	if e.Protocol == ProtocolGRPC {
		t, err := c.GRPC(ctx, signal, e)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", signal, err)
		}
		return t, nil
	}
	u, err := url.Parse(e.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("%s: the endpoint is not a URL", signal)
	}
	header := http.Header{}
	for key, value := range e.Headers {
		header.Set(key, value)
	}
	var signer *otlphttp.Signer
	if e.Signing != nil {
		signer = otlphttp.NewSigner(e.Signing.Service, e.Signing.Region, c.Credentials)
	}
	return otlphttp.New(otlphttp.Config{
		URL: u, Header: header, Gzip: e.Gzip, TLS: e.TLS, Signer: signer,
		// "OTLP exporters SHOULD send a User-Agent header", by OTLP Exporter
		// Configuration.
		UserAgent: "OTel-OTLP-Exporter-Go/" + sdk.Version() + " tracehaul",
	}), nil
}

// pipe delivers batches of one signal: to its collector, or to the console.
type pipe[T any] struct {
	export func(context.Context, T) error
	close  func() error
}

// newPipe returns nil when the signal goes nowhere.
func newPipe[T any](ctx context.Context, s *setup, signal Signal, e ExporterConfig, codec export.Codec[T], console func(context.Context, T) error) (*pipe[T], error) {
	switch e.Kind {
	case ExporterNone:
		return nil, nil
	case ExporterConsole:
		return &pipe[T]{export: console, close: func() error { return nil }}, nil
	default:
		transport, err := newTransport(ctx, signal, e, s.config)
		if err != nil {
			return nil, err
		}
		uploader := &export.Uploader[T]{
			Signal: string(signal), Transport: transport, Codec: codec,
			MaxBytes: e.MaxRequestBytes, MaxItems: e.maxItems(),
			Dropped: s.drops.of(signal),
		}
		return &pipe[T]{export: uploader.Upload, close: sync.OnceValue(transport.Close)}, nil
	}
}

// queueConfig is that of the queue in front of a pipe of spans or log records.
func queueConfig[T any](s *setup, signal Signal, e ExporterConfig, b BatchConfig, p *pipe[[]T]) batch.Config[T] {
	return batch.Config[T]{
		QueueSize: b.QueueSize, BatchSize: b.BatchSize, Delay: b.Delay,
		Timeout: min(b.ExportTimeout, e.Timeout), AlwaysWait: b.AlwaysWait,
		Export:  p.export,
		Dropped: s.drops.of(signal),
		Failed:  s.reporter.of(signal),
	}
}

// sliceCodec is the codec of a signal whose items form a slice.
func sliceCodec[T any](appendAll func([]byte, []T) []byte) export.Codec[[]T] {
	return export.Codec[[]T]{
		Append: appendAll,
		Len:    func(items []T) int { return len(items) },
		Slice:  func(items []T, from, to int) []T { return items[from:to] },
	}
}
