package alarms_test

import (
	"bytes"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/pipeline"
)

const goodRunbook = `# Refunds are stuck

<!-- alarms -->
old
<!-- /alarms -->

## Meaning

m

## Impact

i

## First look

<!-- queries -->
<!-- /queries -->

f

## Mitigate

m

## Verify

v

## Escalate

e
`

// runbooksOf has a good runbook for every alarm of the set.
func runbooksOf(s *alarms.Set) fstest.MapFS {
	files := fstest.MapFS{}
	for _, file := range alarms.RunbookFiles(s) {
		files[file] = &fstest.MapFile{Data: []byte(goodRunbook)}
	}
	return files
}

func TestCheckRunbooks_Faults_AreNamed(t *testing.T) {
	p := load(t, "prod")
	s := setOf(t, p, ownAlarm(p))
	if err := alarms.CheckRunbooks(runbooksOf(s), s); err != nil {
		t.Fatalf("all are good: %v", err)
	}
	for name, test := range map[string]struct{ old, new, want string }{
		"no file":       {goodRunbook, "", `alarm "refunds-stuck" has no runbook`},
		"no title":      {"# Refunds", "Refunds", "the first line must be a title"},
		"no section":    {"## Verify\n\nv\n\n", "", `the sections are ["Meaning" "Impact" "First look" "Mitigate" "Escalate"], want`},
		"order":         {"## Meaning\n\nm\n\n## Impact", "## Impact\n\nm\n\n## Meaning", "want [\"Meaning\""},
		"empty":         {"## Verify\n\nv\n", "## Verify\n", "the section Verify is empty"},
		"empty at last": {"## Escalate\n\ne\n", "## Escalate\n", "the last section is empty"},
		"no place":      {"<!-- /alarms -->\n", "", "the lines <!-- alarms --> and <!-- /alarms --> are missing"},
	} {
		t.Run(name, func(t *testing.T) {
			files := runbooksOf(s)
			if text := strings.Replace(goodRunbook, test.old, test.new, 1); text != "" {
				files["refunds-stuck.md"] = &fstest.MapFile{Data: []byte(text)}
			} else {
				delete(files, "refunds-stuck.md")
			}
			err := alarms.CheckRunbooks(files, s)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "refunds-stuck") {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// A runbook shows the threshold that is deployed, and each where they differ.
func TestFillRunbook_ConditionsFromTheAlarms(t *testing.T) {
	dev, prod := setOf(t, load(t, "dev")), setOf(t, load(t, "prod"))
	for file, want := range map[string]string{
		"queue-age.md":            "| `ledger-queue-age` | `ledger-queue` | Age of the oldest message (Maximum) above 300 s, 5 of 8 datapoints of a minute | off |",
		"queue-depth.md":          "| `ledger-queue-depth` | ticket | dev: Messages waiting (Maximum) above 5,000, 3 of 3 datapoints of 5 minutes; prod: Messages waiting (Maximum) above 50,000, 3 of 3 datapoints of 5 minutes | off |",
		"queue.md":                "| `ledger-queue` | page | `ledger-queue-age` or `ledger-dlq-arrivals`; silent while `ledger-queue-explained` is on | as its parts |",
		"running-tasks.md":        "| `running-tasks` | `service` | Running tasks (Minimum) below 1, 3 of 5 datapoints of a minute | off |",
		"service-silent.md":       "| `service-silent` | page | Running tasks (Minimum) below 0, 3 of 3 datapoints of 5 minutes | on |",
		"database-replica-lag.md": "| `database-replica-lag` (not in dev) | ticket | Replica lag (Maximum) above 1,000 ms, 3 of 3 datapoints of 5 minutes | off |",
		"rollback.md":             "| `rollback-5xx-a` | a rollback |",
		"heartbeat-missing.md":    "| `heartbeat-missing` | page, by the watchdog |",
	} {
		once, err := alarms.FillRunbook(file, []byte(goodRunbook), dev, prod)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(once), want) || strings.Contains(string(once), "\nold\n") {
			t.Errorf("%s lacks %q:\n%s", file, want, once)
		}
		twice, err := alarms.FillRunbook(file, once, dev, prod)
		if err != nil || !bytes.Equal(once, twice) {
			t.Errorf("%s: filled twice it differs, %v", file, err)
		}
	}
}

// The kit has no runbook that nothing leads to.
func TestRunbooks_EachIsNamed(t *testing.T) {
	all, err := pipeline.LoadAll("../pipeline/testdata/reference/tracehaul.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var sets []*alarms.Set
	for _, p := range all {
		sets = append(sets, setOf(t, p))
	}
	found, err := fs.Glob(os.DirFS("../docs/runbooks"), "*.md")
	if err != nil {
		t.Fatal(err)
	}
	found = slices.DeleteFunc(found, func(file string) bool { return file == "README.md" })
	if diff := cmp.Diff(alarms.RunbookFiles(sets...), found); diff != "" {
		t.Errorf("runbooks (-named +there):\n%s", diff)
	}
}

// A runbook that only another environment's alarm names is missed, too.
func TestCheckRunbooks_OnlyTheSecondSetNamesIt_Named(t *testing.T) {
	dev, prod := setOf(t, load(t, "dev")), setOf(t, load(t, "prod"))
	files := runbooksOf(prod)
	delete(files, "database-replica-lag.md")
	err := alarms.CheckRunbooks(files, dev, prod)
	if err == nil || !strings.Contains(err.Error(), `alarm "database-replica-lag" has no runbook`) {
		t.Errorf("got %v", err)
	}
}

// What would end a cell of a table is written so that it does not.
func TestFillRunbook_Pipes_StayInTheirCell(t *testing.T) {
	p := load(t, "prod")
	own := ownAlarm(p)
	own.Metric.Expression, own.Metric.Unit = "IF(waiting > 1 || waiting < 0, waiting, 0)", "Count"
	out, err := alarms.FillRunbook("refunds-stuck.md", []byte(goodRunbook), setOf(t, p, own))
	if err != nil || !strings.Contains(string(out), "| ticket | `IF(waiting > 1 \\|\\| waiting < 0, waiting, 0)` above 10") {
		t.Errorf("%v\n%s", err, out)
	}
}

// The queries of an alarm stand in its runbook, with the names of prod.
func TestFillRunbook_Queries_AreThoseOfProd(t *testing.T) {
	dev, prod := setOf(t, load(t, "dev")), setOf(t, load(t, "prod"))
	out, err := alarms.FillRunbook("queue-age.md", []byte(goodRunbook), dev, prod)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"To paste, in `prod`", "log group `/aws/lambda/prod-orders-ledger`:\n\n```\nfilter level in", "--function-name prod-orders-ledger:live", "```sql\nSELECT date_trunc",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(string(out), "dev-orders") {
		t.Errorf("it has names of dev:\n%s", out)
	}
	again, err := alarms.FillRunbook("queue-age.md", out, dev, prod)
	if err != nil || !bytes.Equal(out, again) {
		t.Errorf("filled twice it differs, %v", err)
	}
	files := runbooksOf(prod)
	files["queue-age.md"] = &fstest.MapFile{Data: []byte(strings.Replace(goodRunbook, "<!-- queries -->\n", "", 1))}
	if err := alarms.CheckRunbooks(files, dev, prod); err == nil || !strings.Contains(err.Error(), "runbook queue-age.md: the lines <!-- queries --> and <!-- /queries --> are missing") {
		t.Errorf("without the place for them: %v", err)
	}
}

// Each alarm has something that may be asked next, and three things at most.
func TestFor_EveryAlarm_HasQueries(t *testing.T) {
	for _, p := range every(t) {
		for _, a := range setOf(t, p).Alarms() {
			if n := len(a.Next); n == 0 || n > 3 {
				t.Errorf("%s: %s has %d queries beside its own, want one to three", p.Prefix(), a.Key, n)
			}
		}
	}
}

// What cannot be asked is not shown: rows of another sink, spans that nobody makes.
func TestFor_Queries_AreForWhatThereIs(t *testing.T) {
	for name, test := range map[string]struct {
		replace []string
		gone    func(snippet.Snippet) bool
	}{
		"own sink":     {[]string{"sink: postgres", "sink: custom"}, func(s snippet.Snippet) bool { return s.Language == snippet.SQL }},
		"no ALB spans": {[]string{"authentication: jwt", "authentication: jwt\n  alb_spans: false"}, func(s snippet.Snippet) bool { return strings.Contains(s.Text, "load-balancer") }},
	} {
		t.Run(name, func(t *testing.T) {
			count := func(s *alarms.Set) (n int) {
				for _, a := range s.Alarms() {
					for _, next := range a.Next {
						if test.gone(next) {
							n++
						}
					}
				}
				return n
			}
			if before, after := count(setOf(t, parse(t))), count(setOf(t, parse(t, test.replace...))); before == 0 || after != 0 {
				t.Errorf("%d of them, and %d without what they ask", before, after)
			}
		})
	}
}

// Spans are asked for where telemetry.export sends them: a Tempo that Grafana
// knows of is empty if they go to CloudWatch, and nobody knows of spans that go
// anywhere else.
func TestFor_Spans_AreAskedWhereTheyGo(t *testing.T) {
	const tempo, xray, export = "  tempo_uid: tempo\n", "  xray_uid: xray\n", "export: cloudwatch"
	const endpoint, collector = "export: endpoint\n  endpoint: https://otlp.example.com", "export: collector"
	for name, test := range map[string]struct {
		replace []string
		want    snippet.Language
	}{
		"CloudWatch":                  {nil, snippet.LogsInsights},
		"CloudWatch, no Tempo":        {[]string{tempo, ""}, snippet.LogsInsights},
		"a back end with Tempo":       {[]string{export, endpoint}, snippet.TraceQL},
		"a collector for CloudWatch":  {[]string{export, collector}, snippet.LogsInsights},
		"a collector for a back end":  {[]string{export, collector + "\n  endpoint: https://otlp.example.com"}, snippet.TraceQL},
		"a back end that has X-Ray":   {[]string{export, endpoint, tempo, ""}, snippet.LogsInsights},
		"a back end that nobody asks": {[]string{export, endpoint, tempo, "", xray, ""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			count := map[snippet.Language]int{}
			for _, a := range setOf(t, parse(t, test.replace...)).Alarms() {
				for _, next := range a.Next {
					if next.Language == snippet.TraceQL || next.Group == "aws/spans" {
						count[next.Language]++
					}
				}
			}
			if total := count[snippet.TraceQL] + count[snippet.LogsInsights]; total != count[test.want] || (total > 0) != (test.want != "") {
				t.Errorf("queries of spans: %v, want some in %q and in nothing else", count, test.want)
			}
		})
	}
}
