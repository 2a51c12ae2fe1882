package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// outsideSettings say how long SNS takes.
type outsideSettings struct{ Latency time.Duration }

// counts are what SNS and the collector have had so far.
type counts struct{ Calls, Events, Spans int64 }

func (c counts) minus(o counts) counts {
	return counts{c.Calls - o.Calls, c.Events - o.Events, c.Spans - o.Spans}
}

// outside is everything around the service: an SNS that confirms all it is
// given, in SNS's wire format, a collector that counts spans, and clients.
type outside struct {
	settings             outsideSettings
	answers              [11]string // of SNS, by the number of entries
	calls, events, spans atomic.Int64
	bodies               sync.Pool
}

func newOutside(s outsideSettings) http.Handler {
	o := &outside{settings: s}
	for n := range o.answers {
		var b strings.Builder
		b.WriteString(`<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Failed/><Successful>`)
		for i := range n {
			fmt.Fprintf(&b, `<member><MessageId>5e2a8a26-5d7e-5c1f-9d8f-d2a3b4c5d6e%x</MessageId><Id>%d</Id></member>`, i, i)
		}
		b.WriteString(`</Successful></PublishBatchResult><ResponseMetadata><RequestId>f187a3c1-376f-11df-8963-01868b7c937a</RequestId>` +
			`</ResponseMetadata></PublishBatchResponse>`)
		o.answers[n] = b.String()
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{$}", o.publish)
	mux.HandleFunc("POST /v1/traces", o.collect)
	mux.HandleFunc("POST /v1/{signal}", func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	mux.HandleFunc("GET /counts", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, counts{o.calls.Load(), o.events.Load(), o.spans.Load()}, nil)
	})
	mux.HandleFunc("GET /load/{addr}/{connections}/{requests}/{persecond}", func(w http.ResponseWriter, r *http.Request) {
		var d demand
		d.Connections, _ = strconv.Atoi(r.PathValue("connections"))
		d.Requests, _ = strconv.Atoi(r.PathValue("requests"))
		d.PerSecond, _ = strconv.ParseFloat(r.PathValue("persecond"), 64)
		l, err := post(r.Context(), r.PathValue("addr"), d)
		respond(w, l, err)
	})
	mux.HandleFunc("GET /usage", func(w http.ResponseWriter, _ *http.Request) { respond(w, used(), nil) })
	return mux
}

func (o *outside) publish(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	entries := bytes.Count(body, []byte(".Id="))
	if err != nil || entries == 0 || entries >= len(o.answers) {
		http.Error(w, "not a PublishBatch", http.StatusBadRequest)
		return
	}
	o.calls.Add(1)
	o.events.Add(int64(entries))
	time.Sleep(o.settings.Latency)
	w.Header().Set("Content-Type", "text/xml")
	_, _ = io.WriteString(w, o.answers[entries])
}

func (o *outside) collect(w http.ResponseWriter, r *http.Request) {
	// A batch of the consumer's is a megabyte, and the consumer waits for it.
	body, _ := o.bodies.Get().(*bytes.Buffer)
	if body == nil {
		body = new(bytes.Buffer)
	}
	defer o.bodies.Put(body)
	body.Reset()
	body.Grow(int(max(0, r.ContentLength)) + bytes.MinRead)
	_, err := body.ReadFrom(r.Body)
	spans := countSpans(body.Bytes())
	if err != nil || spans < 0 {
		http.Error(w, "not an ExportTraceServiceRequest", http.StatusBadRequest)
		return
	}
	o.spans.Add(int64(spans))
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// countSpans counts the spans of an ExportTraceServiceRequest, or returns a
// negative number if it is none. The fields are resource_spans, scope_spans
// and spans (opentelemetry-proto, trace_service.proto and trace.proto).
func countSpans(request []byte) int { return countFields(request, 1, 2, 2) }

// countFields counts the fields with a number, or those that lie within them.
func countFields(message []byte, number protowire.Number, within ...protowire.Number) int {
	count := 0
	for len(message) > 0 {
		got, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return -1
		}
		message = message[n:]
		if n = protowire.ConsumeFieldValue(got, kind, message); n < 0 {
			return -1
		}
		value := message[:n]
		message = message[n:]
		if got != number || kind != protowire.BytesType {
			continue
		}
		if len(within) == 0 {
			count++
			continue
		}
		field, _ := protowire.ConsumeBytes(value)
		inner := countFields(field, within[0], within[1:]...)
		if inner < 0 {
			return -1
		}
		count += inner
	}
	return count
}
