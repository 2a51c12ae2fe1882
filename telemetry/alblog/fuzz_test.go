package alblog_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/telemetry/alblog"
)

// FuzzParse checks that no line makes the parser fail otherwise than by its
// error, which holds nothing of the line, and that what was read is written and
// read again.
func FuzzParse(f *testing.F) {
	for _, file := range []string{"documented.log", "documented-2023.log", "documented-2018.log"} {
		for _, line := range documented(f, file) {
			f.Add(line)
		}
	}
	f.Fuzz(func(t *testing.T, line string) {
		var e alblog.Entry
		if err := alblog.Parse(line, &e); err != nil {
			bad, ok := errors.AsType[*alblog.LineError](err)
			if !ok || bad.Index < 1 || bad.Field == "" || bad.Want == "" {
				t.Fatalf("Parse(%q) = %#v, want which field is wrong", line, err)
			}
			return
		}
		e.RequestLine()
		e.LastAction()
		first := written(&e)
		if strings.ContainsAny(strings.TrimSuffix(first, e.More), "\r\n") {
			t.Fatalf("%q is written on several lines: %q", line, first)
		}
		again := parse(t, first)
		if twice := written(&again); twice != first {
			t.Fatalf("%q was written as\n%q and then as\n%q", line, first, twice)
		}
		// The format has milliseconds and microseconds.
		e.RequestProcessing, e.TargetProcessing, e.ResponseProcessing = again.RequestProcessing, again.TargetProcessing, again.ResponseProcessing
		e.Faulty = "" // it is written as -
		e.Time, e.Created = again.Time, again.Created
		if !reflect.DeepEqual(e, again) {
			t.Fatalf("%q was read as\n%+v and, written, as\n%+v", line, e, again)
		}
	})
}
