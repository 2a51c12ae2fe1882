package workflows_test

import (
	"context"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/deploytest"
	"github.com/tracehaul/tracehaul/internal/program"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// tracehaul is the real one, built once.
var tracehaul string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "workflows-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		paths, err := program.Build(context.Background(), dir, "tracehaul")
		if err != nil {
			panic(err)
		}
		tracehaul = paths[0]
		if reference, err = referenceTree(filepath.Join(dir, "reference")); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}

// release is one into prod, with what AWS answers.
type release struct {
	*runner

	grafana *deploytest.Grafana
}

// newRelease is one that goes well: cases are those of package deploy, for
// preflight, the consumer and the service.
func newRelease(t *testing.T, preflight, consumer, service string) release {
	t.Helper()
	if err := program.WatchSources(); err != nil {
		t.Fatal(err)
	}
	g := deploytest.StartGrafana(t)
	dir := workTree(t)
	writeFile(t, dir, "tracehaul.yaml", strings.Replace(readFile(t, filepath.Join(dir, "tracehaul.yaml")), "https://grafana.example.com", g.URL, 1))
	writeFile(t, dir, "release/release.json", `{
		"commit": "`+commit+`", "image": "ghcr.io/tracehaul/tracehaul/service@sha256:4242", "packages": {
		"consumer": {"file": "consumer.zip", "key": "consumer-1.zip", "sha256": "Y29uc3VtZXI="},
		"migrate": {"file": "migrate.zip", "key": "migrate-2.zip", "sha256": "bWlncmF0ZQ=="},
		"notifier-prod": {"file": "notifier-prod.zip", "key": "notifier-prod-3.zip", "sha256": "bm90aWZpZXI="}}}`)

	r := newRunner(t, dir)
	r.contexts["inputs"] = map[string]any{"environment": "prod", "first_deploy": false}
	r.contexts["vars"] = map[string]any{"AWS_REGION": "eu-central-1", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/prod-orders-deploy", "STATE_BUCKET": "state"}
	r.contexts["secrets"] = map[string]any{"GRAFANA_TOKEN": deploytest.Token}
	maps.Copy(r.env, map[string]string{
		"TRACEHAUL": tracehaul,
		"PREFLIGHT": replay(t, preflight), "BEFORE_CONSUMER": replay(t, "preflight-clean"), "BEFORE_SERVICE": replay(t, "preflight-clean"),
		"CONSUMER": replay(t, consumer), "SERVICE": replay(t, service, "by-version"),
		"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "SECRET", "AWS_EC2_METADATA_DISABLED": "true",
		"GITHUB_SERVER_URL": "https://github.com", "GITHUB_RUN_ID": "7",
		"GITHUB_PATH": filepath.Join(r.temp, "path"),
	})
	return release{r, g}
}

// replay is the address of what answers as AWS has in cases of package deploy.
func replay(t *testing.T, cases ...string) string {
	t.Helper()
	var dirs []string
	for _, name := range append(cases, "usual") {
		dirs = append(dirs, filepath.Join(root, "deploy", "testdata", name))
	}
	return deploytest.Replay(t, dirs...).URL
}

func (r release) run(t *testing.T) bool {
	t.Helper()
	return r.runner.run(t, load(t)["deploy-environment"].Jobs["release"])
}

// variables are those that a module was applied with, as JSON; empty if it has not
// come to that.
func (r release) variables(t *testing.T, module string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.temp, "variables", module+".tfvars.json"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(b)
}

// annotated wants one annotation in Grafana, of this result.
func (r release) annotated(t *testing.T, result string) {
	t.Helper()
	all := r.grafana.Annotations()
	if len(all) != 1 || !strings.Contains(all[0].Text, ": "+result) {
		t.Errorf("Grafana has %+v, want one annotation that says %s", all, result)
	}
}

// All that a release does, in order, is in testdata/release.txt.
func TestRelease_GoesWell_InThisOrder(t *testing.T) {
	t.Parallel()
	r := newRelease(t, "preflight-clean", "consumer-canary-succeeds", "by-version")
	if !r.run(t) {
		t.Errorf("fails:\n%s\n%s", strings.Join(r.outcomes, "\n"), r.log.String())
	}
	golden := filepath.Join("testdata", "release.txt")
	got := times.ReplaceAllString(strings.Join(r.calls(t), ""), "TIME")
	if *update {
		writeFile(t, ".", golden, got)
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	r.annotated(t, "serving")
	if summary := r.summary(t); !strings.Contains(summary, "**prod** gets ghcr.io/") || !strings.Contains(summary, "✅ prod-orders-intake: serving") {
		t.Errorf("the summary is %q", summary)
	}
}

var times = regexp.MustCompile(`20\d\d-\d\d-\d\dT[\d:]+Z`)

// A flag that tracehaul does not know is found by running it.
func TestRelease_WrongFlag_Fails(t *testing.T) {
	t.Parallel()
	text := strings.Replace(load(t)["deploy-environment"].text, "--codedeploy-group live", "--code-deploy-group live", 1)
	w, err := parse("deploy-environment", text)
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, "preflight-clean", "consumer-canary-succeeds", "by-version")
	if r.runner.run(t, w.Jobs["release"]) || !strings.Contains(r.log.String(), "unknown flag --code-deploy-group") {
		t.Errorf("the flag is not noticed:\n%s", r.log.String())
	}
}
