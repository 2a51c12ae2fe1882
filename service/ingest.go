package service

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tracehaul/tracehaul/event"
)

// statuses of a Result and of Accepted.
const (
	statusAccepted = "accepted"
	statusRefused  = "refused"
)

// acceptPost lists what may be posted ("Accept-Post", W3C Linked Data Platform
// 1.0, 7.1.1).
const acceptPost = event.MediaTypeEvent + ", " + event.MediaTypeBatch + ", application/json"

// postEvents takes one event or a batch.
func (s *Service) postEvents(w http.ResponseWriter, r *http.Request) *refusal {
	results, sub, refused := s.takeIn(w, r)
	if refused != nil {
		return refused
	}
	return s.answer(w, r, results, s.publisher.wait(sub, s.cfg.RequestTimeout))
}

// takeIn reads a request and hands its events to the publisher.
func (s *Service) takeIn(w http.ResponseWriter, r *http.Request) ([]Result, *submission, *refusal) {
	if refused := s.authenticate(w, r); refused != nil {
		return nil, nil, refused
	}
	if refused := checkEncoding(w, r); refused != nil {
		return nil, nil, refused
	}
	if s.publisher.full() {
		return nil, nil, &refusal{code: codeOverloaded} // before it costs anything
	}
	b, refused := s.readBody(w, r)
	if refused != nil {
		return nil, nil, refused
	}
	defer b.release() // what was read counts as messages by then
	results, sub, refused := s.parse(w, r, b.bytes)
	if refused != nil {
		return nil, nil, refused
	}
	switch err := s.publisher.submit(sub); {
	case errors.Is(err, errStopping):
		return nil, nil, &refusal{code: codeStopping, events: len(results)}
	case errors.Is(err, errTooLarge):
		return nil, nil, &refusal{
			code: codeBodyTooLarge, events: len(results),
			detail: "With their attributes the events are more than may wait for SNS. Send fewer at once.",
		}
	case err != nil:
		return nil, nil, &refusal{code: codeOverloaded, events: len(results)}
	}
	return results, sub, nil
}

// checkEncoding refuses encoded bodies: a limit on what is read would be none
// on what comes out. (RFC 9110, 15.5.16, says what to answer.)
func checkEncoding(w http.ResponseWriter, r *http.Request) *refusal {
	encoding := strings.Join(r.Header.Values("Content-Encoding"), ",")
	if encoding == "" || strings.EqualFold(encoding, "identity") {
		return nil
	}
	w.Header().Set("Accept-Encoding", "identity")
	return &refusal{code: codeContentEncoding}
}

// parse reads events and makes messages of them. It returns a result for each
// event, yet to be filled in; nothing keeps the events themselves.
func (s *Service) parse(w http.ResponseWriter, r *http.Request, b []byte) ([]Result, *submission, *refusal) {
	events, err := event.ParseHTTP(r.Header, b, s.defaults(r))
	if err != nil {
		return nil, nil, s.invalid(w, r, err)
	}
	sub, refused := s.submission(r, events)
	if refused != nil {
		return nil, nil, refused
	}
	results := make([]Result, len(events))
	for i := range events {
		results[i] = Result{Index: i, ID: events[i].ID, Source: events[i].Source, Status: statusAccepted}
	}
	return results, sub, nil
}

// defaults are what a plain JSON body becomes an event with. Its id is the
// request's Idempotency-Key, so that a repeated request is the same event
// (draft-ietf-httpapi-idempotency-key-header: a string in quotes, which many
// leave off).
func (s *Service) defaults(r *http.Request) event.Defaults {
	d := event.Defaults{Source: s.cfg.Source, Type: s.cfg.Type, Now: s.cfg.Now, Limits: s.cfg.Limits}
	if key := strings.Trim(r.Header.Get("Idempotency-Key"), `"`); key != "" {
		d.NewID = func() string { return key }
	}
	return d
}

// invalid says what is wrong with the events of a request.
func (s *Service) invalid(w http.ResponseWriter, r *http.Request, err error) *refusal {
	var e *event.Error
	if !errors.As(err, &e) {
		return &refusal{code: codeInternal, cause: err}
	}
	refused := &refusal{code: e.Code, detail: e.Error(), field: e.Field}
	if e.Index >= 0 && isBatch(r) {
		refused.index = &e.Index
	}
	switch e.Code {
	case event.CodeBatchTooLarge:
		refused.detail = fmt.Sprintf("A batch has at most %d events.", s.cfg.Limits.MaxBatch)
	case event.CodeTooDeep:
		refused.detail += fmt.Sprintf("; the limit is %d", s.cfg.Limits.MaxDepth)
	case event.CodeUnsupportedMediaType:
		w.Header().Set("Accept-Post", acceptPost)
	}
	return refused
}

// isBatch reports whether a request that could be read holds a batch.
func isBatch(r *http.Request) bool {
	mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), event.MediaTypeBatch)
}

// answer tells what became of the events.
func (s *Service) answer(w http.ResponseWriter, r *http.Request, results []Result, outcomes []*publishError) *refusal {
	accepted := 0
	var worst *publishError
	for i, outcome := range outcomes {
		if outcome == nil {
			accepted++
			continue
		}
		results[i].Status, results[i].Code, results[i].Detail = statusRefused, outcome.code, problemKinds[outcome.code].detail
		if worst == nil || outcome.passing() && !worst.passing() {
			worst = outcome
		}
	}
	switch {
	case worst != nil:
		return s.unpublished(r, &Batch{Accepted: accepted, Results: results}, worst)
	case isBatch(r):
		s.respond(w, http.StatusAccepted, Batch{TraceID: traceID(r), Accepted: accepted, Results: results})
	default:
		s.respondAccepted(w, r, results[0])
	}
	s.log.accepted(r.Context(), accepted)
	return nil
}

// unpublished is the answer when an event or more were not published. Its
// status is one that makes clients try again if that helps any of the events.
func (s *Service) unpublished(r *http.Request, batch *Batch, worst *publishError) *refusal {
	if r.Context().Err() != nil {
		worst = &publishError{codeClientGone, r.Context().Err()}
	}
	refused := &refusal{code: worst.code, cause: worst.cause, events: len(batch.Results) - batch.Accepted}
	if isBatch(r) {
		refused.batch = batch
		refused.detail = fmt.Sprintf("%d of %d events were accepted. Sending all of them again, or the others alone, with the same ids is safe.",
			batch.Accepted, len(batch.Results))
	}
	return refused
}
