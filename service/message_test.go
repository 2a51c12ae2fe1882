package service

import (
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/event"
)

// There is room for exactly what an event's metadata can be.
func TestAttributes_AllMetadata_Fit(t *testing.T) {
	var a attributes
	for name, value := range (event.Metadata{Type: "t", Source: "/", AcceptedAt: time.Now(), ALBRoot: "1-0-0"}).All() {
		if a.n == ownAttributes {
			t.Fatalf("no room for %s: ownAttributes is %d", name, ownAttributes)
		}
		a.add(name, value)
	}
	if a.n != ownAttributes || len(a.forCall()) != ownAttributes {
		t.Errorf("%d attributes, %d of a call, want %d", a.n, len(a.forCall()), ownAttributes)
	}
}

// What is put into the attributes of a call is not in those of the next one.
func TestAttributes_TwoCalls_ShareNoMap(t *testing.T) {
	var a attributes
	a.add("name", "value")
	first := a.forCall()
	delete(first, "name")
	if second := a.forCall(); *second["name"].StringValue != "value" {
		t.Errorf("attributes of the second call = %v", second)
	}
}
