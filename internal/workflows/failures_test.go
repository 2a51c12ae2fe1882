package workflows_test

import (
	"cmp"
	"strings"
	"testing"
)

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
