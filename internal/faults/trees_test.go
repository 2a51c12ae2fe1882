//go:build unix

package main

import (
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

func TestSettle_SpansMayMiss_IdsMustNot(t *testing.T) {
	m := newMade()
	m.terms.spansMayMiss = true
	m.traces = nil
	if a := settle(m.ledger, m.evidence, m.terms); a.findings != nil {
		t.Errorf("without spans: found %v, want nothing", a.findings)
	}
	m.rows[0].traceID = "2"
	if a := settle(m.ledger, m.evidence, m.terms); a.of(broken) != 1 {
		t.Errorf("with another's trace on the row: found %v, want it broken", a.findings)
	}
}

func TestSettle_InvocationFailed_OtherTracesAreHeldToTheirSpans(t *testing.T) {
	m := newMade()
	m.terms.cutOff = map[string]bool{"1": true}
	m.drop("1", processSpan)
	m.drop("2", processSpan)
	if a := settle(m.ledger, m.evidence, m.terms); len(a.findings) != 1 || a.of(broken) != 1 || a.findings[0].event != m.dead.key.String() {
		t.Errorf("found %v; want the dead letter's trace broken, and not the row's", a.findings)
	}
}

// A process that was killed has taken the spans of what it had accepted.
func TestSettle_ServiceKilled_OthersAreHeldToTheirSpans(t *testing.T) {
	m := newMade()
	killed := time.Unix(100, 0)
	m.terms.killed = lives{{time.Unix(90, 300), killed}}
	m.drop("1", sendSpan)
	for at, want := range map[time.Time]int{time.Unix(90, 0): 0, time.Unix(95, 0): 0, time.Unix(89, 0): 1, killed: 1} {
		m.rows[0].acceptedAt = at
		if a := settle(m.ledger, m.evidence, m.terms); a.of(broken) != want || len(a.findings) != want {
			t.Errorf("accepted at %v: found %v, want %d broken", at, a.findings, want)
		}
	}
}

// A span may seem to begin before its parent in another program, if that says
// so.
func TestSettle_ClocksDiffer_OnlyIfItIsSaid(t *testing.T) {
	early := func(m *made) {
		for _, id := range []string{waitSpan, processSpan, insertSpan} {
			s := m.span("1", id)
			s.Service, s.Start, s.End = "consumer", s.Start.Add(-time.Hour), s.End.Add(-time.Hour)
		}
	}
	for name, test := range map[string]struct {
		change func(*made)
		want   int
	}{
		"said":             {func(m *made) { m.span("1", processSpan).Attributes[string(semconv.ClockSkewKey)] = 3600e3 }, 0},
		"not said":         {func(*made) {}, 1},
		"not said in full": {func(m *made) { m.span("1", processSpan).Attributes[string(semconv.ClockSkewKey)] = 2000.0 }, 1},
		"in one program": {func(m *made) {
			m.span("1", processSpan).Attributes[string(semconv.ClockSkewKey)] = 3600e3
			m.span("1", insertSpan).Start = m.span("1", processSpan).Start.Add(-time.Second)
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMade()
			early(m)
			test.change(m)
			if a := settle(m.ledger, m.evidence, m.terms); a.of(broken) != test.want || len(a.findings) != test.want {
				t.Errorf("found %v, want %d broken", a.findings, test.want)
			}
		})
	}
}

func TestSettle_CommitUnknown_AnotherInsertMustHaveWorked(t *testing.T) {
	m := newMade()
	m.terms.commitUnknown = true
	failed := m.span("1", insertSpan)
	failed.Status = "ERROR"
	if a := settle(m.ledger, m.evidence, m.terms); len(a.findings) != 1 || a.of(broken) != 1 {
		t.Errorf("no INSERT has worked: found %v, want it broken", a.findings)
	}
	process, again := *m.span("1", processSpan), *failed
	process.SpanID, again.SpanID, again.ParentSpanID, again.Status = "process2", "insert2", "process2", ""
	m.traces["1"] = append(m.traces["1"], process, again)
	if a := settle(m.ledger, m.evidence, m.terms); a.findings != nil {
		t.Errorf("another delivery's INSERT has worked: found %v, want nothing", a.findings)
	}
	m.terms.commitUnknown = false
	if a := settle(m.ledger, m.evidence, m.terms); a.of(broken) != 1 {
		t.Errorf("where every answer comes: found %v, want it broken", a.findings)
	}
}
