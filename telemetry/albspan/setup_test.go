package albspan_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tracehaul/tracehaul/telemetry/alblog"
	"github.com/tracehaul/tracehaul/telemetry/albspan"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// documented returns AWS's examples, one for each line of its documentation.
func documented(tb testing.TB) []string {
	tb.Helper()
	b, err := os.ReadFile("../alblog/testdata/documented.log")
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

func parse(tb testing.TB, line string) *alblog.Entry {
	tb.Helper()
	var e alblog.Entry
	if err := alblog.Parse(line, &e); err != nil {
		tb.Fatal(err)
	}
	return &e
}

// entry is the documented one of HTTPS, changed.
func entry(tb testing.TB, change func(*alblog.Entry)) *alblog.Entry {
	tb.Helper()
	e := parse(tb, documented(tb)[1])
	change(e)
	return e
}

// attributesOf are the attributes of a span in text.
func attributesOf(s albspan.Span) map[string]string {
	all := map[string]string{}
	for _, a := range s.Attributes {
		all[string(a.Key)] = a.Value.String()
	}
	return all
}

// provider is a provider as package telemetry makes it, and what it recorded.
func provider(tb testing.TB, sampler sdktrace.Sampler) (*sdktrace.TracerProvider, *tracetest.InMemoryExporter) {
	tb.Helper()
	spans := tracetest.NewInMemoryExporter()
	p := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans), sdktrace.WithSampler(xray.Sampler(sampler)), sdktrace.WithIDGenerator(albspan.IDs()))
	tb.Cleanup(func() { _ = p.Shutdown(context.WithoutCancel(tb.Context())) })
	return p, spans
}

func keys(all map[string]string) []string {
	var list []string
	for key := range all {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}
