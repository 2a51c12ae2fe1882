package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/localstate"
)

// Where nothing says which SQS is meant, it is that of the pipeline that runs on
// this machine, as for trace and doctor.
func TestDLQ_LocalPipeline_IsMeantUnlessSaidOtherwise(t *testing.T) {
	b := setupLetters(t)
	b.put(orderDLQ, 1, "refused", "23505")
	runtime := t.TempDir()
	remove, err := localstate.Write(filepath.Join(runtime, "tracehaul"), localstate.State{
		Prefix: "dev-orders", File: description, Addresses: localpipeline.Addresses{SQS: b.url},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = remove() })
	const note = "dev-orders runs on this machine, and its queues are meant; --no-local or -e dev is the one in AWS."
	for name, tt := range map[string]struct {
		args      []string
		variables map[string]string
		local     bool
		silent    bool // as it is what was asked for
	}{
		"nothing said":        {local: true},
		"asked for":           {args: []string{"--local", "-e", "dev"}, variables: map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, local: true, silent: true},
		"refused":             {args: []string{"--no-local"}},
		"queue by its name":   {args: []string{"-q", orderDLQ}, local: true},
		"environment":         {args: []string{"-e", "dev"}},
		"another":             {args: []string{"-e", "prod"}},
		"queue of AWS":        {args: []string{"-q", "arn:aws:sqs:eu-central-1:123456789012:" + orderDLQ}},
		"endpoint":            {args: []string{"--sqs-endpoint", "http://127.0.0.1:1"}},
		"endpoint of all AWS": {variables: map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}},
		"none of that name":   {args: []string{"-q", "strangers"}},
	} {
		t.Run(name, func(t *testing.T) {
			var errs strings.Builder
			env := environment{io.Discard, &errs, func(name string) string {
				if name == "XDG_RUNTIME_DIR" {
					return runtime
				}
				return tt.variables[name]
			}}
			var c cli
			if _, err := newParser(t.Context(), &c, env).Parse(append([]string{"dlq", "ls"}, tt.args...)); err != nil {
				t.Fatal(err)
			}
			p, err := c.Dlq.Ls.pipeline()
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Dlq.Ls.local(env, p)
			if err != nil || (got != nil && got.SQS == b.url) != tt.local || strings.Contains(errs.String(), note) != (tt.local && !tt.silent) {
				t.Errorf("%+v, %v\n%s", got, err, errs.String())
			}
		})
	}
	t.Run("asked for, and none runs", func(t *testing.T) {
		env := environment{io.Discard, io.Discard, func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": t.TempDir()}[name] }}
		for queue, want := range map[string]string{orderDLQ: "no pipeline dev-orders runs on this machine: start one with tracehaul up", "strangers": "--local: want a queue of the description"} {
			var c cli
			if _, err := newParser(t.Context(), &c, env).Parse([]string{"dlq", "ls", "--local", "-q", queue}); err != nil {
				t.Fatal(err)
			}
			p, err := c.Dlq.Ls.pipeline()
			if err != nil {
				t.Fatal(err)
			}
			if _, err = c.Dlq.Ls.local(env, p); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", queue, err, want)
			}
		}
	})
	t.Run("it is asked, whatever is set for AWS", func(t *testing.T) {
		t.Setenv("AWS_PROFILE", "none of this name")
		var out, errs strings.Builder
		env := environment{&out, &errs, func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": runtime}[name] }}
		if code := run(t.Context(), []string{"dlq", "ls"}, env); code != exitOK || !strings.Contains(out.String(), "order-1") || !strings.Contains(errs.String(), note) {
			t.Errorf("exit code %d\n%s%s", code, out.String(), errs.String())
		}
	})
}
