//go:build unix

package lambda

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Header names of the Runtime API ("Lambda runtime API", "Next invocation").
const (
	headerRequestID   = "Lambda-Runtime-Aws-Request-Id"
	headerDeadline    = "Lambda-Runtime-Deadline-Ms"
	headerFunctionARN = "Lambda-Runtime-Invoked-Function-Arn"
	headerTraceID     = "Lambda-Runtime-Trace-Id"

	// trailerErrorType comes after a response that broke off ("Using a Lambda
	// runtime … response streaming", "error trailers").
	trailerErrorType = "Lambda-Runtime-Function-Error-Type"
)

// maxErrorBody bounds what a runtime may post about an error.
const maxErrorBody = 256 << 10

// invocation is one run of the function in a sandbox.
type invocation struct {
	s               *sandbox
	id, traceHeader string
	payload         []byte
	began, deadline time.Time
	initTime        time.Duration
	timer           *time.Timer
	answered        bool // guarded by the sandbox

	once    sync.Once
	outcome chan outcome // holds one
}

type outcome struct {
	payload []byte
	err     error
}

// finish settles the invocation; only the first call counts.
func (inv *invocation) finish(payload []byte, failure *InvocationError) {
	inv.once.Do(func() {
		report := Report{RequestID: inv.id, LogStream: inv.s.logStream, Duration: time.Since(inv.began), InitDuration: inv.initTime}
		o := outcome{payload: payload}
		if failure != nil {
			o.err, report.ErrorType = failure, failure.Type
		}
		inv.s.f.c.Report(report)
		inv.outcome <- o
	})
}

// runtimeAPI is what the process of a sandbox talks to.
func (s *sandbox) runtimeAPI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", s.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", s.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", s.failure)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", s.initError)
	mux.HandleFunc("POST /2020-01-01/extension/register", s.registerExtension)
	mux.HandleFunc("GET /2020-01-01/extension/event/next", s.nextExtensionEvent)
	mux.HandleFunc("/", func(w http.ResponseWriter, q *http.Request) {
		refuse(w, http.StatusNotFound, "NotImplemented", "this local Lambda has no "+q.Method+" "+q.URL.Path)
	})
	return mux
}

// next says that the runtime is ready, or ends the invocation before, and waits
// for the next one.
func (s *sandbox) next(w http.ResponseWriter, q *http.Request) {
	s.mu.Lock()
	first := !s.asked
	s.asked = true
	s.endInit()
	s.mu.Unlock()
	select {
	case <-s.initialised:
	case <-q.Context().Done():
		return
	}
	slot := &slot{sandbox: s, work: make(chan *invocation, 1)}
	s.f.renew(slot)
	if first { // the slot is there: whoever counts sandboxes now starts none for the invocation that it takes
		close(s.ready)
	}
	select {
	case inv := <-slot.work:
		if s.suffers(Moment{Stage: StageBegin, RequestID: inv.id, LogStream: s.logStream, Payload: inv.payload}) {
			return // the end of the process fails the invocation
		}
		h := w.Header()
		h.Set(headerRequestID, inv.id)
		h.Set(headerDeadline, strconv.FormatInt(inv.deadline.Add(s.f.c.ClockOffset).UnixMilli(), 10))
		h.Set(headerFunctionARN, s.f.arn)
		h.Set(headerTraceID, inv.traceHeader)
		h.Set("Content-Type", "application/json")
		_, _ = w.Write(inv.payload) // if the process is gone, that fails the invocation
	case <-q.Context().Done():
		s.f.withdraw(slot)
	}
}

// complete takes an invocation that was answered off the books: it is over
// only when the runtime asks for the next one ("Invoke phase"), and its time
// runs until then.
func (s *sandbox) complete() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, inv := range s.running {
		if inv.answered {
			inv.timer.Stop()
			delete(s.running, id)
			return
		}
	}
}

// answer finds the invocation of a request and marks it as answered.
func (s *sandbox) answer(w http.ResponseWriter, q *http.Request) (*invocation, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv := s.running[q.PathValue("id")]
	switch {
	case inv == nil:
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return nil, false
	case inv.answered:
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "the invocation was answered before")
		return nil, false
	}
	inv.answered = true
	return inv, true
}

func (s *sandbox) response(w http.ResponseWriter, q *http.Request) {
	inv, ok := s.answer(w, q)
	if !ok {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxPayload))
	if s.suffers(Moment{Stage: StageAnswer, RequestID: inv.id, LogStream: s.logStream, Payload: body}) {
		return
	}
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		inv.finish(nil, &InvocationError{inv.id, errResponseTooLarge, fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", maxPayload)})
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", fmt.Sprintf("Exceeded maximum allowed payload size (%d bytes).", maxPayload))
	case err != nil:
		inv.finish(nil, &InvocationError{inv.id, errExit, "the response broke off"})
		refuse(w, http.StatusBadRequest, "InvalidRequest", "the response broke off")
	case q.Trailer.Get(trailerErrorType) != "":
		inv.finish(nil, &InvocationError{inv.id, q.Trailer.Get(trailerErrorType), "the function failed while it wrote its response"})
		accept(w)
	default:
		inv.finish(body, nil)
		accept(w)
	}
}

func (s *sandbox) failure(w http.ResponseWriter, q *http.Request) {
	inv, ok := s.answer(w, q)
	if !ok {
		return
	}
	body, _ := io.ReadAll(http.MaxBytesReader(w, q.Body, maxErrorBody)) // a broken body is reported as such
	inv.finish(nil, reported(inv.id, body))
	accept(w)
}

// initError ends the init phase: "After the runtime posts an initialization
// error … the runtime should exit" ("Initialization error").
func (s *sandbox) initError(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(http.MaxBytesReader(w, q.Body, maxErrorBody)) // a broken body is reported as such
	s.mu.Lock()
	s.initFailure = reported("", body)
	s.mu.Unlock()
	accept(w)
}

// accept answers as the Runtime API does: 202.
func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`+"\n") // the process has gone: nothing to tell it
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"errorType": kind, "errorMessage": message}) // likewise
}
