package service

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/internal/bare"
	"github.com/tracehaul/tracehaul/service/bearer"
	"github.com/tracehaul/tracehaul/telemetry/httpserver"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Paths of the service.
const (
	pathEvents = "/v1/events"
	pathHealth = "/healthz"
	pathReady  = "/readyz"
)

// Service takes events over HTTP and publishes them. It is safe for concurrent
// use.
type Service struct {
	cfg       Config
	handler   http.Handler
	bearer    *bearer.Verifier // nil: anybody may send events
	publisher *publisher
	arriving  *room
	metrics   *metrics
	log       *requestLog
	draining  atomic.Bool
}

// New makes a Service. The error names everything that is wrong with c. A
// Service that does not run holds no goroutine and need not be closed.
func New(c Config) (*Service, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("service: %w", err)
	}
	c = c.WithDefaults()
	s := &Service{
		cfg:      c,
		arriving: &room{limit: c.MaxBufferedBytes / 2, largest: c.MaxBodyBytes},
		metrics:  newMetrics(c.MeterProvider),
		log:      &requestLog{logger: c.Logger},
	}
	s.publisher = newPublisher(publisherConfig{
		topicARN:    c.TopicARN,
		sns:         c.SNS,
		maxBytes:    c.Budget.Bytes,
		maxPending:  c.MaxPending,
		concurrency: c.PublishConcurrency,
		attempts:    c.EntryAttempts,
		delay:       c.PublishDelay,
		timeout:     c.PublishTimeout,
		buffer:      &budget{limit: int64(c.MaxBufferedBytes - c.MaxBufferedBytes/2)},
		metrics:     s.metrics,
		logger:      c.Logger,
	})
	if err := s.setUpBearer(); err != nil {
		return nil, fmt.Errorf("service: %w", err)
	}
	s.handler = s.routes()
	if _, without := c.MeterProvider.(bare.MeterProvider); !without {
		s.handler = httpserver.Middleware(httpserver.Config{
			TracerProvider: c.TracerProvider,
			MeterProvider:  c.MeterProvider,
			Propagator:     c.Propagator,
			TrustedProxies: c.TrustedProxies,
			Filter:         httpserver.ExceptPaths(pathHealth, pathReady),
			Route:          route,
			Shed:           newShedder(s).choose,
			Lean:           true, // one name, one load balancer
		})(s.handler)
	}
	return s, nil
}

// Handler serves the paths of the service, for a server of one's own; see
// [Service.Run] for the timeouts that such a server needs.
func (s *Service) Handler() http.Handler { return s.handler }

func (s *Service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(pathEvents, s.handle(s.postEvents, http.MethodPost))
	mux.Handle(pathHealth, s.handle(s.getHealth, http.MethodGet, http.MethodHead))
	mux.Handle(pathReady, s.handle(s.getReady, http.MethodGet, http.MethodHead))
	mux.Handle("/", s.handle(func(http.ResponseWriter, *http.Request) *refusal {
		return &refusal{code: codeNotFound}
	}))
	return mux
}

// route is the route of a request as spans and metrics have it: nothing for
// what matched no path.
func route(r *http.Request) string {
	if r.Pattern == "/" {
		return ""
	}
	return r.Pattern
}

// handle turns what h refuses, and the methods it does not have, into problem
// documents. Without methods it takes all.
func (s *Service) handle(h func(http.ResponseWriter, *http.Request) *refusal, methods ...string) http.Handler {
	allow := strings.Join(methods, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.recoverPanic(w, r)
		if len(methods) > 0 && !slices.Contains(methods, r.Method) {
			w.Header().Set("Allow", allow)
			s.refuse(w, r, &refusal{code: codeMethodNotAllowed})
			return
		}
		if refused := h(w, r); refused != nil {
			s.refuse(w, r, refused)
		}
	})
}

// recoverPanic answers a request whose handler panicked. Nothing has been
// written by then: handlers write once they know everything.
func (s *Service) recoverPanic(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it like this, too
		panic(p)
	}
	err := fmt.Errorf("panic: %v", p)
	trace.SpanFromContext(r.Context()).RecordError(err, trace.WithStackTrace(true))
	s.refuse(w, r, &refusal{code: codeInternal, cause: err, stack: string(debug.Stack())})
}

// refuse counts, logs and answers a refusal.
func (s *Service) refuse(w http.ResponseWriter, r *http.Request, refused *refusal) {
	ctx := r.Context()
	kind := s.respondProblem(w, r, refused)
	trace.SpanFromContext(ctx).SetAttributes(semconv.ReasonKey.String(refused.code))
	s.metrics.refuse(ctx, max(1, refused.events), refused.code)
	s.log.refused(r, kind.status, refused)
}

func (s *Service) respondProblem(w http.ResponseWriter, r *http.Request, refused *refusal) problemKind {
	p, kind := refused.problem(traceID(r))
	kind.setHeaders(w.Header())
	s.sendAway(w.Header())
	write(w, p.Status, p)
	return kind
}
