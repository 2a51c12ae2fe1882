package notifytest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// World is all of the stand-ins.
type World struct {
	Slack      *Slack
	PagerDuty  *PagerDuty
	IncidentIO *IncidentIO
	Switch     *Switch
	Table      *Table
	Secrets    *Secrets
	Alarms     *Alarms
	Logs       *Logs

	// Hosts answer requests by their names where there is no network.
	Hosts map[string]http.Handler

	SlackURL, PagerDutyURL, IncidentIOURL, SwitchURL, AWSURL string
}

// Start starts them. They end with the test, which fails if one of them was
// sent what the real one would refuse, unless it was told to expect that.
func Start(tb testing.TB) *World {
	tb.Helper()
	w := newWorld(tb)
	for name, h := range w.hosts() {
		server := httptest.NewServer(h)
		tb.Cleanup(server.Close)
		w.address(name, server.URL)
	}
	return w
}

// StartInProcess is [Start] without a network: a client hands its requests to
// [World.Hosts]. So a test can have a clock of its own.
func StartInProcess(tb testing.TB) *World {
	tb.Helper()
	w := newWorld(tb)
	w.Hosts = w.hosts()
	for name := range w.Hosts {
		w.address(name, "http://"+name)
	}
	return w
}

func (w *World) hosts() map[string]http.Handler {
	return map[string]http.Handler{
		"slack": w.Slack, "pagerduty": w.PagerDuty, "incidentio": w.IncidentIO, "switch": w.Switch, "aws": http.HandlerFunc(w.aws),
	}
}

// address notes where one of them is.
func (w *World) address(name, url string) {
	switch name {
	case "slack":
		w.SlackURL = url + "/api"
	case "pagerduty":
		w.PagerDutyURL = url + "/v2/enqueue"
	case "incidentio":
		w.IncidentIOURL = url + "/v2/alert_events/http/01SOURCE"
	case "switch":
		w.SwitchURL = url + "/ping/abc"
	case "aws":
		w.AWSURL = url
	}
}

func newWorld(tb testing.TB) *World {
	tb.Helper()
	w := &World{
		Slack: newSlack(), PagerDuty: newPagerDuty(), IncidentIO: newIncidentIO(), Switch: &Switch{},
		Table: newTable(), Secrets: newSecrets(), Alarms: &Alarms{}, Logs: newLogs(),
	}
	tb.Cleanup(func() {
		for name, p := range map[string]*problems{
			"Slack": &w.Slack.problems, "PagerDuty": &w.PagerDuty.problems, "incident.io": &w.IncidentIO.problems,
			"DynamoDB": &w.Table.problems, "CloudWatch": &w.Alarms.problems, "CloudWatch Logs": &w.Logs.problems,
		} {
			for _, problem := range p.all() {
				tb.Errorf("%s was sent what it would refuse: %s", name, problem)
			}
		}
	})
	return w
}

// aws tells services apart by what their clients send: a target, or the path
// of RPC v2.
func (w *World) aws(rw http.ResponseWriter, q *http.Request) {
	if operation, ok := strings.CutPrefix(q.URL.Path, "/service/GraniteServiceVersion20100801/operation/"); ok {
		w.Alarms.serve(rw, q, operation)
		return
	}
	service, operation, _ := strings.Cut(q.Header.Get("X-Amz-Target"), ".")
	switch service {
	case "DynamoDB_20120810":
		w.Table.serve(rw, q, operation)
	case "secretsmanager":
		w.Secrets.serve(rw, q, operation)
	case "Logs_20140328":
		w.Logs.serve(rw, q, operation)
	default:
		refuse(rw, "NotImplemented", "no such service: "+service)
	}
}

// Fault is a failure on demand.
type Fault struct {
	Status     int    // of the answer
	RetryAfter string // its header
	Location   string // its header
	Body       string // its body, of type JSON
	Late       bool   // the request is dealt with, and only then does the answer fail
	Break      bool   // the connection breaks instead of an answer

	Delay time.Duration   // before the answer, unless the client gives up
	Until <-chan struct{} // the same, until it is closed
	Only  string          // the operation of AWS that fails, if not all do
}

// Faults are failures to come.
type Faults struct {
	mu     sync.Mutex
	queue  []Fault
	always *Fault
	calls  int
}

// Fail has the next n requests fail.
func (f *Faults) Fail(n int, fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for range n {
		f.queue = append(f.queue, fault)
	}
}

// FailAlways has all requests fail until [Faults.Recover].
func (f *Faults) FailAlways(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.always = &fault
}

// Recover ends all failures.
func (f *Faults) Recover() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.always, f.queue = nil, nil
}

// Calls returns how many requests there were, failed ones too.
func (f *Faults) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

func (f *Faults) next(operation string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	meant := func(fault Fault) bool { return fault.Only == "" || fault.Only == operation }
	if f.always != nil && meant(*f.always) {
		return f.always
	}
	if len(f.queue) == 0 || !meant(f.queue[0]) {
		return nil
	}
	fault := f.queue[0]
	f.queue = f.queue[1:]
	return &fault
}

// wrap fails a request if it is due, else has it dealt with.
func (f *Faults) wrap(w http.ResponseWriter, q *http.Request, deal func(http.ResponseWriter)) {
	_, operation, _ := strings.Cut(q.Header.Get("X-Amz-Target"), ".")
	fault := f.next(operation)
	if fault == nil {
		deal(w)
		return
	}
	if fault.Delay > 0 || fault.Until != nil {
		body, _ := io.ReadAll(io.LimitReader(q.Body, 1<<20)) // the server notices that a client is gone once it has read all
		q.Body = io.NopCloser(bytes.NewReader(body))
		until := fault.Until
		if until == nil {
			over, cancel := context.WithTimeout(context.Background(), fault.Delay)
			defer cancel()
			until = over.Done()
		}
		select {
		case <-until:
		case <-q.Context().Done():
		}
	}
	if fault.Late {
		deal(httptest.NewRecorder())
	}
	if fault.Break {
		panic(http.ErrAbortHandler)
	}
	if fault.RetryAfter != "" {
		w.Header().Set("Retry-After", fault.RetryAfter)
	}
	if fault.Location != "" {
		w.Header().Set("Location", fault.Location)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(fault.Status)
	_, _ = io.WriteString(w, fault.Body)
}

// problems are what the real service would have refused.
type problems struct {
	mu   sync.Mutex
	list []string
}

func (p *problems) add(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, fmt.Sprintf(format, args...))
}

func (p *problems) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.list
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// refuse answers like a service of AWS that speaks JSON.
func refuse(w http.ResponseWriter, code, message string) {
	w.Header().Set("X-Amzn-Errortype", code)
	answer(w, http.StatusBadRequest, map[string]string{"__type": code, "message": message})
}

// decode reads a body that may have the fields of v and no others.
func decode(q *http.Request, v any) error {
	d := json.NewDecoder(io.LimitReader(q.Body, 1<<20))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// Switch is a dead man's switch: an address to call.
type Switch struct{ Faults }

// ServeHTTP takes a call.
func (s *Switch) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	s.wrap(w, q, func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) })
}
