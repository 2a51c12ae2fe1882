package event_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/event"
)

// with returns a minimal event with members added: `"subject":"x"`.
func with(members ...string) string {
	required := []string{`"specversion":"1.0"`, `"id":"1"`, `"source":"/s"`, `"type":"t"`}
	return "{" + strings.Join(append(required, members...), ",") + "}"
}

func TestParse_ValidEvents_HoldWhatWasWritten(t *testing.T) {
	minimal := func(change func(*event.Event)) event.Event {
		e := event.Event{SpecVersion: "1.0", ID: "1", Source: "/s", Type: "t"}
		if change != nil {
			change(&e)
		}
		return e
	}
	tests := map[string]struct {
		text string
		want event.Event
	}{
		"minimal":     {with(), minimal(nil)},
		"white space": {" \t\r\n" + strings.ReplaceAll(with(), ",", " ,\n ") + "\n", minimal(nil)},
		"all attributes": {order, event.Event{
			SpecVersion: "1.0", ID: "0199b5a7-3f1e-7c55-9d2a-5f2f0c6f1a11", Source: "https://shop.example.com/checkout",
			Type: "com.example.order.placed", Subject: "orders/4711", DataContentType: "application/json",
			Time: time.Date(2026, 11, 24, 2, 15, 33, 123456000, time.UTC),
			Data: json.RawMessage(`{"order":4711,"customer":"c-42","total":"99.90","items":[{"sku":"A1","n":2}]}`),
		}},
		"null is absent": {
			with(`"subject":null`, `"time":null`, `"datacontenttype":null`, `"dataschema":null`, `"unset":null`, `"data_base64":null`),
			minimal(nil),
		},
		"data null is a value": {with(`"data":null`), minimal(func(e *event.Event) { e.Data = json.RawMessage("null") })},
		"data keeps every byte": {
			with(`"data": { "a" : 1.0,  "a":1e2, "é":"\u00e9\/" } `),
			minimal(func(e *event.Event) { e.Data = json.RawMessage(`{ "a" : 1.0,  "a":1e2, "é":"\u00e9\/" }`) }),
		},
		"data before attributes": {
			`{"data":[1],"type":"t","source":"/s","id":"1","specversion":"1.0"}`,
			minimal(func(e *event.Event) { e.Data = json.RawMessage(`[1]`) }),
		},
		"text with a media type that is not JSON": {
			with(`"datacontenttype":"application/xml"`, `"data":"<much wow=\"xml\"/>"`),
			minimal(func(e *event.Event) {
				e.DataContentType, e.Data = "application/xml", json.RawMessage(`"<much wow=\"xml\"/>"`)
			}),
		},
		"binary":                       {with(`"data_base64":"eyAieHl6IjogMTIzIH0="`), minimal(func(e *event.Event) { e.DataBase64 = []byte(`{ "xyz": 123 }`) })},
		"binary with an escaped slash": {with(`"data_base64":"\/\/8="`), minimal(func(e *event.Event) { e.DataBase64 = []byte{0xFF, 0xFF} })},
		"empty binary is a value":      {with(`"data_base64":""`), minimal(func(e *event.Event) { e.DataBase64 = []byte{} })},
		"extensions": {
			with(`"comexampleextension1":"value"`, `"comexampleothervalue":5`, `"flag":true`, `"off":false`, `"low":-2147483648`, `"0":"digit"`, `"empty":""`),
			minimal(func(e *event.Event) {
				e.Extensions = map[string]any{
					"comexampleextension1": "value", "comexampleothervalue": int32(5), "flag": true, "off": false,
					"low": int32(-1 << 31), "0": "digit", "empty": "",
				}
			}),
		},
		"escapes in names and values": {
			`{"specv\u0065rsion":"1.0","i\u0064":"a\"\\\/\u00e9\ud83d\ude00","source":"/s","type":"t","e\u0078t":"\u0041"}`,
			minimal(func(e *event.Event) {
				e.ID, e.Extensions = `a"\/é😀`, map[string]any{"ext": "A"}
			}),
		},
		"text beyond ASCII": {with(`"subject":"Käse 乳酪 😀"`), minimal(func(e *event.Event) { e.Subject = "Käse 乳酪 😀" })},
		".NET's unset time is absent": {
			with(`"time":"0001-01-01T00:00:00Z"`), minimal(nil),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := event.Parse([]byte(test.text))
			if err != nil {
				t.Fatalf("Parse(%s): %v", test.text, err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Parse(%s) (-want +got):\n%s", test.text, diff)
			}
			again, err := event.Parse(got.AppendJSON(nil))
			if err != nil {
				t.Fatalf("reading what was written: %v", err)
			}
			if diff := cmp.Diff(got, again); diff != "" {
				t.Errorf("written and read again (-first +second):\n%s", diff)
			}
		})
	}
}

func TestParse_InvalidEvents_AreRefusedWithACode(t *testing.T) {
	long := strings.Repeat("x", 1025)
	tests := map[string]struct {
		text        string
		code, field string
	}{
		"empty":                          {"", event.CodeMalformedJSON, ""},
		"white space":                    {" \n", event.CodeMalformedJSON, ""},
		"no object":                      {`"x"`, event.CodeMalformedJSON, ""},
		"a batch":                        {"[" + with() + "]", event.CodeMalformedJSON, ""},
		"cut off":                        {with()[:20], event.CodeMalformedJSON, ""},
		"cut off in an escape":           {`{"id":"\u00`, event.CodeMalformedJSON, "id"},
		"byte order mark":                {"\ufeff" + with(), event.CodeMalformedJSON, ""},
		"trailing text":                  {with() + "x", event.CodeMalformedJSON, ""},
		"two events":                     {with() + with(), event.CodeMalformedJSON, ""},
		"comma at the end":               {`{"id":"1",}`, event.CodeMalformedJSON, ""},
		"comma at the end of a list":     {with(`"data":[1,]`), event.CodeMalformedJSON, "data"},
		"no comma":                       {`{"id":"1" "type":"t"}`, event.CodeMalformedJSON, ""},
		"no colon":                       {`{"id" "1"}`, event.CodeMalformedJSON, ""},
		"name without quotes":            {`{id:"1"}`, event.CodeMalformedJSON, ""},
		"single quotes":                  {`{'id':'1'}`, event.CodeMalformedJSON, ""},
		"comment":                        {with() + "// x", event.CodeMalformedJSON, ""},
		"line feed in a string":          {with("\"subject\":\"a\nb\""), event.CodeMalformedJSON, "subject"},
		"unknown escape":                 {with(`"subject":"\x41"`), event.CodeMalformedJSON, "subject"},
		"bad literal":                    {with(`"data":nul`), event.CodeMalformedJSON, "data"},
		"capital literal":                {with(`"data":True`), event.CodeMalformedJSON, "data"},
		"NaN":                            {with(`"data":NaN`), event.CodeMalformedJSON, "data"},
		"leading zero":                   {with(`"data":01`), event.CodeMalformedJSON, "data"},
		"leading plus":                   {with(`"data":+1`), event.CodeMalformedJSON, "data"},
		"leading point":                  {with(`"data":.5`), event.CodeMalformedJSON, "data"},
		"trailing point":                 {with(`"data":5.`), event.CodeMalformedJSON, "data"},
		"empty exponent":                 {with(`"data":5e`), event.CodeMalformedJSON, "data"},
		"lone minus":                     {with(`"data":-`), event.CodeMalformedJSON, "data"},
		"data that is missing":           {with(`"data":`), event.CodeMalformedJSON, "data"},
		"invalid UTF-8":                  {with("\"subject\":\"\xff\""), event.CodeInvalidUnicode, "subject"},
		"invalid UTF-8 in data":          {with("\"data\":\"\xc0\x80\""), event.CodeInvalidUnicode, "data"},
		"encoded surrogate in data":      {with("\"data\":\"\xed\xa0\x80\""), event.CodeInvalidUnicode, "data"},
		"lone high surrogate":            {with(`"subject":"\ud800"`), event.CodeInvalidUnicode, "subject"},
		"lone low surrogate in data":     {with(`"data":["\udc00"]`), event.CodeInvalidUnicode, "data"},
		"high surrogate twice in data":   {with(`"data":"\ud800\ud800"`), event.CodeInvalidUnicode, "data"},
		"NUL in data":                    {with(`"data":{"a":"x\u0000"}`), event.CodeNULCharacter, "data"},
		"NUL in a name in data":          {with(`"data":{"\u0000":1}`), event.CodeNULCharacter, "data"},
		"huge number":                    {with(`"data":1e401`), event.CodeNumberOutOfRange, "data"},
		"tiny number":                    {with(`"data":[1e-401]`), event.CodeNumberOutOfRange, "data"},
		"exponent that overflows":        {with(`"data":1e99999999999999999999`), event.CodeNumberOutOfRange, "data"},
		"long fraction":                  {with(`"data":0.` + strings.Repeat("1", 16384)), event.CodeNumberOutOfRange, "data"},
		"long number":                    {with(`"data":` + strings.Repeat("1", 131073)), event.CodeNumberOutOfRange, "data"},
		"member twice":                   {with(`"id":"2"`), event.CodeDuplicateMember, "id"},
		"member twice, once escaped":     {with(`"\u0069d":"2"`), event.CodeDuplicateMember, "id"},
		"null member twice":              {with(`"subject":null`, `"subject":"x"`), event.CodeDuplicateMember, "subject"},
		"extension twice":                {with(`"x":1`, `"x":1`), event.CodeDuplicateMember, "x"},
		"null extension twice":           {with(`"x":null`, `"x":1`), event.CodeDuplicateMember, "x"},
		"data twice":                     {with(`"data":1`, `"data":1`), event.CodeDuplicateMember, "data"},
		"no attributes":                  {`{}`, event.CodeMissingAttribute, "specversion"},
		"no id":                          {`{"specversion":"1.0","source":"/s","type":"t"}`, event.CodeMissingAttribute, "id"},
		"empty source":                   {`{"specversion":"1.0","id":"1","source":"","type":"t"}`, event.CodeMissingAttribute, "source"},
		"null type":                      {`{"specversion":"1.0","id":"1","source":"/s","type":null}`, event.CodeMissingAttribute, "type"},
		"other version":                  {`{"specversion":"0.3","id":"1","source":"/s","type":"t"}`, event.CodeUnsupportedVersion, "specversion"},
		"version as a number":            {`{"specversion":1.0,"id":"1","source":"/s","type":"t"}`, event.CodeInvalidAttribute, "specversion"},
		"id as a number":                 {`{"specversion":"1.0","id":1,"source":"/s","type":"t"}`, event.CodeInvalidAttribute, "id"},
		"control character":              {with(`"subject":"a\u0007"`), event.CodeInvalidAttribute, "subject"},
		"NUL in an attribute":            {with(`"subject":"a\u0000"`), event.CodeInvalidAttribute, "subject"},
		"C1 control character":           {with(`"subject":"a\u0085"`), event.CodeInvalidAttribute, "subject"},
		"noncharacter":                   {with(`"subject":"\ufdd0"`), event.CodeInvalidAttribute, "subject"},
		"noncharacter of a higher plane": {with(`"ext":"\ud83f\udfff"`), event.CodeInvalidAttribute, "ext"},
		"source with a space":            {`{"specversion":"1.0","id":"1","source":"a b","type":"t"}`, event.CodeInvalidAttribute, "source"},
		"empty subject":                  {with(`"subject":""`), event.CodeInvalidAttribute, "subject"},
		"relative dataschema":            {with(`"dataschema":"/schema"`), event.CodeInvalidAttribute, "dataschema"},
		"bad media type":                 {with(`"datacontenttype":"json"`), event.CodeInvalidAttribute, "datacontenttype"},
		"time without an offset":         {with(`"time":"2018-04-05T17:31:00"`), event.CodeInvalidAttribute, "time"},
		"time as a number":               {with(`"time":1522949460`), event.CodeInvalidAttribute, "time"},
		"capital in a name":              {with(`"Subject":"x"`), event.CodeInvalidAttribute, "Subject"},
		"underscore in a name":           {with(`"my_ext":"x"`), event.CodeInvalidAttribute, "my_ext"},
		"empty name":                     {with(`"":"x"`), event.CodeInvalidAttribute, ""},
		"very long name":                 {with(`"` + long + `":"x"`), event.CodeInvalidAttribute, long[:40] + "..."},
		"extension as an object":         {with(`"ext":{}`), event.CodeInvalidAttribute, "ext"},
		"extension as a list":            {with(`"ext":[]`), event.CodeInvalidAttribute, "ext"},
		"extension with a fraction":      {with(`"ext":1.5`), event.CodeInvalidAttribute, "ext"},
		"extension with a zero fraction": {with(`"ext":1.0`), event.CodeInvalidAttribute, "ext"},
		"extension with an exponent":     {with(`"ext":1e3`), event.CodeInvalidAttribute, "ext"},
		"extension beyond 32 bits":       {with(`"ext":2147483648`), event.CodeInvalidAttribute, "ext"},
		"data twice over":                {with(`"data":1`, `"data_base64":"MQ=="`), event.CodeInvalidData, "data_base64"},
		"null data and binary":           {with(`"data_base64":"MQ=="`, `"data":null`), event.CodeInvalidData, "data_base64"},
		"base64 without padding":         {with(`"data_base64":"MQ"`), event.CodeInvalidData, "data_base64"},
		"base64 for URLs":                {with(`"data_base64":"__8="`), event.CodeInvalidData, "data_base64"},
		"base64 with a line feed":        {with(`"data_base64":"MQ\n=="`), event.CodeInvalidData, "data_base64"},
		"base64 with stray bits":         {with(`"data_base64":"MR=="`), event.CodeInvalidData, "data_base64"},
		"base64 as a number":             {with(`"data_base64":1`), event.CodeInvalidAttribute, "data_base64"},
		"an object that should be XML":   {with(`"datacontenttype":"application/xml"`, `"data":{}`), event.CodeInvalidData, "data"},
		"long attribute":                 {with(`"subject":"` + long + `"`), event.CodeTooLarge, "subject"},
		"very long attribute":            {with(`"subject":"` + strings.Repeat(long, 7) + `"`), event.CodeTooLarge, "subject"},
		"long extension":                 {with(`"ext":"` + long + `"`), event.CodeTooLarge, "ext"},
		"very long time":                 {with(`"time":"` + long + `"`), event.CodeInvalidAttribute, "time"},
		"large event":                    {with(`"data":"` + strings.Repeat("x", 240<<10) + `"`), event.CodeTooLarge, ""},
		"deep data":                      {with(`"data":` + strings.Repeat("[", 128) + strings.Repeat("]", 128)), event.CodeTooDeep, "data"},
		"deep extension":                 {with(`"ext":` + strings.Repeat(`{"a":`, 1000)), event.CodeTooDeep, "ext"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := event.Parse([]byte(test.text))
			e := refusal(t, err)
			if e.Code != test.code || e.Field != test.field {
				t.Errorf("refused with code %q, field %q: %v\nwant code %q, field %q", e.Code, e.Field, e, test.code, test.field)
			}
			if diff := cmp.Diff(event.Event{}, got); diff != "" {
				t.Errorf("an event came with the refusal:\n%s", diff)
			}
		})
	}
}

// refusal returns err as what it must be.
func refusal(t *testing.T, err error) *event.Error {
	t.Helper()
	var e *event.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v (%T), want an *event.Error", err, err)
	}
	if e.Error() == "" || e.Message == "" {
		t.Errorf("the refusal %+v says nothing", e)
	}
	return e
}

func TestParse_ManyExtensions_AreLimited(t *testing.T) {
	var members []string
	for i := range 32 {
		members = append(members, fmt.Sprintf(`"x%d":%d`, i, i))
	}
	if _, err := event.ParseString(with(members...)); err != nil {
		t.Errorf("32 extensions: %v", err)
	}
	for _, last := range []string{`"last":1`, `"last":null`} {
		_, err := event.ParseString(with(append(members, last)...))
		if e := refusal(t, err); e.Code != event.CodeTooLarge {
			t.Errorf("33 extensions, %s: %v", last, e)
		}
	}
}

func TestParse_Offset_PointsAtTheFault(t *testing.T) {
	for text, want := range map[string]int{
		`{"id":"1",}`:              10,
		`{"id":"1"`:                9,
		`{"id":"a` + "\x01" + `"}`: 8,
		`{"id":01}`:                7,
		`{"id":"1","id":"2"}`:      11,
	} {
		_, err := event.ParseString(text)
		if e := refusal(t, err); e.Offset != want {
			t.Errorf("%s: offset %d, want %d (%v)", text, e.Offset, want, e)
		}
	}
}

func TestParse_Refusal_HoldsNoValue(t *testing.T) {
	const secret = "hunter2"
	for _, text := range []string{
		`{"specversion":"` + secret + `","id":"1","source":"/s","type":"t"}`,
		with(`"time":"` + secret + `"`),
		with(`"datacontenttype":"` + secret + `"`),
		with(`"dataschema":"` + secret + `"`),
		with(`"data":"` + secret + `\q"`),
		with(`"ext":["` + secret + `"]`),
	} {
		_, err := event.ParseString(text)
		if e := refusal(t, err); strings.Contains(e.Error(), secret) {
			t.Errorf("the refusal repeats a value: %v", e)
		}
	}
}

func TestLimits_Raised_TakeMore(t *testing.T) {
	deep := with(`"data":` + strings.Repeat("[", 200) + strings.Repeat("]", 200))
	if _, err := (event.Limits{MaxDepth: 201}).ParseString(deep); err != nil {
		t.Errorf("depth of exactly the limit: %v", err)
	}
	if _, err := (event.Limits{MaxDepth: 200}).ParseString(deep); refusal(t, err).Code != event.CodeTooDeep {
		t.Errorf("depth of the limit and one: %v", err)
	}
	for _, data := range []string{`"\u0000"`, `1e999999`, `0.` + strings.Repeat("1", 20000)} {
		if _, err := (event.Limits{AnyJSON: true}).ParseString(with(`"data":` + data)); err != nil {
			t.Errorf("AnyJSON: %.20s: %v", data, err)
		}
	}
}

func TestLimits_EventBytes_AreExact(t *testing.T) {
	text := with()
	for limit, ok := range map[int]bool{len(text) - 1: false, len(text): true, len(text) + 1: true} {
		_, err := event.Limits{MaxEventBytes: limit}.ParseString(text)
		if (err == nil) != ok {
			t.Errorf("%d bytes with a limit of %d: %v", len(text), limit, err)
		}
	}
}

func TestParse_OrdinaryEvent_AllocatesTwice(t *testing.T) {
	body := []byte(order)
	allocations := testing.AllocsPerRun(100, func() {
		if _, err := event.Parse(body); err != nil {
			t.Error(err)
		}
	})
	if allocations > 2 { // the attributes, the data
		t.Errorf("Parse allocates %v times, want 2", allocations)
	}
}

func TestParse_Result_KeepsNothingOfTheInput(t *testing.T) {
	body := []byte(with(`"data":{"a":1}`, `"data_base64":null`, `"ext":"x"`))
	e, err := event.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	before := string(e.AppendJSON(nil))
	clear(body)
	if after := string(e.AppendJSON(nil)); after != before {
		t.Errorf("the event changed with its input:\n%s\n%s", before, after)
	}
}
