package service

import (
	"encoding/json"
	"testing"

	"go.opentelemetry.io/otel/trace"
)

func TestAccepted_AnyText_EncodedLikeEncodingJSON(t *testing.T) {
	for _, text := range []string{"", "order-17", `a"b\c`, "ümläut", "\u2028", "a<b>&c", "\x01", "\xff", "\x7f"} {
		for _, id := range []trace.TraceID{{}, {0: 0xab, 15: 1}} {
			want := Accepted{ID: text, Source: "/" + text, Status: statusAccepted}
			if id.IsValid() {
				want.TraceID = id.String()
			}
			encoded, _ := json.Marshal(want)
			_ = json.Unmarshal(encoded, &want) // what is not UTF-8 does not survive
			got := Accepted{}
			b := appendAccepted(nil, Result{ID: text, Source: "/" + text}, id)
			if err := json.Unmarshal(b, &got); err != nil || got != want {
				t.Errorf("%q: %s, %v, want %+v", text, b, err, want)
			}
		}
	}
}
