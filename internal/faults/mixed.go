//go:build unix

package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/event"
)

// about is what an event says of itself, as a row has it.
type about struct {
	Type, Subject, ContentType, Schema string
	Time                               time.Time // to the microsecond, as PostgreSQL has it
	Extensions                         string    // JSON, with the members in order
}

// form is how a client writes an event into a request.
type form int

const (
	structuredJSON   form = iota // CloudEvents' JSON with data
	structuredBase64             // CloudEvents' JSON with data_base64
	binaryJSON                   // CloudEvents' headers, and JSON as the body
	binaryBytes                  // CloudEvents' headers, and other bytes as the body
	plainJSON                    // no CloudEvent: the service makes one of it
	forms
)

// origin is what a request says of its trace.
type origin int

const (
	sampled   origin = iota
	unsampled        // a traceparent that says so: the trace has no spans
	rootOnly         // X-Amzn-Trace-Id with a Root, as from another load balancer
	nothing          // neither: the load balancer begins the trace
	origins
)

// mixedEvents are two of every form with every origin.
const mixedEvents = 2 * int(forms) * int(origins)

// sendMixed sends n events of every form with every origin, each alone.
func (w *world) sendMixed(ctx context.Context, n int) error {
	var clients sync.WaitGroup
	numbers := make(chan int)
	for range senders {
		clients.Go(func() {
			for i := range numbers {
				w.postMixed(ctx, form(i%int(forms)), origin(i/int(forms)%int(origins)))
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		numbers <- i
	}
	close(numbers)
	clients.Wait()
	return context.Cause(ctx)
}

// postMixed sends one event.
func (w *world) postMixed(ctx context.Context, kind form, from origin) {
	e := w.newEventAs(kind)
	header, body := e.written(kind)
	traceID, spanID, root := randomHex(16), randomHex(8), ""
	switch from {
	case sampled:
		header.Set("Traceparent", "00-"+traceID+"-"+spanID+"-01")
	case unsampled:
		header.Set("Traceparent", "00-"+traceID+"-"+spanID+"-00")
		w.books.notSampled(traceID)
	case rootOnly:
		// X-Ray's ids begin with the time.
		traceID, spanID = strconv.FormatInt(time.Now().Unix(), 16)+traceID[8:], ""
		root = "1-" + traceID[:8] + "-" + traceID[8:]
		header.Set("X-Amzn-Trace-Id", "Root="+root)
	default:
		traceID, spanID = "", "" // the answer says which it is
	}
	e.root = root
	w.books.sent(e, traceID, spanID)
	r, results := w.request(ctx, w.base(), header, body)
	r.trace = traceID
	if from == nothing {
		var said struct {
			TraceID string `json:"trace_id"`
		}
		_ = json.Unmarshal([]byte(r.text), &said) // without an answer nobody knows
		r.trace = said.TraceID
		w.books.traced(e, r.trace)
	}
	w.note(r, results, []*entry{e})
}

// changed are data whose text jsonb does not keep: it has the last of a name given
// twice, its own order of names, no minus before zero, no exponents.
const changed = `{"n":%d,"text":"Gr\u00fc\u00dfe ✓ <&> \"\\\u2028","amount":1,"amount":2,"zero":-0,"price":1.50,"power":1E+2,"large":1e400,` +
	`"small":-1.5e-3,"in":{"bb":1,"a":2,"bb":{"x":[1, {} ]}}}`

// newEventAs makes an event of a form, with every attribute that it can have.
func (w *world) newEventAs(kind form) *entry {
	n := w.serial.Add(1)
	id := fmt.Sprintf("mixed-%d", n)
	data := fmt.Appendf(nil, changed, n)
	said := &about{
		Type: fmt.Sprintf("com.example.faults.kind-%d", kind), Subject: fmt.Sprintf("subject/%d/✓", n), ContentType: "application/json",
		Schema: "https://example.com/schema/" + id, Time: time.Now().UTC().Truncate(time.Microsecond), Extensions: fmt.Sprintf(`{"tenant": "t-%d"}`, n),
	}
	k := key{eventSource, id}
	switch kind {
	case structuredBase64, binaryBytes:
		data = append([]byte{0, 0xff}, make([]byte, 100)...)
		_, _ = rand.Read(data[2:]) // never fails
		said.ContentType = "application/octet-stream"
	case structuredJSON, binaryJSON, forms:
	case plainJSON:
		service := w.Pipeline().Service
		k.Source = service.EventSource
		said = &about{Type: service.EventType}
	}
	e := &entry{key: k, data: data, sum: checksum(data), want: inTable, about: said}
	e.base64 = kind == structuredBase64 || kind == binaryBytes
	return e
}

// written is a request with the event in a form.
func (e *entry) written(kind form) (http.Header, []byte) {
	switch kind {
	case plainJSON:
		return http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {strconv.Quote(e.key.ID)}}, e.data
	case binaryJSON, binaryBytes:
		h := http.Header{"Content-Type": {e.about.ContentType}}
		for name, value := range e.attributes() {
			h.Set("Ce-"+name, strings.ReplaceAll(value, "✓", "%E2%9C%93"))
		}
		return h, e.data
	default:
		return http.Header{"Content-Type": {event.MediaTypeEvent}}, e.structured()
	}
}

// attributes are those of CloudEvents, but for the type of the data.
func (e *entry) attributes() map[string]string {
	var extensions map[string]string
	_ = json.Unmarshal([]byte(e.about.Extensions), &extensions) // it was made here
	all := map[string]string{
		"specversion": "1.0", "id": e.key.ID, "source": e.key.Source, "type": e.about.Type, "subject": e.about.Subject,
		"time": e.about.Time.Format(time.RFC3339Nano), "dataschema": e.about.Schema,
	}
	maps.Copy(all, extensions)
	return all
}

// differs says in what a row differs from what the event said of itself.
func (e *entry) differs(r row) string {
	if e.about == nil {
		return ""
	}
	want, got := *e.about, r.about
	if e.key.Source != eventSource { // the service gives it the time at which it came, and the type of its data
		want.Time, want.ContentType = got.Time, got.ContentType
		if age := r.writtenAt.Sub(got.Time); age < 0 || age > time.Hour {
			return fmt.Sprintf("its time is %v, and the row was written at %v", got.Time, r.writtenAt)
		}
	}
	switch {
	case r.receiveCount < 1 || r.sqsID == "":
		return fmt.Sprintf("it was received %d times as message %q of SQS", r.receiveCount, r.sqsID)
	case r.albRoot == "" || e.root != "" && r.albRoot != e.root:
		return fmt.Sprintf("the load balancer's Root is %q, want %s", r.albRoot, cmp.Or(e.root, "one"))
	case !want.Time.Equal(got.Time):
		return fmt.Sprintf("its time is %v, want %v", got.Time, want.Time)
	case got.Type != want.Type, got.Subject != want.Subject, got.ContentType != want.ContentType, got.Schema != want.Schema, got.Extensions != want.Extensions:
		return fmt.Sprintf("it says of itself %+v, want %+v", got, want)
	case e.base64 == r.isJSON:
		return fmt.Sprintf("its data are stored as JSON: %v, want %v", r.isJSON, !e.base64)
	}
	return ""
}
