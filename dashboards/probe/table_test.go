package probe_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/dashboards/probe"
)

func TestWrite(t *testing.T) {
	results := []probe.Result{
		{Dashboard: "Orders", Panel: probe.Panel{Title: "variable version"}, Source: "prometheus", Query: "label_values(version)", Series: 2, Points: 2, Other: 2},
		{Dashboard: "Orders", Panel: probe.Panel{ID: 7, Title: "Requests"}, RefID: "A", Source: "prometheus", Query: "sum(\n  x\n)", Series: 3, Points: 60, Other: 50},
		{Dashboard: "Orders", Panel: probe.Panel{ID: 7, Title: "Requests"}, RefID: "B", Source: "prometheus", Query: "y", Err: errors.New("422:\nno")},
		{Dashboard: "Orders", Panel: probe.Panel{ID: 8, Title: "Errors"}, RefID: "A", Source: "prometheus", Query: "z", Series: 1, Points: 60},
		{Dashboard: "Orders", Panel: probe.Panel{ID: 9, Title: "Rows"}, RefID: "A", Source: "postgres", Query: "SELECT 1 WHERE false"},
		{Dashboard: "Orders", Panel: probe.Panel{ID: 10, Title: "Age"}, RefID: "A", Source: "cloudwatch", Skipped: "not asked here: cloudwatch"},
		{Dashboard: "Orders", Panel: probe.Panel{ID: 10, Title: "Age"}, RefID: "B", Source: "cloudwatch", Skipped: "not asked here: cloudwatch"},
	}
	const want = `SERIES  POINTS  DASHBOARD  PANEL             REF  QUERY
2       2       Orders     variable version  -    label_values(version)
3       60      Orders     7 Requests        A    sum( x )
-       -       Orders     7 Requests        B    y
1       60      Orders     8 Errors          A    z
0       0       Orders     9 Rows            A    SELECT 1 WHERE false

Without data:
  Orders, 7 Requests, B
    y
    422: no
  Orders, 9 Rows, A
    SELECT 1 WHERE false

Zeros alone:
  Orders, 8 Errors, A
    z

not asked here: cloudwatch: 2 queries
5 queries, 2 without data
`
	var got strings.Builder
	if err := probe.Write(&got, results, true); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	got.Reset()
	if err := probe.Write(&got, results[1:2], false); err != nil {
		t.Fatal(err)
	}
	if want := "SERIES  POINTS  DASHBOARD  PANEL       REF\n3       60      Orders     7 Requests  A\n\n1 query, 0 without data\n"; got.String() != want {
		t.Errorf("%q, want %q", got.String(), want)
	}
}

func TestResult_JSON(t *testing.T) {
	b, err := json.Marshal([]probe.Result{{
		Dashboard: "Orders", Panel: probe.Panel{ID: 7, Title: "Requests"}, RefID: "B", Source: "prometheus", Query: "y", Err: errors.New("no"),
	}})
	const want = `[{"dashboard":"Orders","panel":{"id":7,"title":"Requests"},"ref_id":"B","source":"prometheus","query":"y","series":0,"points":0,"points_not_zero":0,"shows_data":false,"error":"no"}]`
	if err != nil || string(b) != want {
		t.Errorf("%s, %v; want %s", b, err, want)
	}
}
