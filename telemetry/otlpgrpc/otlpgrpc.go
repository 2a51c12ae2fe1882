package otlpgrpc

import (
	"context"
	"errors"

	"github.com/tracehaul/tracehaul/telemetry"
)

// Exporters is a [telemetry.Dialer] for collectors that speak OTLP over gRPC.
func Exporters(ctx context.Context, signal telemetry.Signal, c telemetry.ExporterConfig) (telemetry.Transport, error) {
	return nil, errors.ErrUnsupported
}

var _ telemetry.Dialer = Exporters
