package message

import (
	"context"
	"log/slog"
	"sync"
	"time"

	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// dropLog writes semconv.LogContextDropped. Drops come in floods, so that each
// kind gets a line at once and then, as long as there are more, one in every
// dropPause for all that came since. The lines count every drop but those left
// out when the program ends.
type dropLog struct {
	logger *slog.Logger

	mu    sync.Mutex
	quiet map[dropped]*omitted // kinds that had a line within the last dropPause
}

// dropped is a kind of drop. There are few: two systems, three parts, and a
// reason for each.
type dropped struct{ system, part, reason string }

// omitted is what had no line of its own.
type omitted struct {
	contexts int
	last     context.Context //nolint:containedctx // whose trace the line is to tell
}

const dropPause = time.Second

// add counts a drop, in the context of its message.
func (l *dropLog) add(ctx context.Context, d dropped) {
	l.mu.Lock()
	if o := l.quiet[d]; o != nil {
		o.contexts++
		o.last = ctx
		l.mu.Unlock()
		return
	}
	l.pause(d)
	l.mu.Unlock()
	l.write(ctx, d, 1)
}

// pause omits the lines of a kind for a while.
func (l *dropLog) pause(d dropped) {
	if l.quiet == nil {
		l.quiet = make(map[dropped]*omitted)
	}
	l.quiet[d] = &omitted{}
	time.AfterFunc(dropPause, func() { l.resume(d) })
}

// resume tells of what was omitted.
func (l *dropLog) resume(d dropped) {
	l.mu.Lock()
	o := l.quiet[d]
	delete(l.quiet, d)
	if o.contexts > 0 {
		l.pause(d)
	}
	l.mu.Unlock()
	if o.contexts > 0 {
		l.write(context.WithoutCancel(o.last), d, o.contexts)
	}
}

func (l *dropLog) write(ctx context.Context, d dropped, contexts int) {
	l.logger.LogAttrs(ctx, slog.LevelWarn, semconv.LogContextDropped,
		slog.String(semconv.LogKeyPart, d.part),
		slog.String(semconv.LogKeyReason, d.reason),
		slog.Int(semconv.LogKeyContexts, contexts),
		slog.String(string(otelsemconv.MessagingSystemKey), d.system))
}
