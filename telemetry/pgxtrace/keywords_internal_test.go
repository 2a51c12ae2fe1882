package pgxtrace

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
)

func TestCommands_Sorted(t *testing.T) {
	if !slices.IsSorted(commands) {
		t.Errorf("%q are searched as sorted ones", commands)
	}
}

func TestReserved_AllOfTheServer(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), postgrestest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), "SELECT upper(word) FROM pg_get_keywords() WHERE catcode IN ('R', 'T')")
	if err != nil {
		t.Fatal(err)
	}
	words, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(words) == 0 {
		t.Fatalf("the server has %d such words (%v)", len(words), err)
	}
	for _, w := range words {
		if !reserved[w] {
			t.Errorf("%s names no table, and is not among those that do not", strings.ToLower(w))
		}
	}
}
