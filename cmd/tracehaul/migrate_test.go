package main

import (
	"net"
	"strings"
	"testing"
)

// A database that takes the connection and says nothing is not waited for for
// ever, and which flag has ended it is said.
func TestMigrate_NoAnswer_NamesTheTimeout(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	code, _, errs := command(t.Context(), t, "migrate", "--database-url", "postgres://u:geheim@"+silent.Addr().String()+"/x?sslmode=disable", "--timeout", "200ms")
	if code != exitFailed || !strings.Contains(errs, "not migrated after --timeout 200ms") || strings.Contains(errs, "geheim") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}
