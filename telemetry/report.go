package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/telemetry/internal/export"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// reporter logs what goes wrong with telemetry itself, at a bounded rate: a
// collector that is away for a day must not fill the log.
type reporter struct {
	logger *slog.Logger // to LogWriter only, or its lines would be dropped with the rest

	mu   sync.Mutex
	last map[drop]*reported
}

// reported is when a kind of error was last logged, and how often it has
// happened since.
type reported struct {
	at    time.Time
	since int
}

const reportInterval = time.Minute

// of returns a function that reports the errors of one signal.
func (r *reporter) of(signal Signal) func(error) {
	return func(err error) { r.report(signal, err) }
}

// Handle implements OpenTelemetry's error handler.
func (r *reporter) Handle(err error) { r.report(sdkErrors, err) }

// sdkErrors stands for the signal of errors that OpenTelemetry itself reports:
// mostly of settings and of what clients send, such as too much baggage.
const sdkErrors = Signal("sdk")

func (r *reporter) report(signal Signal, err error) {
	if err == nil {
		return
	}
	kind := drop{signal: signal}
	if e, ok := errors.AsType[*export.Error](err); ok {
		kind.reason = e.Reason
	}
	suppressed, now := r.due(kind)
	if !now {
		return
	}
	message := semconv.LogTelemetryUndelivered
	if signal == sdkErrors {
		message = semconv.LogOTelError
	}
	r.logger.LogAttrs(context.Background(), slog.LevelWarn, message,
		slog.String("signal", string(signal)), slog.String("error", err.Error()), slog.Int("suppressed", suppressed))
}

// due reports whether an error of that kind may be logged again, and how many
// were not logged since the last one.
func (r *reporter) due(kind drop) (suppressed int, now bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		r.last = map[drop]*reported{}
	}
	last := r.last[kind]
	if last == nil {
		r.last[kind] = &reported{at: time.Now()}
		return 0, true
	}
	if time.Since(last.at) < reportInterval {
		last.since++
		return 0, false
	}
	suppressed = last.since
	*last = reported{at: time.Now()}
	return suppressed, true
}
