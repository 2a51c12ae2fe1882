package event_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/event"
)

// FuzzParse holds Parse against encoding/json: what Parse takes is JSON and
// says the same there, comes back from AppendJSON unchanged and no longer than
// it was, and any refusal is an *event.Error.
func FuzzParse(f *testing.F) {
	f.Add([]byte(order))
	f.Add([]byte(with(`"data_base64":"\/\/8="`, `"ext":-1`, `"flag":false`, `"unset":null`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := event.Parse(text)
		if err != nil {
			var refused *event.Error
			if !errors.As(err, &refused) || refused.Code == "" || refused.Message == "" || refused.Offset > len(text) {
				t.Fatalf("%q: refused with %+v", text, err)
			}
			// Malformed to us and well-formed to encoding/json must not be.
			if refused.Code == event.CodeMalformedJSON && json.Valid(text) && bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
				t.Fatalf("%q: %v, but encoding/json takes it", text, err)
			}
			return
		}
		if err := e.Validate(); err != nil {
			t.Fatalf("%q: was read, but is not valid: %v", text, err)
		}
		sameAsEncodingJSON(t, text, e)
		written := e.AppendJSON(nil)
		if len(written) > len(text) {
			t.Errorf("%q became longer: %q", text, written)
		}
		again, err := event.Parse(written)
		if err != nil {
			t.Fatalf("%q, written as %q: %v", text, written, err)
		}
		if diff := cmp.Diff(e, again); diff != "" {
			t.Errorf("%q, written as %q (-first +second):\n%s", text, written, diff)
		}
	})
}

func sameAsEncodingJSON(t *testing.T, text []byte, e event.Event) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatalf("%q was taken, but is not JSON: %v", text, err)
	}
	if !bytes.Equal(e.Data, members["data"]) {
		t.Errorf("%q: data %q, want %q", text, e.Data, members["data"])
	}
	attributes := map[string]any{
		"specversion": e.SpecVersion, "id": e.ID, "source": e.Source, "type": e.Type,
		"subject": e.Subject, "datacontenttype": e.DataContentType, "dataschema": e.DataSchema,
	}
	maps.Copy(attributes, e.Extensions)
	for name, raw := range members {
		value, set := attributes[name]
		if string(raw) == "null" || name == "data" || name == "data_base64" || name == "time" {
			continue
		}
		want := reflect.New(reflect.TypeOf(value))
		if err := json.Unmarshal(raw, want.Interface()); err != nil || !set || want.Elem().Interface() != value {
			t.Errorf("%q: %s is %#v, want %s (%v)", text, name, value, raw, err)
		}
	}
}

// FuzzParseData holds the scanner against encoding/json by data alone: but for
// the things that are refused on purpose, both take the same.
func FuzzParseData(f *testing.F) {
	for _, data := range []string{`{"a":[1,-2.5e+3,"x\n\u00e9",true,false,null]}`, `[[],{}]`, `"\ud83d\ude00"`, `01`, `"\ud800"`, "\"\xff\"", `1E400`} {
		f.Add([]byte(data))
	}
	deliberate := []string{event.CodeInvalidUnicode, event.CodeNULCharacter, event.CodeNumberOutOfRange, event.CodeTooDeep, event.CodeTooLarge}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := event.Event{ID: "1", Source: "/s", Type: "t", Data: append([]byte{}, data...)}.Validate()
		if refused, ok := errors.AsType[*event.Error](err); ok && slices.Contains(deliberate, refused.Code) {
			return
		}
		if valid := json.Valid(data); (err == nil) != valid {
			t.Errorf("%q: %v, but json.Valid is %v", data, err, valid)
		}
	})
}

// FuzzParseRequest checks that whatever a client sends becomes events that the
// consumer can read, or a refusal.
func FuzzParseRequest(f *testing.F) {
	f.Add("application/json", []byte(`{"a":1}`))
	f.Add("application/cloudevents+json; charset=utf-8", []byte(order))
	f.Add("application/cloudevents-batch+json", []byte("["+with()+","+with(`"data":1`)+"]"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		events, err := event.ParseRequest(contentType, body, defaults)
		checkEvents(t, events, err)
	})
}

// FuzzParseHTTP does the same with binary mode.
func FuzzParseHTTP(f *testing.F) {
	f.Add("text/plain", "1", "/s", "subject", "Euro%20%E2%82%AC", []byte("x"))
	f.Add("application/json", "1", "https://x/y", "time", "2018-04-05T03:56:24Z", []byte(" {} "))
	f.Fuzz(func(t *testing.T, contentType, id, source, name, value string, body []byte) {
		h := http.Header{}
		h.Set("Content-Type", contentType)
		h.Set("ce-specversion", "1.0")
		h.Set("ce-type", "t")
		h.Set("ce-id", id)
		h.Set("ce-source", source)
		h.Set("ce-"+name, value)
		events, err := event.ParseHTTP(h, body, defaults)
		checkEvents(t, events, err)
	})
}

func checkEvents(t *testing.T, events []event.Event, err error) {
	t.Helper()
	if err != nil {
		var refused *event.Error
		if !errors.As(err, &refused) || events != nil {
			t.Fatalf("%d events and %+v", len(events), err)
		}
		return
	}
	for _, e := range events {
		again, err := event.Parse(e.AppendJSON(nil))
		if err != nil {
			t.Fatalf("the consumer cannot read %s: %v", e.AppendJSON(nil), err)
		}
		if diff := cmp.Diff(e, again); diff != "" {
			t.Errorf("the consumer reads something else (-sent +read):\n%s", diff)
		}
	}
}

// FuzzTime holds the reading of times against time.Parse, which takes more.
func FuzzTime(f *testing.F) {
	for _, text := range []string{"2018-04-05T17:31:00Z", "2018-04-05t17:31:00.123456789+01:30", "2016-12-31T23:59:60Z", "2018-04-05T7:31:00Z"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m := event.MetadataFrom(map[string]string{event.AttributeAcceptedAt: text})
		if m.AcceptedAt.IsZero() || strings.Contains(text, ":60") {
			return
		}
		want, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text))
		if err != nil || !m.AcceptedAt.Equal(want) {
			t.Errorf("%q was read as %v, time.Parse says %v, %v", text, m.AcceptedAt, want, err)
		}
	})
}
