package freeport

import (
	"context"
	"net"
	"testing"
)

func TestFind_GivesEachOnce(t *testing.T) {
	seen := map[int]bool{}
	for range 500 {
		port, err := Find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if port < first || port > last || seen[port] {
			t.Fatalf("port %d, want another one between %d and %d", port, first, last)
		}
		seen[port] = true
	}
}

func TestAddress_CanBeListenedOn(t *testing.T) {
	address, err := Address(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFind_Ended_SaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if port, err := Find(ctx); err == nil {
		t.Errorf("port %d of a context that has ended", port)
	}
}
