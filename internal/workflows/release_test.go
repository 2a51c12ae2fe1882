package workflows_test

import (
	"cmp"
	"context"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/deploy/deploytest"
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
	writeFile(t, dir, "tracehaul.yaml", strings.Replace(read(t, "tracehaul.yaml"), "https://grafana.example.com", g.URL, 1))
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

// What follows is not done when something fails, and the job says so.
func TestRelease_Failures(t *testing.T) {
	t.Parallel()
	const (
		succeeds, fails, skipped = "success", "failure", "skipped"

		migrate   = "Migrate"
		preflight = "Preflight"
		consumers = "Deploy the consumers"
		itsOwn    = "Verdict on the consumers"
		again     = "Preflight of the service"
		service   = "Deploy the service"
		verdict   = "Verdict on the service"
		ended     = "Say in Grafana how it ended"
	)
	for name, test := range map[string]struct {
		preflight, consumer, service string
		before                       map[string]string // cases of the later preflights
		fails                        map[string]string // calls of stand-ins, and what they say
		answers                      map[string]string
		inputs                       map[string]any
		token                        string            // Grafana's, if it is another one
		files                        map[string]string // of the work tree
		variables                    string            // of the service, in part

		goesWell bool
		outcomes map[string]string
		says     string // in log or summary
		callsNot string // a call that there must not be
		result   string // in Grafana; none if it is empty
	}{
		"an alarm is on": {
			preflight: "preflight-alarm-firing",
			outcomes:  map[string]string{migrate: succeeds, preflight: fails, consumers: skipped, service: skipped, verdict: skipped, ended: skipped},
			says:      "prod-orders-rollback-5xx-a",
		},
		"an alarm goes on before the consumer's canary": {
			before:   map[string]string{"BEFORE_CONSUMER": "preflight-consumer-moving"},
			outcomes: map[string]string{preflight: succeeds, consumers: fails, itsOwn: skipped, again: skipped, service: skipped, ended: succeeds},
			says:     "no deploy of ledger now", callsNot: "create-deployment", result: "failed",
		},
		"an alarm goes on before the service's canary": {
			before:   map[string]string{"BEFORE_SERVICE": "preflight-alarm-firing"},
			outcomes: map[string]string{preflight: succeeds, itsOwn: succeeds, again: fails, service: skipped, verdict: skipped, ended: succeeds},
			says:     "no deploy of intake now", callsNot: "-chdir=service apply", result: "failed",
		},
		"the consumer is rolled back": {
			consumer: "consumer-rolled-back",
			outcomes: map[string]string{preflight: succeeds, itsOwn: fails, service: skipped, verdict: skipped, ended: succeeds},
			says:     "prod-orders-rollback-ledger-items", result: "rolled-back",
		},
		"the service is rolled back, and nothing waited": {
			service:  "rolled-back-by-alarm",
			outcomes: map[string]string{itsOwn: succeeds, service: succeeds, verdict: fails, ended: succeeds},
			says:     "rolled back by the alarm prod-orders-rollback-5xx-a", result: "rolled-back",
		},
		"the service is rolled back, and Terraform noticed": {
			service:  "rolled-back-by-alarm",
			fails:    map[string]string{"terraform-service-apply": "Service deployment rolled back because of CloudWatch alarm(s)"},
			outcomes: map[string]string{service: fails, verdict: fails, ended: succeeds},
			says:     "rolled back by the alarm prod-orders-rollback-5xx-a", result: "rolled-back",
		},
		"it serves, and no alarm watched it": {
			service:  "successful-and-unwatched",
			outcomes: map[string]string{service: succeeds, verdict: fails, ended: succeeds},
			says:     "no alarm watched how it was deployed", result: "serving",
		},
		"it serves, and no alarm watched its first deploy": {
			service:  "successful-without-alarms",
			inputs:   map[string]any{"environment": "prod", "first_deploy": true},
			goesWell: true,
			outcomes: map[string]string{service: succeeds, verdict: succeeds, ended: succeeds},
			says:     "ECS looked at no alarm while it deployed: the service names none", result: "serving",
		},
		"it serves, but Terraform failed": {
			fails:    map[string]string{"terraform-service-apply": "cannot put a metric"},
			outcomes: map[string]string{service: fails, verdict: succeeds, ended: succeeds},
			says:     "cannot put a metric", result: "serving",
		},
		"the migrations fail": {
			answers: map[string]string{
				"aws-lambda-invoke": `{"StatusCode":200,"FunctionError":"Unhandled"}`,
			},
			outcomes: map[string]string{migrate: fails, preflight: skipped, consumers: skipped, service: skipped, ended: skipped},
			says:     "prod-orders-migrate:7 failed",
		},
		"the release is signed by somebody else": {
			fails:    map[string]string{"cosign-verify-blob": "no matching signatures"},
			outcomes: map[string]string{"Verify the release": fails, "Copy the image and the packages": skipped, migrate: skipped, service: skipped},
			says:     "no matching signatures",
		},
		"the release is another commit's": {
			files:    map[string]string{"release/release.json": `{"commit": "41", "image": "ghcr.io/x/service@sha256:41"}`},
			outcomes: map[string]string{"Verify the release": fails, "Copy the image and the packages": skipped},
			says:     "false",
		},
		"Grafana does not answer": {
			token:    "glsa_other",
			goesWell: true,
			outcomes: map[string]string{preflight: succeeds, "Say in Grafana that it begins": fails, verdict: succeeds, ended: fails},
			says:     "want a valid token",
		},
		"the first deploy": {
			inputs:    map[string]any{"environment": "prod", "first_deploy": true},
			variables: `"rollback_alarms": false`,
			goesWell:  true,
			outcomes:  map[string]string{"Apply alarms and dashboards": skipped, preflight: skipped, again: skipped, service: succeeds, verdict: succeeds, "Apply alarms and dashboards of what is there now": succeeds},
			callsNot:  "deploy preflight",
			result:    "serving",
		},
		"a first deploy of what serves": {
			inputs:   map[string]any{"environment": "prod", "first_deploy": true},
			answers:  map[string]string{"aws-ecs-describe-clusters": "1"},
			outcomes: map[string]string{"Verify the release": skipped, migrate: skipped, service: skipped},
			says:     "prod has a service",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRelease(t, cmp.Or(test.preflight, "preflight-clean"), cmp.Or(test.consumer, "consumer-canary-succeeds"), cmp.Or(test.service, "by-version"))
			for call, message := range test.fails {
				writeFile(t, r.env["ANSWERS"], call+".fails", message+"\n")
			}
			for call, answer := range test.answers {
				writeFile(t, r.env["ANSWERS"], call, answer)
			}
			if test.inputs != nil {
				r.contexts["inputs"] = test.inputs
			}
			if test.token != "" {
				r.contexts["secrets"] = map[string]any{"GRAFANA_TOKEN": test.token}
			}
			for name, text := range test.files {
				writeFile(t, r.dir, name, text)
			}
			for variable, name := range test.before {
				r.env[variable] = replay(t, name)
			}
			if got := r.run(t); got != test.goesWell {
				t.Errorf("the job succeeds: %v, want %v", got, test.goesWell)
			}
			for step, want := range test.outcomes {
				if got := r.outcome(t, step); got != want {
					t.Errorf("%s: %s, want %s", step, got, want)
				}
			}
			if !strings.Contains(r.log.String()+r.summary(t), test.says) {
				t.Errorf("nothing says %q", test.says)
			}
			if calls := strings.Join(r.calls(t), ""); test.callsNot != "" && strings.Contains(calls, test.callsNot) {
				t.Errorf("calls %s", test.callsNot)
			}
			if got := r.variables(t, "service"); !strings.Contains(got, test.variables) {
				t.Errorf("the service is applied with %s, want %s", got, test.variables)
			}
			if test.result != "" {
				r.annotated(t, test.result)
			} else if all := r.grafana.Annotations(); len(all) > 0 {
				t.Errorf("Grafana has %+v, want nothing", all)
			}
			if t.Failed() {
				t.Logf("steps:\n%s\nlog:\n%s", strings.Join(r.outcomes, "\n"), r.log.String())
			}
		})
	}
}

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
