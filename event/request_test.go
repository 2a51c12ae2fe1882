package event_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/event"
)

var defaults = event.Defaults{
	Source: "/orders/intake",
	Type:   "com.example.orders.received",
	NewID:  func() string { return "id-1" },
	Now:    func() time.Time { return time.Date(2026, 11, 24, 3, 0, 0, 0, time.FixedZone("", 3600)) },
}

func wrapped(data string) event.Event {
	return event.Event{
		SpecVersion: "1.0", ID: "id-1", Source: "/orders/intake", Type: "com.example.orders.received",
		DataContentType: "application/json", Time: time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC), Data: json.RawMessage(data),
	}
}

func mustParse(t *testing.T, text string) event.Event {
	t.Helper()
	e, err := event.ParseString(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestParseRequest_MediaTypes(t *testing.T) {
	one, two := with(`"data":1`), strings.Replace(with(), `"id":"1"`, `"id":"2"`, 1)
	for name, test := range map[string]struct {
		contentType, body string
		want              []event.Event
	}{
		"event":              {"application/cloudevents+json", one, []event.Event{mustParse(t, one)}},
		"event with charset": {"Application/CloudEvents+JSON; charset=UTF-8", one, []event.Event{mustParse(t, one)}},
		"batch":              {"application/cloudevents-batch+json", " [ " + one + " , " + two + " ] ", []event.Event{mustParse(t, one), mustParse(t, two)}},
		"empty batch":        {"application/cloudevents-batch+json", "[]", nil},
		"wrapped":            {"application/json", "  {\"a\": 1}\n", []event.Event{wrapped(`{"a": 1}`)}},
		"wrapped text":       {"application/json;charset=utf-8", `"x"`, []event.Event{wrapped(`"x"`)}},
		"wrapped list":       {"application/json", `[1, 2]`, []event.Event{wrapped(`[1, 2]`)}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := event.ParseRequest(test.contentType, []byte(test.body), defaults)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRequest_Refusals_NameTheEvent(t *testing.T) {
	const batch, plain = event.MediaTypeBatch, "application/json"
	good, bad := with(), `{"specversion":"1.0","id":"1","source":"/s"}`
	for name, test := range map[string]struct {
		contentType, body string
		code              string
		index             int
	}{
		"no media type":            {"", good, event.CodeUnsupportedMediaType, -1},
		"XML":                      {"application/xml", good, event.CodeUnsupportedMediaType, -1},
		"Avro":                     {"application/cloudevents+avro", good, event.CodeUnsupportedMediaType, -1},
		"latin-1":                  {"application/json; charset=iso-8859-1", good, event.CodeUnsupportedMediaType, -1},
		"garbage":                  {"application/json; charset", good, event.CodeUnsupportedMediaType, -1},
		"bad event":                {event.MediaTypeEvent, bad, event.CodeMissingAttribute, 0},
		"event in a batch's place": {batch, good, event.CodeMalformedJSON, -1},
		"second of a batch":        {batch, "[" + good + "," + bad + "]", event.CodeMissingAttribute, 1},
		"comma at the end":         {batch, "[" + good + ",]", event.CodeMalformedJSON, 1},
		"no comma":                 {batch, "[" + good + good + "]", event.CodeMalformedJSON, -1},
		"unfinished":               {batch, "[" + good, event.CodeMalformedJSON, -1},
		"bracket alone":            {batch, "[", event.CodeMalformedJSON, 0},
		"trailing text":            {batch, "[" + good + "] x", event.CodeMalformedJSON, -1},
		"too many":                 {batch, "[" + strings.Repeat(good+",", 100) + good + "]", event.CodeBatchTooLarge, -1},
		"large in a batch":         {batch, "[" + good + "," + with(`"data":"`+strings.Repeat("x", 240<<10)+`"`) + "]", event.CodeTooLarge, 1},
		"no body":                  {plain, "", event.CodeMalformedJSON, 0},
		"malformed body":           {plain, "{", event.CodeMalformedJSON, 0},
		"two values":               {plain, "{} {}", event.CodeMalformedJSON, 0},
		"NUL":                      {plain, `"\u0000"`, event.CodeNULCharacter, 0},
		"deep":                     {plain, strings.Repeat("[", 128) + strings.Repeat("]", 128), event.CodeTooDeep, 0},
		"large":                    {plain, `"` + strings.Repeat("x", 240<<10) + `"`, event.CodeTooLarge, 0},
		"large with its envelope":  {plain, `"` + strings.Repeat("x", 240<<10-100) + `"`, event.CodeTooLarge, 0},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := event.ParseRequest(test.contentType, []byte(test.body), defaults)
			if e := refusal(t, err); e.Code != test.code || e.Index != test.index {
				t.Errorf("code %q, index %d: %v\nwant code %q, index %d", e.Code, e.Index, e, test.code, test.index)
			}
			if events != nil {
				t.Errorf("%d events came with the refusal", len(events))
			}
		})
	}
}

func TestParseRequest_PlainJSONWithoutDefaults_IsRefused(t *testing.T) {
	_, err := event.ParseRequest("application/json", []byte("{}"), event.Defaults{Source: "/s"})
	if e := refusal(t, err); e.Code != event.CodeUnsupportedMediaType {
		t.Errorf("%v", e)
	}
}

func TestParseRequest_OwnDefaults_MakeValidEvents(t *testing.T) {
	d := event.Defaults{Source: "/s", Type: "t"}
	first, err := event.ParseRequest("application/json", []byte("{}"), d)
	if err != nil {
		t.Fatal(err)
	}
	second, err := event.ParseRequest("application/json", []byte("{}"), d)
	if err != nil {
		t.Fatal(err)
	}
	if first[0].Key() == second[0].Key() {
		t.Errorf("two requests made the same event %v", first[0].Key())
	}
	if age := time.Since(first[0].Time); age < 0 || age > time.Minute {
		t.Errorf("the event's time is %v", first[0].Time)
	}
}

func TestDefaults_Validate_FindsWhatNoEventMayHave(t *testing.T) {
	for _, d := range []event.Defaults{{}, {Source: "/s", Type: "t"}} {
		if err := d.Validate(); err != nil {
			t.Errorf("%+v: %v", d, err)
		}
	}
	for _, d := range []event.Defaults{{Source: "/s"}, {Type: "t"}, {Source: "a b", Type: "t"}, {Source: "/s", Type: "\x00"}} {
		if d.Validate() == nil {
			t.Errorf("%q, %q passed", d.Source, d.Type)
		}
	}
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// required are the headers that every event in binary mode has.
func required(more ...string) http.Header {
	return header(append([]string{"ce-specversion", "1.0", "ce-id", "1", "ce-source", "/s", "ce-type", "t"}, more...)...)
}

func TestParseHTTP_BinaryMode(t *testing.T) {
	base := event.Event{SpecVersion: "1.0", ID: "1", Source: "/s", Type: "t"}
	for name, test := range map[string]struct {
		header http.Header
		body   string
		want   func(*event.Event)
	}{
		"no data": {required(), "", func(*event.Event) {}},
		"JSON": {required("Content-Type", "application/json; charset=utf-8"), " {\"a\": 1}\n", func(e *event.Event) {
			e.DataContentType, e.Data = "application/json; charset=utf-8", json.RawMessage(`{"a": 1}`)
		}},
		"XML": {required("Content-Type", "application/xml"), "<a/>\n", func(e *event.Event) {
			e.DataContentType, e.DataBase64 = "application/xml", []byte("<a/>\n")
		}},
		"no media type": {required(), `{ "xyz": 123 }`, func(e *event.Event) { e.DataBase64 = []byte(`{ "xyz": 123 }`) }},
		"all attributes": {
			required("ce-time", "2018-04-05T03:56:24Z", "ce-subject", "Euro%20%E2%82%AC", "ce-dataschema", "https://x/s", "ce-comexampleothervalue", "5", "X-Other", "x"), "",
			func(e *event.Event) {
				e.Time, e.Subject, e.DataSchema = time.Date(2018, 4, 5, 3, 56, 24, 0, time.UTC), "Euro €", "https://x/s"
				e.Extensions = map[string]any{"comexampleothervalue": "5"}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := event.ParseHTTP(test.header, []byte(test.body), defaults)
			if err != nil {
				t.Fatal(err)
			}
			want := base
			test.want(&want)
			if diff := cmp.Diff([]event.Event{want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseHTTP_OtherModes_GoByTheContentType(t *testing.T) {
	text := with()
	for name, test := range map[string]struct {
		header http.Header
		body   string
		want   event.Event
	}{
		"structured":                 {header("Content-Type", "application/cloudevents+json"), text, mustParse(t, text)},
		"structured with ce headers": {required("Content-Type", "Application/CloudEvents+json", "ce-id", "other"), text, mustParse(t, text)},
		"wrapped":                    {header("Content-Type", "application/json"), "{}", wrapped("{}")},
	} {
		got, err := event.ParseHTTP(test.header, []byte(test.body), defaults)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff([]event.Event{test.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestParseHTTP_BadHeaders_AreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		header      http.Header
		body        string
		code, field string
	}{
		"attribute missing":     {header("ce-id", "1", "Content-Type", "application/json"), "{}", event.CodeMissingAttribute, "specversion"},
		"header twice":          {required("ce-id", "2"), "", event.CodeDuplicateMember, "id"},
		"datacontenttype":       {required("ce-datacontenttype", "text/plain"), "", event.CodeInvalidAttribute, "datacontenttype"},
		"bad time":              {required("ce-time", "now"), "", event.CodeInvalidAttribute, "time"},
		"bad escape":            {required("ce-subject", "100%"), "", event.CodeInvalidAttribute, "subject"},
		"empty subject":         {required("ce-subject", ""), "", event.CodeInvalidAttribute, "subject"},
		"bad name":              {required("ce-my_ext", "x"), "", event.CodeInvalidAttribute, "my_ext"},
		"named data":            {required("ce-data", "x"), "", event.CodeInvalidAttribute, "data"},
		"control character":     {required("ce-subject", "%00"), "", event.CodeInvalidAttribute, "subject"},
		"long":                  {required("ce-subject", strings.Repeat("x", 1025)), "", event.CodeTooLarge, "subject"},
		"very long":             {required("ce-subject", strings.Repeat("x", 10000)), "", event.CodeTooLarge, "subject"},
		"malformed JSON":        {required("Content-Type", "application/json"), "{", event.CodeMalformedJSON, "data"},
		"JSON in latin-1":       {required("Content-Type", "application/json; charset=latin1"), "{}", event.CodeUnsupportedMediaType, ""},
		"bad media type":        {required("Content-Type", "what?"), "x", event.CodeInvalidAttribute, "datacontenttype"},
		"large":                 {required("Content-Type", "text/plain"), strings.Repeat("x", 240<<10+1), event.CodeTooLarge, ""},
		"large only in base64":  {required("Content-Type", "text/plain"), strings.Repeat("x", 184_300), event.CodeTooLarge, ""},
		"large JSON with attrs": {required("Content-Type", "application/json"), `"` + strings.Repeat("x", 240<<10-10) + `"`, event.CodeTooLarge, ""},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := event.ParseHTTP(test.header, []byte(test.body), defaults)
			if e := refusal(t, err); e.Code != test.code || e.Field != test.field {
				t.Errorf("code %q, field %q: %v", e.Code, e.Field, e)
			}
			if events != nil {
				t.Error("events came with the refusal")
			}
		})
	}
}
