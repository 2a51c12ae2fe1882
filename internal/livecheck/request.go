//go:build unix

package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

const (
	plain      = "application/json"
	cloudEvent = "application/cloudevents+json"
	cloudBatch = "application/cloudevents-batch+json"
)

// refusedType is the type of the events that a constraint refuses while the
// story says so.
const refusedType = "com.example.orders.refused"

// request is what a client sends to the service.
type request struct {
	method, path, contentType, body string
	header                          http.Header
}

func post(contentType, body string) request {
	return request{method: http.MethodPost, path: "/v1/events", contentType: contentType, body: body}
}

// serial numbers events, so that each is another one.
var serial atomic.Int64

// structured is an event whose data is the given JSON.
func structured(kind, data string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"live-%d","source":"/livecheck","type":%q,"time":%q,"data":%s}`,
		serial.Add(1), kind, time.Now().UTC().Format(time.RFC3339Nano), data)
}

func order() string {
	n := serial.Add(1)
	return fmt.Sprintf(`{"order":"o-%d","customer":"c-%d","total":{"amount":"%d.90","currency":"EUR"}}`, n, n%40, n%100)
}

func batchOf(n int) string {
	events := make([]string, n)
	for i := range events {
		events[i] = structured("com.example.orders.changed", order())
	}
	return "[" + strings.Join(events, ",") + "]"
}

// good makes requests that are accepted: mostly single events, some of them
// batches and of several types.
func good(n int) request {
	switch {
	case n%10 == 3:
		return post(cloudBatch, batchOf(4))
	case n%10 == 6:
		return post(cloudEvent, structured("com.example.orders.cancelled", order()))
	case n%40 == 9:
		return crowded()
	default:
		return post(plain, order())
	}
}

// crowded is an event that leaves no room for its tracestate and its baggage:
// of bytes there are 256 KiB for a message with its attributes.
func crowded() request {
	var state []string
	for i := range 32 { // as many members, and as long, as W3C allows
		state = append(state, fmt.Sprintf("vendor%d=%s", i, strings.Repeat("s", 256)))
	}
	const kind = "com.example.orders.imported"
	const largest = 240 << 10                                                                                   // an event, as text
	r := post(cloudEvent, structured(kind, `"`+strings.Repeat("x", largest-len(structured(kind, `""`))-1)+`"`)) // the next number may have a digit more
	r.header = http.Header{
		"Traceparent": {fmt.Sprintf("00-4bf92f3577b34da6a3ce929d%08x-00f067aa0ba902b7-01", serial.Add(1))},
		"Tracestate":  {strings.Join(state, ",")},
		"Baggage":     {"a=" + strings.Repeat("v", 4090) + ",b=" + strings.Repeat("v", 4090)},
	}
	return r
}

// bad are requests that are refused, each for another reason.
var bad = []func() request{
	func() request { return post(plain, `{"order":`) },
	func() request { return post(plain, "{\"order\":\"\xff\"}") },
	func() request { return post(cloudEvent, structured("t", `"\u0000"`)) },
	func() request { return post(cloudEvent, structured("t", `1e999`)) },
	func() request {
		return post(cloudEvent, strings.Replace(structured("t", `1`), `{`, `{"type":"t",`, 1))
	},
	func() request { return post(cloudEvent, `{"specversion":"1.0"}`) },
	func() request {
		return post(cloudEvent, strings.Replace(structured("t", `1`), `"time":"`, `"time":"not `, 1))
	},
	func() request { return post(cloudEvent, strings.Replace(structured("t", `1`), `"1.0"`, `"0.3"`, 1)) },
	func() request {
		return post(cloudEvent, strings.Replace(structured("t", `1`), `"data":`, `"data_base64":"AA==","data":`, 1))
	},
	func() request { return post(cloudEvent, structured("t", `"`+strings.Repeat("x", 256<<10)+`"`)) },
	func() request {
		return post(cloudEvent, structured("t", strings.Repeat("[", 200)+strings.Repeat("]", 200)))
	},
	func() request { return post(cloudBatch, batchOf(101)) },
	func() request { return post("text/plain", "order") },
	func() request { return post(plain, `"`+strings.Repeat("x", 1<<20)+`"`) },
	func() request {
		r := post(plain, "\x1f\x8b")
		r.header = http.Header{"Content-Encoding": {"gzip"}}
		return r
	},
	func() request { r := post(plain, order()); r.method = http.MethodPut; return r },
	func() request { r := post(plain, order()); r.path = "/v2/events"; return r },
}
