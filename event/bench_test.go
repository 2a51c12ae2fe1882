package event_test

import (
	"encoding/json"
	"testing"

	"github.com/tracehaul/tracehaul/event"
)

// order is an event of the reference pipeline: about 300 bytes.
const order = `{"specversion":"1.0","id":"0199b5a7-3f1e-7c55-9d2a-5f2f0c6f1a11","source":"https://shop.example.com/checkout","type":"com.example.order.placed","subject":"orders/4711","time":"2026-11-24T02:15:33.123456Z","datacontenttype":"application/json","data":{"order":4711,"customer":"c-42","total":"99.90","items":[{"sku":"A1","n":2}]}}`

func BenchmarkParse(b *testing.B) {
	b.Run("Parse", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(order)))
		body := []byte(order)
		for b.Loop() {
			if _, err := event.Parse(body); err != nil {
				b.Fatal(err)
			}
		}
	})
	// What encoding/json needs for the same text, without any of the checks.
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(order)))
		body := []byte(order)
		for b.Loop() {
			var e struct {
				SpecVersion, ID, Source, Type, Subject, Time, DataContentType string
				Data                                                          json.RawMessage
			}
			if err := json.Unmarshal(body, &e); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAppendJSON(b *testing.B) {
	e, err := event.ParseString(order)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	buffer := e.AppendJSON(nil)
	for b.Loop() {
		buffer = e.AppendJSON(buffer[:0])
	}
}
