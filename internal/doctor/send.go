package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

const (
	maxAnswer = 64 << 10

	// clockUnsaid is how far a clock may be off: a Date has whole seconds.
	clockUnsaid = 2 * time.Second

	// clockRefused is how far AWS lets the clock of a signature be off.
	// ("Signature Version 4 request is no longer valid", IAM user guide.)
	clockRefused = 5 * time.Minute
)

// accepted is the service's answer, or its problem.
type accepted struct {
	Status  any    `json:"status"` // "accepted", or a problem's number
	TraceID string `json:"trace_id"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// send posts the event and judges the answer. It reports whether the event was
// accepted.
func (e *exam) send(ctx context.Context, w *way) bool {
	begin := e.Now()
	r, err := e.post(ctx, w)
	took := e.Now().Sub(begin)
	if err != nil {
		w.add(signal.HopEdge, checkFrontDoor, noAnswer(w.address, err))
		return false
	}
	w.step(signal.HopEdge, "request and answer", took)
	e.judgeClock(w, r.header, begin, took)
	var a accepted
	known := json.Unmarshal(r.body, &a) == nil
	if r.code != http.StatusAccepted {
		w.add(signal.HopEdge, checkFrontDoor, refusal(w.address, r, a))
		return false
	}
	w.add(signal.HopEdge, checkFrontDoor, good(w.address, "202 in "+trace.FormatDuration(took)))
	switch {
	case known && a.TraceID != "" && !story.IsTraceID(a.TraceID): // not followed, nor made part of a command
		w.untraced = true
		w.add(signal.HopService, checkAnswer, Finding{
			Verdict: Fault, Subject: e.pipeline.ServiceName(), Found: fmt.Sprintf("the answer's trace_id is %.60q", a.TraceID), Want: "32 hexadecimal digits, " + w.event.TraceID,
			Why: "something else than the service has answered, or changes its answers", Mend: "look what stands between here and the service", Page: "docs/service.md",
		})
	case !known || a.TraceID == "":
		w.untraced = true
		w.add(signal.HopService, checkAnswer, Finding{
			Verdict: Fault, Subject: e.pipeline.ServiceName(), Found: "the answer names no trace", Want: "trace " + w.event.TraceID,
			Why: "the service makes no spans, or something else has answered", Mend: "look at OTEL_SDK_DISABLED and OTEL_PROPAGATORS of the service", Page: "docs/service.md",
		})
	case a.TraceID != w.event.TraceID:
		w.add(signal.HopService, checkAnswer, Finding{
			Verdict: Fault, Subject: e.pipeline.ServiceName(), Found: "the service answered in trace " + a.TraceID, Want: "the client's traceparent, trace " + w.event.TraceID,
			Why:  "what stands before the service drops or replaces traceparent, or tracecontext is not among the service's propagators",
			Mend: "set OTEL_PROPAGATORS=tracecontext,baggage,xray, or leave it out", Page: "docs/service.md",
		})
		w.event.TraceID = a.TraceID // which is the one to follow
	default:
		w.add(signal.HopService, checkAnswer, good(e.pipeline.ServiceName(), "the answer is in the trace that was sent"))
	}
	return true
}

// reply is what somebody answered.
type reply struct {
	code   int
	status string
	header http.Header
	body   []byte
}

func (e *exam) post(ctx context.Context, w *way) (r reply, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	event, err := json.Marshal(map[string]any{
		"specversion": "1.0", "id": w.event.ID, "source": w.event.Source, "type": w.event.Type, "time": e.Now().UTC().Format(time.RFC3339Nano),
		"data": map[string]string{"note": "Sent by tracehaul doctor to see the way. It is nobody's order."},
	})
	if err != nil {
		return r, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.address+"/v1/events", bytes.NewReader(event))
	if err != nil {
		return r, err
	}
	request.Header.Set("Content-Type", "application/cloudevents+json")
	request.Header.Set("User-Agent", "tracehaul-doctor")
	request.Header.Set("Traceparent", "00-"+w.event.TraceID+"-"+randomHex(8)+"-01")
	if e.Token != "" {
		request.Header.Set("Authorization", "Bearer "+e.Token)
	}
	w.sent = true // whatever becomes of it
	response, err := e.HTTP.Do(request)
	if err != nil {
		return r, err
	}
	defer response.Body.Close()
	r = reply{code: response.StatusCode, status: response.Status, header: response.Header}
	r.body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return r, err
}

// reason is an error of net/http without the address, which stands elsewhere.
func reason(err error) string {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

// noAnswer is the finding of a request that nobody answered.
func noAnswer(address string, err error) Finding {
	return Finding{
		Verdict: Fault, Subject: address, Found: "no answer: " + reason(err), Want: "202",
		Why:  "the name does not resolve, the load balancer or its security group does not let this machine in, its certificate is not valid, or nothing is there",
		Mend: "try curl -v " + address + "/v1/events from here and from elsewhere", Page: "docs/runbooks/edge.md",
	}
}

// refusals are the usual reasons of statuses that are none of the service's, or
// that it has for one thing alone.
var refusals = map[int]struct{ why, mend, page string }{
	http.StatusUnauthorized:        {"no valid token was sent with the event", "give one in TRACEHAUL_TOKEN", "docs/security.md"},
	http.StatusForbidden:           {"the token lacks the scope, or WAF blocks this client", "ask for the scope, or look which rule of the web ACL counts it", "docs/runbooks/waf-blocked.md"},
	http.StatusNotFound:            {"no rule of the listener leads to the service: the host is not the domain, or this is something else", "call the domain of the description", "docs/runbooks/edge.md"},
	http.StatusTooManyRequests:     {"SNS throttles what the service publishes", "try again; see the quota of Publish in this region", "docs/runbooks/topic.md"},
	http.StatusBadGateway:          {"the task hung up, or is not there", "look at the tasks and their log", "docs/runbooks/elb-5xx.md"},
	http.StatusServiceUnavailable:  {"no task is healthy, the service has more than it can do, or it cannot publish", "look at the code of the problem, the targets and the service's log", "docs/runbooks/no-healthy-hosts.md"},
	http.StatusGatewayTimeout:      {"the task did not answer in time", "look at what the service waits for", "docs/runbooks/elb-5xx.md"},
	http.StatusInternalServerError: {"the service has a fault", "look at its log, by the trace", "docs/runbooks/target-5xx.md"},
}

func refusal(address string, r reply, a accepted) Finding {
	f := Finding{Verdict: Fault, Subject: address, Found: "the answer is " + r.status, Want: "202", Page: "docs/runbooks/service.md"}
	if a.Code != "" {
		f.Found += ": " + a.Code + ": " + a.Detail
	}
	if usual, ok := refusals[r.code]; ok {
		f.Why, f.Mend, f.Page = usual.why, usual.mend, usual.page
	}
	if to := r.header.Get("Location"); to != "" {
		f.Found += ", to " + to
		f.Why, f.Mend, f.Page = "the address is that of something that sends clients elsewhere", "give the address that it leads to", "docs/runbooks/edge.md"
	}
	return f
}

// judgeClock compares the clock of who answered, which is the service, with ours.
func (e *exam) judgeClock(w *way, header http.Header, begin time.Time, took time.Duration) {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	// The answer was written between begin and its end, in a second that has been cut off.
	ahead := date.Sub(begin.Add(took))
	behind := begin.Sub(date.Add(time.Second))
	off, word := ahead, "ahead of"
	if behind > ahead {
		off, word = behind, "behind"
	}
	subject := e.pipeline.ServiceName()
	if off <= clockUnsaid {
		w.add(signal.HopService, checkClock, good(subject, "its clock agrees with the one here"))
		return
	}
	f := Finding{
		Verdict: Warning, Subject: subject, Found: fmt.Sprintf("its clock is %s %s the one here", trace.FormatDuration(off), word), Want: "at most " + trace.FormatDuration(clockUnsaid),
		Why: "times of spans and rows do not follow each other, or this machine's clock is off", Mend: "look which of the two is wrong: timedatectl, chronyc tracking", Page: "docs/doctor.md#clocks",
	}
	if off > clockRefused {
		f.Verdict, f.Why = Fault, "AWS refuses what is signed with a clock that is off by more than 5 minutes"
	}
	w.add(signal.HopService, checkClock, f)
}
