package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestParse_Payloads(t *testing.T) {
	for payload, want := range map[string]int64{
		`{}`: 0, `null`: 0, `{"target":null}`: 0, `{"target":1}`: 1, `{ "target" : 12 }`: 12,
		``: -1, `1`: -1, `[]`: -1, `"x"`: -1, `{"target":0}`: -1, `{"target":-1}`: -1, `{"target":"1"}`: -1, `{"target":1.5}`: -1, `{"taget":1}`: -1,
		`{"target":1,"down":true}`: -1,
	} {
		got, err := parse([]byte(payload))
		switch {
		case want < 0 && (err == nil || !strings.Contains(err.Error(), `want {} or {"target": N}`)):
			t.Errorf("%s gave %+v, %v, want a refusal", payload, got, err)
		case want >= 0 && (err != nil || got.Target != want):
			t.Errorf("%s gave %+v, %v, want %d", payload, got, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, payload := range []string{`{}`, `null`, `{"target":1}`, `{"target":-1}`, `{"taget":1}`, `[1]`, `{"target":1e3}`, "\xff"} {
		f.Add([]byte(payload))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		in, err := parse(payload)
		if err != nil && (in != request{} || len(err.Error()) > 1000) {
			t.Errorf("refused with %+v in %d bytes", in, len(err.Error()))
		}
		if in.Target < 0 {
			t.Errorf("target %d", in.Target)
		}
	})
}

func TestInTime_LeavesTheMargin_ButAtMostHalf(t *testing.T) {
	m := &migrator{settings: settings{margin: 5 * time.Second}}
	for name, test := range map[string]struct{ given, margin time.Duration }{
		"enough": {time.Minute, 5 * time.Second},
		"short":  {4 * time.Second, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), test.given)
				defer cancel()
				end, _ := ctx.Deadline()
				ctx, cancel = m.inTime(ctx)
				defer cancel()
				got, _ := ctx.Deadline()
				if margin := end.Sub(got); margin != test.margin {
					t.Errorf("margin is %v, want %v", margin, test.margin)
				}
			})
		})
	}
	ctx, cancel := m.inTime(t.Context())
	defer cancel()
	if _, ok := ctx.Deadline(); ok {
		t.Error("there is a deadline where there was none")
	}
}
