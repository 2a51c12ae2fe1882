package main

import (
	"net"
	"strings"
	"testing"
)

// What can be known at once is told before anything is built or started.
func TestUp_WebPortTaken_NothingIsStarted(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	code, _, errs := command(t.Context(), t, "up", "-f", description, "--web-port", port, "--service-program", "nowhere", "--consumer-program", "nowhere")
	if code != exitFailed || !strings.Contains(errs, "--web-port") || strings.Contains(errs, "nowhere") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}
