package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms"
)

func TestReport_Details_SayWhatEveryAlarmDid(t *testing.T) {
	r, err := RunFiles(t.Context(), trialConfig(), "testdata/holds.scenario")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := r.Text(&b, LevelFull); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{
		"13m ALARM trial-both -> on-call, team",
		"fired quiet recovered detected after messages noise nearest alarm",
		"1 1 1 3m / 3m / 3m 0 0 - trial-age",
		"1 2 1 2m / 2m / 2m 4 0 - trial-depth",
		"4 scenarios, 0 failed",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q in:\n%s", want, b.String())
		}
	}
}

func TestReport_AlarmsThatWereNotTried_FailTheRun(t *testing.T) {
	config := trialConfig()
	config.Incomplete = false
	r, err := RunFiles(t.Context(), config, "testdata/fails.scenario")
	if err != nil {
		t.Fatal(err)
	}
	untried := strings.Join(r.Untried, "\n")
	for text, want := range map[string]bool{
		"trial-age was not seen to stay quiet in trouble": true,
		"trial-both was not":                              false,
		"trial-depth was not seen to go off":              true,
		"database was not":                                false, // it is the kit's
	} {
		if strings.Contains(untried, text) != want {
			t.Errorf("%q is listed: %v, want %v:\n%s", text, !want, want, untried)
		}
	}
	if err := r.Failed(); err == nil || !strings.Contains(err.Error(), "2 alarms have not been tried in full") {
		t.Errorf("got %v, want that alarms have not been tried", err)
	}
}

func TestMain_JSON_IsTheReport(t *testing.T) {
	var b bytes.Buffer
	err := Main(t.Context(), &b, Options{Config: trialConfig(), Paths: []string{"testdata/fails.scenario"}, JSON: true})
	if err == nil {
		t.Error("scenarios that fail do not fail the command")
	}
	var r struct {
		Scenarios []struct {
			Title    string
			Failures []struct{ Line int }
			Messages []struct{ At, Destination, Alarm, State string }
		}
		Alarms []struct {
			Alarm string
			Fired int
		}
	}
	if err := json.Unmarshal(b.Bytes(), &r); err != nil {
		t.Fatalf("%v:\n%s", err, b.String())
	}
	if len(r.Scenarios) == 0 || len(r.Scenarios[0].Failures) == 0 || len(r.Scenarios[0].Messages) == 0 || len(r.Alarms) == 0 {
		t.Errorf("the report lacks something: %+v", r)
	}
}

func TestMain_JSON_HasNoTimesOfWhatDidNotHappen(t *testing.T) {
	c := trialConfig()
	dir := t.TempDir()
	text := "title: It is not over\ntraffic: 1000\nlength: 30m\nmay: trial-*\nnormal ledger.queue.depth = 30000\nat 10m ledger.queue.age = 200\nexpect trial-age ALARM at 30m\n"
	if err := os.WriteFile(filepath.Join(dir, "on.scenario"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Main(t.Context(), &b, Options{Config: c, Paths: []string{dir}, JSON: true}); err != nil {
		t.Fatalf("%v:\n%s", err, b.String())
	}
	var r struct {
		Scenarios []struct{ Incidents []map[string]any }
		Alarms    []map[string]any
	}
	if err := json.Unmarshal(b.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	got := map[any]any{}
	for _, in := range r.Scenarios[0].Incidents {
		if in["alarm"] == alarms.KeyHeartbeat {
			continue
		}
		_, off := in["off"]
		got[in["alarm"]] = fmt.Sprint(in["detection"], " ", off)
	}
	if want := map[any]any{"trial-age": "3m false", "trial-depth": "0m false", "trial-both": "0m false"}; !cmp.Equal(got, want) {
		t.Errorf("detection, and whether there is an end: %v, want %v", got, want)
	}
	for _, a := range r.Alarms {
		if _, found := a["detected_least"]; found != (a["alarm"] == "trial-age") {
			t.Errorf("%v has a time of detection: %v", a["alarm"], found)
		}
	}
}

func TestReport_Levels_SayMoreOrLess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "incidents")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("testdata/holds.scenario")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "held.scenario"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := RunFiles(t.Context(), trialConfig(), dir)
	if err != nil {
		t.Fatal(err)
	}
	r.Took = 0
	write := func(level Level) string {
		var b strings.Builder
		if err := r.Text(&b, level); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	checkFile(t, "testdata/usual.golden", []byte(write(LevelUsual)))
	if got, want := write(LevelBrief), "4 scenarios, 0 failed; 87 alarms; 0m of normal traffic; 0s\n"; got != want {
		t.Errorf("the brief report is %q, want %q", got, want)
	}
}

// How near a normal day came says whether a threshold has room.
func TestReport_NormalDay_SaysHowNearAlarmsCame(t *testing.T) {
	r, err := runText(t, trialConfig(), "title: A day\nlength: 1d\nnormal ledger.queue.age = 80\nnormal ledger.queue.depth = 100\n")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, a := range r.Alarms {
		if a.Nearest != nil {
			got[a.Alarm] = math.Round(10 * *a.Nearest)
		}
	}
	if got["trial-age"] != 800 || got["trial-depth"] != 5 {
		t.Errorf("trial-age is at %v per mille of its threshold, trial-depth at %v: want 800 and 5", got["trial-age"], got["trial-depth"])
	}
	if _, found := got["trial-both"]; found {
		t.Error("a composite has a value")
	}
}
