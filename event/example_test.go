package event_test

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/tracehaul/tracehaul/event"
)

func ExampleParse() {
	e, err := event.Parse([]byte(`{
		"specversion": "1.0",
		"id": "4711",
		"source": "https://shop.example.com/checkout",
		"type": "com.example.order.placed",
		"data": {"total": "99.90"}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Key())
	fmt.Println(string(e.Data))
	// Output:
	// {https://shop.example.com/checkout 4711}
	// {"total": "99.90"}
}

func ExampleError() {
	_, err := event.ParseString(`{"specversion":"1.0","id":"1","id":"2"}`)
	if refused, ok := errors.AsType[*event.Error](err); ok {
		fmt.Println(refused.Code, refused.Field, refused.Offset)
	}
	fmt.Println(err)
	// Output:
	// duplicate_member id 31
	// event: id: the member is given twice (at byte 31)
}

// A service reads all that CloudEvents' HTTP binding allows, and plain JSON on
// top, where it has a source and a type for it.
func ExampleParseHTTP() {
	defaults := event.Defaults{
		Source: "/orders/intake",
		Type:   "com.example.orders.received",
		NewID:  func() string { return "4711" },
	}
	plain := http.Header{"Content-Type": {"application/json"}}
	binary := http.Header{
		"Content-Type":   {"application/json"},
		"Ce-Specversion": {"1.0"},
		"Ce-Id":          {"4712"},
		"Ce-Source":      {"/shop"},
		"Ce-Type":        {"com.example.order.placed"},
	}
	for _, header := range []http.Header{plain, binary} {
		events, err := event.ParseHTTP(header, []byte(`{"total": "99.90"}`), defaults)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(events[0].Source, events[0].ID, events[0].Type)
	}
	// Output:
	// /orders/intake 4711 com.example.orders.received
	// /shop 4712 com.example.order.placed
}

// What a service says about an event in message attributes, and the consumer
// reads from them.
func ExampleMetadata() {
	m := event.Metadata{Type: "com.example.order.placed", Source: "/shop", ALBRoot: "1-67891233-abcdef012345678912345678"}
	for name, value := range m.All() {
		fmt.Println(name, value)
	}
	// Output:
	// event-type com.example.order.placed
	// event-source /shop
	// alb-root 1-67891233-abcdef012345678912345678
}
