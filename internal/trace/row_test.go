package trace_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/trace"
)

func row() trace.Row {
	return trace.Row{
		{Name: "source", Value: "shop\x1b[2J"},
		{Name: "id", Value: "o-1"},
		{Name: "sns_message_id", Value: nil},
		{Name: "receive_count", Value: int64(2)},
		{Name: "data", Value: json.RawMessage(`{"total":12}`)},
		{Name: "written_at", Value: epoch.Add(1500 * time.Microsecond)},
	}
}

func TestRow_JSON_KeepsTheOrderOfColumns(t *testing.T) {
	got, err := json.Marshal(row()[1:])
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"o-1","sns_message_id":null,"receive_count":2,"data":{"total":12},"written_at":"2026-11-24T03:00:00.0015Z"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRow_Write_AlignedAndPrintable(t *testing.T) {
	var b strings.Builder
	if err := row().Write(&b); err != nil {
		t.Fatal(err)
	}
	want := "  source          shop\uFFFD[2J\n" +
		"  id              o-1\n" +
		"  sns_message_id  -\n" +
		"  receive_count   2\n" +
		"  data            {\"total\":12}\n" +
		"  written_at      2026-11-24 03:00:00.001500Z\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRow_Get(t *testing.T) {
	if got := row().Get("id"); got != "o-1" {
		t.Errorf("id = %v", got)
	}
	if got := row().Get("none"); got != nil {
		t.Errorf("a column that is not there = %v", got)
	}
}
