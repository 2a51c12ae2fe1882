package event_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/event"
)

func TestAppendJSON_FixedOrder_DataLast(t *testing.T) {
	e := event.Event{
		ID: `a"\b`, Source: "/s", Type: "t", Subject: "é", DataContentType: "application/json", DataSchema: "https://x/s",
		Time:       time.Date(2026, 1, 2, 3, 4, 5, 600, time.FixedZone("", 7200)),
		Extensions: map[string]any{"z": "<&>", "a": int32(-1), "m": true, "n": 7},
		Data:       json.RawMessage(` {"b" : "<&>"} `),
	}
	const want = `{"specversion":"1.0","id":"a\"\\b","source":"/s","type":"t","subject":"é","time":"2026-01-02T03:04:05.0000006+02:00",` +
		`"datacontenttype":"application/json","dataschema":"https://x/s","a":-1,"m":true,"n":7,"z":"<&>","data": {"b" : "<&>"} }`
	if diff := cmp.Diff(want, string(e.AppendJSON(nil))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := string(e.AppendJSON([]byte("before"))); got != "before"+want {
		t.Errorf("what stood in the slice is gone: %.30s", got)
	}
}

func TestAppendJSON_UncheckedText_StaysJSON(t *testing.T) {
	e := event.Event{ID: "\x00\x1f\n\xffé", Source: "s", Type: "t", Extensions: map[string]any{"x": 1.5}}
	var got map[string]any
	if err := json.Unmarshal(e.AppendJSON(nil), &got); err != nil {
		t.Fatalf("%s: %v", e.AppendJSON(nil), err)
	}
	if got["id"] != "\x00\x1f\n\ufffdé" {
		t.Errorf("id is %q", got["id"])
	}
}

func TestAppendJSON_OffsetWithSeconds_KeepsTheInstant(t *testing.T) {
	e := event.Event{ID: "1", Source: "s", Type: "t", Time: time.Date(1900, 1, 1, 0, 0, 0, 0, time.FixedZone("LMT", 3208))}
	again, err := event.Parse(e.AppendJSON(nil))
	if err != nil || !again.Time.Equal(e.Time) {
		t.Errorf("%v became %v, %v", e.Time, again.Time, err)
	}
}

func TestMarshalJSON_InsideOtherJSON_RoundTrips(t *testing.T) {
	type letter struct {
		Event event.Event `json:"event"`
	}
	var in letter
	if err := json.Unmarshal([]byte(`{"event":`+order+`}`), &in); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out letter
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, out); diff != "" {
		t.Errorf("(-in +out):\n%s", diff)
	}
}

func TestValidate_HandMadeEvents_AreChecked(t *testing.T) {
	valid := func(change func(*event.Event)) event.Event {
		e := event.Event{ID: "1", Source: "/s", Type: "t"}
		change(&e)
		return e
	}
	for name, e := range map[string]event.Event{
		"minimal":    valid(func(*event.Event) {}),
		"data":       valid(func(e *event.Event) { e.Data = json.RawMessage(" [1] ") }),
		"binary":     valid(func(e *event.Event) { e.DataBase64 = []byte{0} }),
		"last year":  valid(func(e *event.Event) { e.Time = time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC) }),
		"extensions": valid(func(e *event.Event) { e.Extensions = map[string]any{"a": 1, "b": int32(1), "c": "", "d": false} }),
	} {
		if err := e.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := e.MarshalJSON(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, test := range map[string]struct {
		event       event.Event
		code, field string
	}{
		"empty":         {event.Event{}, event.CodeMissingAttribute, "id"},
		"version":       {valid(func(e *event.Event) { e.SpecVersion = "2.0" }), event.CodeUnsupportedVersion, "specversion"},
		"source":        {valid(func(e *event.Event) { e.Source = "a b" }), event.CodeInvalidAttribute, "source"},
		"year":          {valid(func(e *event.Event) { e.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }), event.CodeInvalidAttribute, "time"},
		"invalid UTF-8": {valid(func(e *event.Event) { e.Subject = "\xff" }), event.CodeInvalidAttribute, "subject"},
		"data":          {valid(func(e *event.Event) { e.Data = json.RawMessage("{") }), event.CodeMalformedJSON, "data"},
		"two values":    {valid(func(e *event.Event) { e.Data = json.RawMessage("1 2") }), event.CodeMalformedJSON, "data"},
		"empty data":    {valid(func(e *event.Event) { e.Data = json.RawMessage{} }), event.CodeMalformedJSON, "data"},
		"data that breaks out": {
			valid(func(e *event.Event) { e.Data = json.RawMessage(`1,"id":"2"`) }), event.CodeMalformedJSON, "data",
		},
		"both":               {valid(func(e *event.Event) { e.Data, e.DataBase64 = json.RawMessage("1"), []byte{1} }), event.CodeInvalidData, "data_base64"},
		"float":              {valid(func(e *event.Event) { e.Extensions = map[string]any{"x": 1.5} }), event.CodeInvalidAttribute, "x"},
		"large int":          {valid(func(e *event.Event) { e.Extensions = map[string]any{"x": math.MaxInt32 + 1} }), event.CodeInvalidAttribute, "x"},
		"extension as data":  {valid(func(e *event.Event) { e.Extensions = map[string]any{"data": "x"} }), event.CodeInvalidAttribute, "data"},
		"extension as core":  {valid(func(e *event.Event) { e.Extensions = map[string]any{"id": "x"} }), event.CodeInvalidAttribute, "id"},
		"extension's name":   {valid(func(e *event.Event) { e.Extensions = map[string]any{"X": "x"} }), event.CodeInvalidAttribute, "X"},
		"size with envelope": {valid(func(e *event.Event) { e.DataBase64 = make([]byte, 184_300) }), event.CodeTooLarge, ""},
	} {
		if e := refusal(t, test.event.Validate()); e.Code != test.code || e.Field != test.field {
			t.Errorf("%s: code %q, field %q: %v", name, e.Code, e.Field, e)
		}
		if _, err := test.event.MarshalJSON(); err == nil {
			t.Errorf("%s: was written", name)
		}
	}
}

func TestPayload_IsWhatTheProducerMeant(t *testing.T) {
	for text, want := range map[string][2]string{
		with():                      {"", ""},
		with(`"data":{"a": 1}`):     {`{"a": 1}`, "application/json"},
		with(`"data":"I'm a text"`): {`"I'm a text"`, "application/json"},
		with(`"datacontenttype":"application/x+json"`, `"data":1.5`):              {`1.5`, "application/x+json"},
		with(`"datacontenttype":"text/plain"`, `"data":"a\u00e9\n"`):              {"aé\n", "text/plain"},
		with(`"data_base64":"eyAieHl6IjogMTIzIH0="`):                              {`{ "xyz": 123 }`, ""},
		with(`"datacontenttype":"application/json"`, `"data_base64":"e30="`):      {`{}`, "application/json"},
		with(`"datacontenttype":"application/json"`, `"data":"{\"not\":\"it\"}"`): {`"{\"not\":\"it\"}"`, "application/json"},
	} {
		e, err := event.ParseString(text)
		if err != nil {
			t.Fatal(err)
		}
		if payload, mediaType := e.Payload(); string(payload) != want[0] || mediaType != want[1] {
			t.Errorf("%s: %q, %q, want %q", text, payload, mediaType, want)
		}
	}
}

func TestMetadata_ThroughAttributes_ComesBack(t *testing.T) {
	full := event.Metadata{
		Type: "t", Source: "/s", ALBRoot: "1-67891233-abcdef012345678912345678",
		AcceptedAt: time.Date(2026, 11, 24, 2, 15, 33, 123456789, time.UTC),
	}
	for _, m := range []event.Metadata{full, {Type: "t", Source: "/s"}, {}} {
		attributes := map[string]string{"other": "x"}
		for name, value := range m.All() {
			if value == "" {
				t.Errorf("the attribute %s is empty: SNS refuses that", name)
			}
			attributes[name] = value
		}
		if diff := cmp.Diff(m, event.MetadataFrom(attributes)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	local := full
	local.AcceptedAt = full.AcceptedAt.In(time.FixedZone("", 3600))
	for name, value := range local.All() {
		if name == event.AttributeAcceptedAt && value != "2026-11-24T02:15:33.123456789Z" {
			t.Errorf("accepted-at is %s, not in UTC", value)
		}
	}
	for range full.All() {
		break // must not go on by itself
	}
	if m := event.MetadataFrom(map[string]string{event.AttributeAcceptedAt: "yesterday"}); !m.AcceptedAt.IsZero() {
		t.Errorf("a bad time was read as %v", m.AcceptedAt)
	}
}

func TestAppendJSON_IntoLargeBuffer_AllocatesNothing(t *testing.T) {
	e, err := event.ParseString(order)
	if err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { buffer = e.AppendJSON(buffer[:0]) }); n != 0 {
		t.Errorf("AppendJSON allocates %v times", n)
	}
	if string(buffer) != strings.TrimSpace(order) && len(buffer) > len(order) {
		t.Errorf("what was read became longer: %s", buffer)
	}
}
