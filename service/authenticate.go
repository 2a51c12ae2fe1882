package service

import (
	"context"
	"errors"
	"net/http"
	"sync"

	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/service/bearer"
)

// setUpBearer makes the verifier of tokens, if there is to be one.
func (s *Service) setUpBearer() (err error) {
	if s.cfg.Bearer == nil {
		return nil
	}
	c := *s.cfg.Bearer
	if c.Logger == nil {
		c.Logger = s.cfg.Logger
	}
	s.bearer, err = bearer.New(c)
	return err
}

// runBearer keeps the issuer's keys fresh until stop is called, which is after
// the last request: stopping takes its time.
func (s *Service) runBearer(ctx context.Context) (stop func()) {
	if s.bearer == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var group sync.WaitGroup
	group.Go(func() { s.bearer.Run(ctx) })
	return func() {
		cancel()
		group.Wait()
	}
}

// authenticate refuses a request without a good token. It reads nothing but
// headers, and so comes before everything that does.
//
// The span says who it is: enduser.id, which the conventions made for the
// "username or client_id extracted from the access token" (v1.17). It is all
// that is recorded of a token.
func (s *Service) authenticate(w http.ResponseWriter, r *http.Request) *refusal {
	if s.bearer == nil {
		return nil
	}
	client, err := s.bearer.Verify(r)
	if client != "" {
		if span := trace.SpanFromContext(r.Context()); span.IsRecording() {
			span.SetAttributes(otelsemconv.EnduserID(client))
		}
	}
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*bearer.Error](err); ok && e.Challenge() != "" {
		w.Header().Set("WWW-Authenticate", e.Challenge())
	}
	return bearerRefusal(err)
}

// bearerRefusal is a refusal of the verifier's as one of the service's.
func bearerRefusal(err error) *refusal {
	e, ok := errors.AsType[*bearer.Error](err)
	if !ok {
		return &refusal{code: codeInternal, cause: err}
	}
	return &refusal{code: e.Code, detail: e.Detail}
}
