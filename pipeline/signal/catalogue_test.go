package signal_test

import (
	"encoding/json"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// pipelines are the descriptions that the tests run over.
func pipelines(t *testing.T) map[string]*pipeline.Pipeline {
	t.Helper()
	all := map[string]*pipeline.Pipeline{}
	for _, environment := range []string{"dev", "staging", "prod"} {
		p, err := pipeline.LoadEnvironment(filepath.Join("..", "..", "pipeline", "testdata", "reference", "tracehaul.yaml"), environment)
		if err != nil {
			t.Fatal(err)
		}
		all[environment] = p
	}
	for _, name := range []string{"many-consumers", "minimal"} {
		p, err := pipeline.Load(filepath.Join("..", "testdata", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = p
	}
	return all
}

// signals are all signals of all pipelines.
func signals(t *testing.T) iter.Seq2[*pipeline.Pipeline, signal.Signal] {
	t.Helper()
	all := pipelines(t)
	return func(yield func(*pipeline.Pipeline, signal.Signal) bool) {
		for _, p := range all {
			for _, s := range signal.For(p).All() {
				if !yield(p, s) {
					return
				}
			}
		}
	}
}

// reference is what AWS documents of a namespace, as Grafana's CloudWatch data
// source lists it.
type reference struct{ Metrics, Dimensions []string }

// notListed are names that the list lacks, with the page of AWS's that has them.
var notListed = map[string]string{
	"AWS/SNS/NumberOfNotificationsFailedToRedriveToDlq": "Amazon SNS developer guide, Monitoring Amazon SNS topics using CloudWatch",
}

func TestSignals_NamesOfAWS_AreDocumented(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("testdata", "cloudwatch-metrics.json"))
	if err != nil {
		t.Fatal(err)
	}
	var references map[string]reference
	if err := json.Unmarshal(content, &references); err != nil {
		t.Fatal(err)
	}
	met := map[string]bool{}
	check := func(s signal.Signal, name string, listed bool) {
		_, excepted := notListed[name]
		met[name] = true
		if !listed && !excepted {
			t.Errorf("%s: %s is not in the list: find AWS's page, and note it in notListed", s.ID, name)
		}
		if listed && excepted {
			t.Errorf("%s: %s is in the list: it needs no exception", s.ID, name)
		}
	}
	for _, s := range signals(t) {
		if s.Filter != nil {
			continue // the name is ours
		}
		known := references[s.Metric.Namespace]
		check(s, s.Metric.Namespace+"/"+s.Metric.Name, slices.Contains(known.Metrics, s.Metric.Name))
		for _, d := range s.Metric.Dimensions {
			check(s, s.Metric.Namespace+"/"+s.Metric.Name+"/"+d.Name, slices.Contains(known.Dimensions, d.Name))
		}
	}
	for name, page := range notListed {
		if !met[name] || !strings.Contains(page, ",") {
			t.Errorf("the exception %s (%s) is none, or names no page", name, page)
		}
	}
}

func TestSignals_EachIsComplete(t *testing.T) {
	for _, s := range signals(t) {
		if s.Title == "" || strings.ContainsAny(s.Title[len(s.Title)-1:], ". ") {
			t.Errorf("%s: the title %q is none", s.ID, s.Title)
		}
		if !strings.HasSuffix(s.Meaning, ".") || strings.Contains(s.Meaning, "  ") {
			t.Errorf("%s: the meaning %q is no sentence", s.ID, s.Meaning)
		}
		if s.Unit == "" || s.Statistic == "" || !slices.Contains(signal.Hops(), s.Hop) {
			t.Errorf("%s: unit %q, statistic %q, hop %q", s.ID, s.Unit, s.Statistic, s.Hop)
		}
		if !slices.IsSortedFunc(s.Metric.Dimensions, func(a, b signal.Dimension) int { return strings.Compare(a.Name, b.Name) }) {
			t.Errorf("%s: dimensions %v are not sorted", s.ID, s.Metric.Dimensions)
		}
		for _, d := range s.Metric.Dimensions {
			if d.Name == "" || (d.Value == "") == (d.Input == "") {
				t.Errorf("%s: dimension %+v has no name, or not one of value and input", s.ID, d)
			}
			if d.Input != "" && !slices.Contains(signal.Inputs(), d.Input) {
				t.Errorf("%s: nobody knows the input %s", s.ID, d.Input)
			}
		}
	}
}

func TestSignals_IDs_AreUniqueAndFound(t *testing.T) {
	for name, p := range pipelines(t) {
		t.Run(name, func(t *testing.T) {
			c, seen := signal.For(p), map[string]bool{}
			for _, s := range c.All() {
				if seen[s.ID] {
					t.Errorf("two signals are %s", s.ID)
				}
				seen[s.ID] = true
				if found, ok := c.Find(s.ID); !ok || found.Title != s.Title {
					t.Errorf("%s is not found", s.ID)
				}
			}
			if len(seen) < 40 {
				t.Errorf("only %d signals", len(seen))
			}
			if _, ok := c.Find("none"); ok {
				t.Error("a signal is found that is none")
			}
		})
	}
}

func TestSignals_LogFilters_ParseAndReadOurLogGroups(t *testing.T) {
	for p, s := range signals(t) {
		if s.Filter == nil {
			continue
		}
		if _, err := s.Filter.Parse(); err != nil {
			t.Errorf("%s: %v", s.ID, err)
		}
		if !slices.ContainsFunc(p.Names(), func(n pipeline.Name) bool { return n.Kind == pipeline.KindLogGroup && n.Value == s.Filter.LogGroup }) {
			t.Errorf("%s: nobody writes to log group %s", s.ID, s.Filter.LogGroup)
		}
		if s.Filter.Name != s.Metric.Name || len(s.Metric.Dimensions) > 0 {
			t.Errorf("%s: the filter %s makes the metric %s", s.ID, s.Filter.Name, s.Metric.Key())
		}
	}
}

// Two filters of a log group cannot have one name, nor two of them one metric.
func TestSignals_LogFilters_AreApart(t *testing.T) {
	for name, p := range pipelines(t) {
		t.Run(name, func(t *testing.T) {
			seen := map[string]string{}
			for _, s := range signal.For(p).All() {
				if s.Filter == nil {
					continue
				}
				for _, key := range []string{s.Filter.LogGroup + " " + s.Filter.Name, s.Metric.Key()} {
					if other := seen[key]; other != "" {
						t.Errorf("%s and %s are both %s", s.ID, other, key)
					}
					seen[key] = s.ID
				}
			}
		})
	}
}
