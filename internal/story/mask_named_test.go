package story_test

import (
	"testing"

	"github.com/tracehaul/tracehaul/internal/story"
)

func TestMaskNamed(t *testing.T) {
	for _, test := range [][3]string{
		{"authorization", "x", "***"},
		{"X-Api-Key", "x", "***"},
		{"note", "Bearer abcdefgh12345678", "Bearer ***"},
		{"event-type", "order.placed", "order.placed"},
		{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e0001-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e0001-00f067aa0ba902b7-01"},
	} {
		if got := story.MaskNamed(test[0], test[1]); got != test[2] {
			t.Errorf("%s %s: got %s, want %s", test[0], test[1], got, test[2])
		}
	}
}
