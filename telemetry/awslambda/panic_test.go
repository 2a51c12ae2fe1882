package awslambda_test

import (
	"bytes"
	"context"
	"log/slog"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

// passedOn is a panic that another goroutine has caught.
type passedOn struct {
	value any
	stack []byte
}

func (p passedOn) Value() any    { return p.value }
func (p passedOn) Stack() []byte { return p.stack }

// passedOnAsError is for those who know nothing of Value and Stack.
type passedOnAsError struct{ passedOn }

func (passedOnAsError) Error() string { return "a panic was passed on" }

// caught runs f in a goroutine and returns its panic.
func caught(f func()) (p passedOn) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { p = passedOn{recover(), debug.Stack()} }()
		f()
	}()
	<-done
	return p
}

func noSuchTable() { panic("no such table") }

func TestSQSBatch_PanicPassedOn_ToldAsTheOtherGoroutines(t *testing.T) {
	for name, value := range map[string]func(passedOn) any{
		"value": func(p passedOn) any { return p },
		"error": func(p passedOn) any { return passedOnAsError{p} },
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			var log bytes.Buffer
			b.config.Logger = slog.New(slog.NewTextHandler(&log, nil))
			h := awslambda.SQSBatch(func(context.Context, []*awslambda.Message) error { panic(value(caught(noSuchTable))) }, b.config)
			if _, err := h(invocationContext(t.Context()), batchOf(1)); err != nil {
				t.Fatal(err)
			}
			told := b.invocation(t).Events()
			if len(told) != 1 {
				t.Fatalf("the invocation has events %v, want one", told)
			}
			got := mapOf(told[0].Attributes)
			if stack, _ := got["exception.stacktrace"].(string); !strings.Contains(stack, "noSuchTable") {
				t.Errorf("the stack trace does not lead to the panic:\n%s", stack)
			}
			if got["exception.type"] != "string" || got["exception.message"] != "panic: no such table" {
				t.Errorf("told as a %v: %v; want the value that the other goroutine panicked with", got["exception.type"], got["exception.message"])
			}
			if text := log.String(); !strings.Contains(text, "noSuchTable") || !strings.Contains(text, `error="panic: no such table"`) {
				t.Errorf("the log does not tell of it:\n%s", text)
			}
		})
	}
}
