package lint_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/dashboards/lint"
)

// big is the good dashboard with its panels repeated until there are 40.
func big(tb testing.TB) []byte {
	tb.Helper()
	var d map[string]any
	if err := json.Unmarshal(good(tb), &d); err != nil {
		tb.Fatal(err)
	}
	of := d["panels"].([]any)
	var panels []any
	for i := 0; len(panels) < 40; i++ {
		p, err := json.Marshal(of[1+i%7]) // not the rows
		if err != nil {
			tb.Fatal(err)
		}
		var c map[string]any
		if err := json.Unmarshal(p, &c); err != nil {
			tb.Fatal(err)
		}
		c["id"] = i + 1
		c["gridPos"] = map[string]any{"x": 0, "y": 8 * i, "w": 24, "h": 8}
		panels = append(panels, c)
	}
	d["panels"] = append(panels, of[8]) // the row that uses the last variable
	content, err := json.Marshal(d)
	if err != nil {
		tb.Fatal(err)
	}
	return content
}

func BenchmarkDashboard_40Panels(b *testing.B) {
	content, o := big(b), options()
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		lint.Dashboard("big.json", content, o)
	}
}

// Large inputs with much to complain about cost what their size does: a fifth
// of what is allowed, so that the race detector can be used with it.
func TestDashboard_WorstCases_ComeBackSoon(t *testing.T) {
	repeat := func(before, item, after string) []byte {
		content := []byte(before)
		for len(content)+len(item)+len(after) < lint.MaxSizeBytes/5 {
			content = append(content, item...)
		}
		return append(content, after...)
	}
	for name, content := range map[string][]byte{
		"panels":     repeat(`{"panels":[{}`, `,{"type":"stat","gridPos":{"x":0,"y":0,"w":24,"h":8}}`, `]}`),
		"targets":    repeat(`{"panels":[{"targets":[{}`, `,{"datasource":{"type":"cloudwatch"},"id":"a"}`, `]}]}`),
		"variables":  repeat(`{"title":"`, `$a `, `"}`),
		"overrides":  repeat(`{"panels":[{"type":"timeseries","fieldConfig":{"overrides":[{}`, `,{"properties":[{"id":"unit","value":"xyz"}]}`, `]}}]}`),
		"slashes":    repeat(`{"panels":[{"targets":[{"datasource":{"type":"cloudwatch"},"queryMode":"Logs","expression":"`, ` = /`, `"}]}]}`),
		"thresholds": repeat(`{"panels":[{"links":[{"title":"alarm: edge-5xx"}],"fieldConfig":{"defaults":{"thresholds":{"steps":[{}`, `,{"value":1,"color":"blue"}`, `]}}}}]}`),
		"links":      repeat(`{"panels":[{"links":[{}`, `,{"title":"alarm: edge-5xy","url":"/d/x"}`, `]}]}`),
		"fields":     repeat(`{"panels":[{"fieldConfig":{"defaults":{"a":1`, `,"aaaa":1`, `}}}]}`),
	} {
		start := time.Now()
		lint.Dashboard("x.json", content, options())
		took := time.Since(start)
		t.Logf("%s: %v", name, took)
		if took > 10*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
}
