//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/event"
)

const (
	eventSource = "/faults"
	eventType   = "com.example.faults.happened"

	// senders is how many requests are under way at once.
	senders = 8

	// Of perBatch requests, one is a batch of batchEvents events.
	perBatch    = 10
	batchEvents = 5

	maxAnswer = 1 << 20
)

// newEvent makes an event with an id of its own and data of some length.
func (w *world) newEvent() *entry {
	n := w.serial.Add(1)
	padding := make([]byte, mathrand.IntN(400)) //nolint:gosec // not a secret
	_, _ = rand.Read(padding)                   // never fails
	data, err := json.Marshal(map[string]any{"n": n, "padding": padding, "text": "Grüße ✓ <&> \"\\\u2028"})
	if err != nil {
		panic(err) // it is only numbers and strings
	}
	return w.eventOf(fmt.Sprintf("%s-%d", strings.ReplaceAll(w.sc.name, "/", "-"), n), data)
}

// eventOf makes an event with the given id and data. It belongs in the table:
// dead letters are for what can never work.
func (w *world) eventOf(id string, data []byte) *entry {
	return &entry{key: key{eventSource, id}, data: data, sum: checksum(data), want: inTable}
}

// structured writes an event as CloudEvents' JSON.
func (e *entry) structured() []byte {
	members := map[string]any{
		"specversion": "1.0", "id": e.key.ID, "source": e.key.Source, "type": eventType,
		"time": time.Now().UTC().Format(time.RFC3339Nano),
	}
	if e.about != nil {
		for name, value := range e.attributes() {
			members[name] = value
		}
		members["datacontenttype"] = e.about.ContentType
	}
	if e.base64 {
		members["data_base64"] = []byte(e.data)
	} else {
		members["data"] = e.data
	}
	b, err := json.Marshal(members)
	if err != nil {
		panic(fmt.Sprintf("the data of %s are no JSON: %v", e.key, err))
	}
	return b
}

// reply is what a client gets for a request.
type reply struct {
	status int // 0 without an answer
	code   string
	header http.Header
	took   time.Duration
	err    error
	text   string
	trace  string // the request's trace id
}

// post sends events in one request, a batch if there are several, with further
// headers, and writes the answer down.
func (w *world) post(ctx context.Context, header http.Header, events ...*entry) reply {
	contentType, body := event.MediaTypeEvent, events[0].structured()
	if len(events) > 1 {
		parts := make([][]byte, len(events))
		for i, e := range events {
			parts[i] = e.structured()
		}
		contentType, body = event.MediaTypeBatch, slicesJSON(parts)
	}
	return w.postText(ctx, header, contentType, body, events...)
}

func slicesJSON(parts [][]byte) []byte {
	return append(append([]byte{'['}, bytes.Join(parts, []byte{','})...), ']')
}

// result is what an answer says of one event of a batch.
type result struct{ Status, Code string }

// base is where requests go: to the load balancer, or to the service itself.
func (w *world) base() string {
	if w.direct {
		return w.Addresses().Service
	}
	return w.Addresses().ALB
}

// request sends a body to where base says.
func (w *world) request(ctx context.Context, base string, header http.Header, body []byte) (r reply, results []result) {
	began := time.Now()
	defer func() { r.took = time.Since(began) }()
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/events", bytes.NewReader(body))
	if err != nil {
		return reply{err: err}, nil
	}
	q.Header = header
	answered, err := w.client.Do(q)
	if err != nil {
		return reply{err: err}, nil
	}
	defer answered.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answered.Body, maxAnswer))
	if err != nil {
		return reply{err: err}, nil
	}
	var said struct {
		Code    string
		Results []result
	}
	_ = json.Unmarshal(text, &said) // a load balancer's answer is no JSON
	return reply{status: answered.StatusCode, code: said.Code, header: answered.Header, text: string(text)}, said.Results
}

// note writes an answer down for each event of a request.
func (w *world) note(r reply, results []result, events []*entry) {
	for i, e := range events {
		status, code := r.status, r.code
		if len(results) == len(events) && r.status != http.StatusAccepted {
			if code = results[i].Code; results[i].Status == "accepted" {
				status = http.StatusAccepted
			}
		}
		detail := fmt.Sprintf("%d %s", status, code)
		if r.err != nil {
			detail = r.err.Error()
		}
		what := meaning(status, code)
		if what == refused {
			w.books.refusedIn(e, r.trace, detail)
		}
		w.books.answered(e, what, detail)
	}
}

// meaning is what a client may conclude from an answer.
func meaning(status int, code string) answer {
	switch {
	case status == http.StatusAccepted:
		return accepted
	case status >= 400 && status < 500:
		return refused
	case code == "overloaded", code == "stopping":
		return refused // SNS was not asked
	default:
		return unknown // whatever SNS said in the end: an attempt before may have got through, and its answer not
	}
}

// send sends n new events, most alone and some in batches, as fast as senders
// clients can. Answers that are no 202 are in the books, not an error.
func (w *world) send(ctx context.Context, n int) error {
	return w.sendRequests(ctx, func(i int) []*entry {
		size := min(1, n)
		if i%perBatch == perBatch-1 {
			size = min(batchEvents, n)
		}
		n -= size
		return w.newEvents(size)
	})
}

// sendOf sends n events of a kind likewise, each alone.
func (w *world) sendOf(ctx context.Context, n int, kind func() *entry) error {
	return w.sendRequests(ctx, func(i int) []*entry {
		if i == n {
			return nil
		}
		return []*entry{kind()}
	})
}

// sendRequests sends requests with the events that next returns, until there
// are none.
func (w *world) sendRequests(ctx context.Context, next func(i int) []*entry) error {
	requests := make(chan []*entry)
	var clients sync.WaitGroup
	for range senders {
		clients.Go(func() {
			for events := range requests {
				w.post(ctx, nil, events...)
			}
		})
	}
	for i := 0; ctx.Err() == nil; i++ {
		events := next(i)
		if len(events) == 0 {
			break
		}
		requests <- events
	}
	close(requests)
	clients.Wait()
	return context.Cause(ctx)
}

func (w *world) newEvents(n int) []*entry {
	events := make([]*entry, n)
	for i := range events {
		events[i] = w.newEvent()
	}
	return events
}

// sendAll sends as many events as the scenario has.
func (w *world) sendAll(ctx context.Context) error { return w.send(ctx, w.sc.events) }

// sendDuring sends the scenario's events at a steady rate, over about the time
// given, while something is done. It returns when both have ended.
func (w *world) sendDuring(ctx context.Context, over time.Duration, do func(context.Context) error) error {
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	var clients sync.WaitGroup
	tick := time.NewTicker(max(over/time.Duration(w.sc.events), time.Microsecond))
	defer tick.Stop()
	for range w.sc.events {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		clients.Go(func() { w.post(ctx, nil, w.newEvent()) })
	}
	clients.Wait()
	if err := <-done; err != nil {
		return err
	}
	return context.Cause(ctx)
}

// repeat sends what was not accepted again, with the same ids, until it is.
func (w *world) repeat(ctx context.Context) error {
	return w.await(ctx, "all events were accepted", func() bool {
		open := w.books.open()
		for _, e := range open {
			if ctx.Err() != nil {
				return false
			}
			w.post(ctx, nil, e)
		}
		return len(w.books.open()) == 0
	})
}

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
