package scenario

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms"
)

var update = flag.Bool("update", false, "rewrite goldens")

// checkFile compares with a golden file.
func checkFile(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what it was (-update accepts it):\n%s", file, diff)
	}
}

func parseFile(t *testing.T, name string) ([]*Scenario, error) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return Parse(name, b)
}

const at10, at1h = 10 * time.Minute, time.Hour

func TestParse_GoodFile_ReadsEveryForm(t *testing.T) {
	got, err := parseFile(t, "good.scenario")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	always := Event{Line: 4, Signal: "refunds.waiting", Value: Value{Op: OpSet, From: 2, To: 2}}
	want := []*Scenario{
		{
			File: "good.scenario", Line: 6, Title: "The queue is not worked on",
			Environment: "prod", Start: start.Add(-2 * time.Hour), Length: 3 * time.Hour, Delay: 2 * time.Minute,
			Normal: []Event{always, {Line: 9, Signal: "refunds.*", Value: Value{Op: OpShares, Shares: []Share{{90, 1}, {10, 9}}}}},
			Events: []Event{
				{Line: 10, From: at10, To: 50 * time.Minute, Signal: "ledger.queue.age", Value: Value{Op: OpSet, To: 2400}},
				{Line: 11, From: at10, Signal: "ledger.invocations", Value: Value{Op: OpAbsent}},
			},
			Expectations: []Expectation{
				{Line: 12, Kind: Enters, Alarm: "ledger-queue-age", State: alarms.StateAlarm, From: 14 * time.Minute, To: 16 * time.Minute},
				{Line: 13, Kind: Enters, Alarm: "ledger-queue-age", State: alarms.StateOK, To: 58 * time.Minute},
				{Line: 14, Kind: Quiet, Alarm: "ledger-queue-depth", State: alarms.StateOK},
				{Line: 15, Kind: Told, Alarm: "ledger-queue", Destinations: []string{"on-call", "team"}, From: 14 * time.Minute, To: 18 * time.Minute},
				{Line: 16, Kind: Messages, Destinations: []string{"on-call"}, Number: 2},
			},
		},
		{
			File: "good.scenario", Line: 18, Title: "A canary, and all other ways to say a value",
			Environment: "prod", Start: start, Length: 2 * time.Hour, Delay: 2 * time.Minute,
			Normal:  []Event{always},
			Traffic: Traffic{Fixed: true, Number: 1000}, May: []string{"ledger-*", "edge"},
			Events: []Event{
				{Line: 21, From: 5 * time.Minute, Deploy: true},
				{Line: 22, From: 7 * time.Minute, To: 17 * time.Minute, Signal: "edge.target_5xx.b", Value: Value{Op: OpPercent, From: 12, To: 12, Of: "edge.requests.b"}},
				{Line: 23, From: 7 * time.Minute, Signal: "edge.response_time", Value: Value{Op: OpShares, Shares: []Share{{90, .05}, {10, 2.5}}}},
				{Line: 24, From: 7 * time.Minute, Signal: "edge.elb_5xx", Value: Value{Op: OpPlus, From: 5, To: 5}},
				{Line: 25, From: 7 * time.Minute, To: at1h, Signal: "traffic", Value: Value{Op: OpTimes, From: 5, To: 1}},
				{Line: 26, From: at1h, Signal: "service.cpu", Value: Value{Op: OpTimes, From: 3, To: 3}},
				{Line: 27, From: at1h, Signal: "service.memory", Value: Value{Op: OpSet, From: 91.5, To: 91.5}},
			},
			Expectations: []Expectation{
				{Line: 28, Kind: Is, Alarm: "target-5xx-b", State: alarms.StateAlarm, From: 12 * time.Minute, To: 12 * time.Minute},
				{Line: 29, Kind: Is, Alarm: "target-5xx-b", State: alarms.StateInsufficientData, From: 90 * time.Minute, To: 90 * time.Minute},
				{Line: 30, Kind: NotTold, Alarm: "edge", Destinations: []string{"on-call"}},
				{Line: 31, Kind: Messages, Destinations: []string{"team"}, Number: 3, AtMost: true},
			},
		},
		{
			File: "good.scenario", Line: 33, Title: "Nothing at all",
			Environment: "prod", Start: start, Length: 2 * time.Hour, Delay: 2 * time.Minute,
			Normal:  []Event{always},
			Traffic: Traffic{Fixed: true}, Loud: true,
			Expectations: []Expectation{
				{Line: 36, Kind: Enters, Alarm: "edge", State: alarms.StateInsufficientData, To: 5 * time.Minute},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the scenarios are not what the file says (-want +got):\n%s", diff)
	}
}

func TestScenario_Onset_IsTheFirstTrouble(t *testing.T) {
	all, err := parseFile(t, "good.scenario")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []time.Duration{at10, 7 * time.Minute, 0} {
		if got := all[i].Onset(); got != want {
			t.Errorf("%s: onset at %v, want %v: a deploy is no trouble", all[i].Name(), got, want)
		}
	}
}

func TestParse_BadFile_NamesEveryLine(t *testing.T) {
	_, err := parseFile(t, "bad.scenario")
	var first *Error
	if !errors.As(err, &first) || first.Line != 2 {
		t.Fatalf("got %v, want an *Error about line 2 at first", err)
	}
	checkFile(t, "testdata/bad.golden", []byte(err.Error()+"\n"))
}

func TestParse_EmptyFile_SaysHowToBegin(t *testing.T) {
	_, err := Parse("empty.scenario", []byte("# nothing yet\n"))
	if want := `empty.scenario:1: has no scenario, which begins with a line "title: ..."`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// What is quoted ends behind a character: %q would write half of one as \xc3.
func TestParse_LongLine_IsCutBehindACharacter(t *testing.T) {
	_, err := Parse("x.scenario", []byte("title: x\nx"+strings.Repeat("ü", 100)+"\n"))
	if want := `"x` + strings.Repeat("ü", 59) + `..."`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %s", err, want)
	}
}

func TestShort_EveryDuration_ReadsBack(t *testing.T) {
	for _, text := range []string{"0m", "1m", "59m", "1h", "1h30m", "2d", "2d3h", "1d1m"} {
		if d, ok := parseDuration(text); !ok || short(d) != text {
			t.Errorf("%s reads as %v, %v", text, d, ok)
		}
	}
	for _, text := range []string{"", "5", "m", "5s", "1m1h", "-5m", "5.5m", "99999999999999999999m", "5m "} {
		if d, ok := parseDuration(text); ok {
			t.Errorf("%q reads as %v, want a refusal", text, d)
		}
	}
}

// What is read must make sense: a mistake that is let through would make a
// scenario that expects nothing.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"good.scenario", "bad.scenario"} {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		for block := range strings.SplitSeq(string(b), "---\n") {
			f.Add([]byte(block))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := Parse("fuzz", b)
		if err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) {
				t.Fatalf("an error that names no line: %v", err)
			}
			return
		}
		if len(all) == 0 {
			t.Fatal("neither scenarios nor an error")
		}
		for _, s := range all {
			checkScenario(t, s)
		}
	})
}

func checkScenario(t *testing.T, s *Scenario) {
	t.Helper()
	if s.Title == "" || s.Length < time.Minute || s.Length > maxLength {
		t.Errorf("title %q, length %v", s.Title, s.Length)
	}
	for _, e := range s.Events {
		if e.From < 0 || e.From > s.Length || e.end(s) < e.From || e.Deploy == (e.Signal != "") {
			t.Errorf("event %+v", e)
		}
	}
	for _, e := range s.Expectations {
		if e.From > e.To || e.To > s.Length || e.Kind != Messages && e.Alarm == "" || e.Kind >= Told && len(e.Destinations) == 0 {
			t.Errorf("expectation %+v", e)
		}
	}
}
