package spelling_test

import (
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/spelling"
)

func TestNearest_WhatIsMeant(t *testing.T) {
	t.Parallel()
	known := []string{"latency", "latency_p99", "product", "unqueued", "queue", "quota", "sns", "größe", "müöß-1", strings.Repeat("x", 20)}
	for word, want := range map[string]string{
		"latancy":                     "latency",
		"latnecy":                     "latency", // a swap is one mistake
		"Latency":                     "latency",
		"LATENCY_P98":                 "latency_p99",
		"produtcs":                    "product",
		"queu":                        "queue",
		"snx":                         "sns",
		"xyz":                         "",
		"sqs":                         "sns", // one of a short word
		"sqx":                         "",
		"grösse":                      "größe", // two characters, of however many bytes
		"":                            "",
		"que":                         "queue",       // it begins so
		"ency_p99":                    "latency_p99", // or has it within
		"p99":                         "",
		"üöß":                         "", // three characters, of six bytes
		"ny":                          "",
		strings.Repeat("x", 16):       strings.Repeat("x", 20),
		strings.Repeat("x", 15) + "y": "", // however long, four mistakes are the most
		strings.Repeat("x", 10_000):   "",
	} {
		if got := spelling.Nearest(word, known); got != want {
			t.Errorf("%.40q is %q, want %q", word, got, want)
		}
	}
}

func TestNearest_AsNear_TheFirst(t *testing.T) {
	t.Parallel()
	if got := spelling.Nearest("cat", []string{"cart", "cut", "bat"}); got != "cart" {
		t.Errorf("%q, want the first", got)
	}
	if got := spelling.Nearest("cat", []string{"cart", "Cat"}); got != "Cat" {
		t.Errorf("%q, want what is nearer", got)
	}
}
