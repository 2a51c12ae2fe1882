package service

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

const (
	albHeader = "Root=1-67891233-abcdef012345678912345678"
	albTrace  = "67891233abcdef012345678912345678"
)

func TestEvents_SingleEvent_AcceptedAndPublished(t *testing.T) {
	b := setup(t, func(c *Config) {
		c.Now = func() time.Time { return time.Date(2026, 11, 24, 1, 2, 3, 4, time.UTC) }
	})
	r := post(cloudEvent("order-1"))
	r.Header.Set("X-Amzn-Trace-Id", albHeader)
	w := b.do(r)

	if w.Code != http.StatusAccepted || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("status %d, Content-Type %q; body %s", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	got := decode[Accepted](t, w.Body)
	if want := (Accepted{ID: "order-1", Source: "/web", Status: "accepted", TraceID: albTrace}); got != want {
		t.Errorf("body = %+v, want %+v", got, want)
	}
	if h := w.Header().Get("Traceresponse"); !strings.HasPrefix(h, "00-"+albTrace+"-") {
		t.Errorf("traceresponse = %q, want the trace %s", h, albTrace)
	}

	sent := b.sns.calls[0][0]
	if *sent.Message != cloudEvent("order-1") {
		t.Errorf("message = %s", *sent.Message)
	}
	attributes := map[string]string{}
	for name, a := range sent.MessageAttributes {
		if *a.DataType != "String" {
			t.Errorf("attribute %s has type %s", name, *a.DataType)
		}
		attributes[name] = *a.StringValue
	}
	if want := map[string]string{
		"event-type": "com.example.order.placed", "event-source": "/web",
		"accepted-at": "2026-11-24T01:02:03.000000004Z", "alb-root": strings.TrimPrefix(albHeader, "Root="),
	}; !maps.Equal(attributes, want) {
		t.Errorf("attributes = %v, want %v", attributes, want)
	}
	if n := b.counted(t, semconv.MetricAccepted, ""); n != 1 {
		t.Errorf("%d events count as accepted", n)
	}
}

func TestEvents_Traceparent_WinsOverALB(t *testing.T) {
	b := setup(t)
	r := post(cloudEvent("1"))
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	r.Header.Set("X-Amzn-Trace-Id", albHeader)
	if got := decode[Accepted](t, b.do(r).Body); got.TraceID != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("trace = %s, want the client's", got.TraceID)
	}
	if root := *b.sns.calls[0][0].MessageAttributes["alb-root"].StringValue; "Root="+root != albHeader {
		t.Errorf("alb-root = %s, want that of %s", root, albHeader)
	}
}

// What tracing headers hold is never a reason to refuse an event.
func TestEvents_BrokenTraceHeaders_StartNewTrace(t *testing.T) {
	for name, header := range map[string]http.Header{
		"malformed traceparent": {"Traceparent": {"00-ZZZ-1-01"}},
		"traceparent of zeros":  {"Traceparent": {"00-00000000000000000000000000000000-0000000000000000-01"}},
		"two traceparents": {"Traceparent": {
			"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-01",
		}},
		"malformed Root":             {"X-Amzn-Trace-Id": {"Root=1-xyz"}},
		"8 KiB of baggage":           {"Baggage": {"k=" + strings.Repeat("v", 8<<10)}},
		"many small baggage members": {"Baggage": {strings.Repeat("k=v,", 4000)}},
		"many tracestates":           {"Tracestate": slices.Repeat([]string{"a=b"}, 1000)},
		"control characters":         {"Baggage": {"k=\x01\x02"}, "Traceparent": {"\x7f"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			r := post(cloudEvent("1"))
			maps.Copy(r.Header, header)
			w := b.do(r)
			if w.Code != http.StatusAccepted {
				t.Fatalf("status = %d; body %s", w.Code, w.Body)
			}
			if got := decode[Accepted](t, w.Body); len(got.TraceID) != 32 {
				t.Errorf("trace id = %q", got.TraceID)
			}
		})
	}
}

func TestEvents_Batch_ResultForEach(t *testing.T) {
	b := setup(t)
	w := b.do(post(cloudEvents("a", "b", "c")))
	if w.Code != http.StatusAccepted {
		t.Fatalf("status = %d; body %s", w.Code, w.Body)
	}
	got := decode[Batch](t, w.Body)
	if got.Accepted != 3 || len(got.Results) != 3 || len(got.TraceID) != 32 {
		t.Errorf("body = %+v", got)
	}
	for i, id := range []string{"a", "b", "c"} {
		if want := (Result{Index: i, ID: id, Source: "/web", Status: "accepted"}); got.Results[i] != want {
			t.Errorf("result %d = %+v, want %+v", i, got.Results[i], want)
		}
	}
	if sizes := b.sns.sizes(); !slices.Equal(sizes, []int{3}) {
		t.Errorf("calls had %v entries, want all in one", sizes)
	}
}

func TestEvents_EmptyBatch_AcceptedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, began := setup(t), time.Now()
		w := b.do(post("[]"))
		if got := decode[Batch](t, w.Body); w.Code != http.StatusAccepted || got.Accepted != 0 || got.Results == nil {
			t.Errorf("status %d, body %+v; an empty batch is a valid one", w.Code, got)
		}
		if n, took := len(b.sns.sizes()), time.Since(began); n != 0 || took != 0 {
			t.Errorf("%d calls and %v for nothing", n, took)
		}
	})
}

func TestEvents_PlainJSON_BecomesEvent(t *testing.T) {
	b := setup(t)
	r := httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader(`{"total":12}`))
	r.Header.Set("Content-Type", "application/json; charset=UTF-8")
	got := decode[Accepted](t, b.do(r).Body)
	e, err := event.ParseString(*b.sns.calls[0][0].Message)
	if err != nil {
		t.Fatal(err)
	}
	if e.ID != got.ID || e.Source != "https://shop.example/web" || e.Type != "com.example.order.placed" || string(e.Data) != `{"total":12}` {
		t.Errorf("event = %+v, answer %+v", e, got)
	}
}

func TestEvents_PlainJSONTwiceWithIdempotencyKey_IsSameEvent(t *testing.T) {
	b := setup(t)
	for _, key := range []string{`"8e03978e"`, `8e03978e`} {
		r := httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader(`1`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
		if got := decode[Accepted](t, b.do(r).Body); got.ID != "8e03978e" {
			t.Errorf("id = %q, want the key", got.ID)
		}
	}
}

func TestEvents_BinaryMode_Accepted(t *testing.T) {
	b := setup(t)
	r := httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader(`{"total":12}`))
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Ce-Specversion": "1.0", "Ce-Id": "b1", "Ce-Source": "/web", "Ce-Type": "t",
	} {
		r.Header.Set(name, value)
	}
	if got := decode[Accepted](t, b.do(r).Body); got.ID != "b1" {
		t.Errorf("answer = %+v", got)
	}
}

// U+FFFE and U+FFFF are allowed in JSON, but not in a message.
func TestEvents_Noncharacters_AreEscaped(t *testing.T) {
	b := setup(t)
	body := strings.Replace(cloudEvent("1"), "12", "\"\uFFFE\uFFFF\uFFFD\"", 1)
	if w := b.do(post(body)); w.Code != http.StatusAccepted {
		t.Fatalf("status = %d; body %s", w.Code, w.Body)
	}
	sent := *b.sns.calls[0][0].Message
	if strings.ContainsAny(sent, "\uFFFE\uFFFF") {
		t.Errorf("message = %q", sent)
	}
	var got struct{ Data struct{ Total string } }
	if err := json.Unmarshal([]byte(sent), &got); err != nil || got.Data.Total != "\uFFFE\uFFFF\uFFFD" {
		t.Errorf("data = %q, %v; want what was sent", got.Data.Total, err)
	}
}

// The limit of a message counts its attributes, to the byte.
func TestEvents_AtLimitOfMessage_OneByteDecides(t *testing.T) {
	const attributes = len("event-type"+"String"+"com.example.order.placed") + len("event-source"+"String"+"/web") +
		len("accepted-at"+"String"+"2026-11-24T01:02:03Z")
	at := func(size int) *http.Request {
		const start = `{"specversion":"1.0","id":"1","source":"/web","type":"com.example.order.placed","data":"`
		return post(start + strings.Repeat("x", size-attributes-len(start)-len(`"}`)) + `"}`)
	}
	b := setup(t, func(c *Config) {
		c.Limits.MaxEventBytes = 1 << 20
		c.Now = func() time.Time { return time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC) }
	})
	if w := b.do(at(262_144)); w.Code != http.StatusAccepted {
		t.Errorf("262,144 bytes: status = %d; body %s", w.Code, w.Body)
	}
	p := wantProblem(t, b.do(at(262_145)), http.StatusRequestEntityTooLarge, event.CodeTooLarge)
	if !strings.Contains(p.Detail, "262145") || !strings.Contains(p.Detail, "262144") || p.Index != nil {
		t.Errorf("detail = %q, want size and limit; index = %v, want none", p.Detail, p.Index)
	}
	body, _ := io.ReadAll(at(262_145).Body)
	p = wantProblem(t, b.do(post("["+string(body)+"]")), http.StatusRequestEntityTooLarge, event.CodeTooLarge)
	if p.Index == nil || *p.Index != 0 {
		t.Errorf("in a batch of one: index = %v, want 0", p.Index)
	}
}

func TestEvents_LargerBudget_TakesLargerEvents(t *testing.T) {
	b := setup(t, func(c *Config) {
		c.Limits.MaxEventBytes, c.MaxBodyBytes, c.Budget = 1<<20, 2<<20, message.Budget{Bytes: 1 << 20}
	})
	body := strings.Replace(cloudEvent("1"), "12", `"`+strings.Repeat("x", 1_000_000)+`"`, 1)
	if w := b.do(post(body)); w.Code != http.StatusAccepted {
		t.Errorf("status = %d; body %s", w.Code, w.Body)
	}
}
