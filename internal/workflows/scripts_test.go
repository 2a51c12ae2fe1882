package workflows_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the scripts do where a release does not go as usual. How it usually goes is
// in testdata/release.txt.
func TestScripts_Otherwise(t *testing.T) {
	t.Parallel()
	const release = `{"commit": "` + commit + `", "packages": {"consumer": {"file": "consumer.zip", "key": "consumer-1.zip", "sha256": "Yw=="}}}`
	for name, test := range map[string]struct {
		script   string
		answers  map[string]string
		env      map[string]string
		fails    bool
		says     string
		callsNot string // a call that there must not be
	}{
		"the image is there": {
			script:   `.github/scripts/copy-image.sh ghcr.io/x/service@sha256:42 1.dkr.ecr.eu-central-1.amazonaws.com/prod-orders-intake`,
			answers:  map[string]string{"aws-ecr-describe-images": "sha256:42"},
			says:     "is there",
			callsNot: "oras",
		},
		"another image has the tag": {
			script:   `.github/scripts/copy-image.sh ghcr.io/x/service@sha256:42 1.dkr.ecr.eu-central-1.amazonaws.com/prod-orders-intake`,
			answers:  map[string]string{"aws-ecr-describe-images": "sha256:41"},
			fails:    true,
			says:     "is sha256:41, want sha256:42",
			callsNot: "oras",
		},
		"the repository cannot be read": {
			script:   `.github/scripts/copy-image.sh ghcr.io/x/service@sha256:42 1.dkr.ecr.eu-central-1.amazonaws.com/prod-orders-intake`,
			answers:  map[string]string{"aws-ecr-describe-images.fails": "AccessDenied"},
			fails:    true,
			says:     "AccessDenied",
			callsNot: "oras",
		},
		"the package is there": {
			script:   `.github/scripts/upload.sh release.json . bucket`,
			answers:  map[string]string{"aws-s3api-head-object": "{}"},
			says:     "consumer-1.zip is there",
			callsNot: "put-object",
		},
		"the package is not what the release says": {
			script:  `.github/scripts/upload.sh release.json . bucket`,
			answers: map[string]string{"aws-s3api-put-object.fails": "BadDigest"},
			fails:   true,
			says:    "BadDigest",
		},
		"the consumer serves already": {
			script:   `.github/scripts/consumers.sh`,
			answers:  map[string]string{"aws-lambda-get-alias": "17"},
			says:     "ledger\t17\tprod-orders-ledger\tlive",
			callsNot: "create-deployment",
		},
		"one of two consumers may not be deployed": {
			script: `.github/scripts/consumers.sh`,
			answers: map[string]string{
				"terraform-events-output-deployments": `{
					"audit":{"application":"prod-orders-audit","group":"live","function":"prod-orders-audit","alias":"live","version":"3"},
					"ledger":{"application":"prod-orders-ledger","group":"live","function":"prod-orders-ledger","alias":"live","version":"17"}}`,
				"tracehaul-ledger.fails": "prod-orders: no deploy of ledger now",
			},
			fails:    true,
			says:     "no deploy of ledger now",
			callsNot: "create-deployment",
		},
		"no consumer": {
			script:   `.github/scripts/consumers.sh`,
			answers:  map[string]string{"terraform-events-output-deployments": `{}`},
			callsNot: "aws",
		},
		"CodeDeploy refuses": {
			script:  `.github/scripts/consumers.sh`,
			answers: map[string]string{"aws-deploy-create-deployment.fails": "DeploymentLimitExceeded"},
			fails:   true,
			says:    "DeploymentLimitExceeded",
		},
		"the migrations cannot be invoked": {
			script:  `.github/scripts/migrate.sh`,
			answers: map[string]string{"aws-lambda-invoke.fails": "TooManyRequests"},
			fails:   true,
			says:    "TooManyRequests",
		},
		"a release without the migrations": {
			script: `.github/scripts/variables.sh release.json bootstrap.json`,
			fails:  true,
			says:   "the release has no package migrate",
		},
		"variables that are no JSON": {
			script: `.github/scripts/variables.sh`,
			env:    map[string]string{"TERRAFORM_VARIABLES": "{network"},
			fails:  true,
			says:   "JSON",
		},
		"keys that cannot be fetched": {
			script:  `.github/scripts/terraform.sh bootstrap output -json >bootstrap.json; .github/scripts/variables.sh release.json bootstrap.json`,
			answers: map[string]string{"curl.fails": "404"},
			fails:   true,
			says:    "404",
		},
		"no answer of GitHub": {
			script:  `.github/scripts/last-deployed.sh prod`,
			answers: map[string]string{"gh-api.fails": "Resource not accessible by integration"},
			fails:   true,
			says:    "Resource not accessible",
		},
		"an environment that is not there": {
			script:   `.github/scripts/terraform.sh network plan`,
			env:      map[string]string{"ENVIRONMENT": "nowhere"},
			fails:    true,
			says:     "nowhere.json",
			callsNot: "terraform",
		},
		"the state cannot be read": {
			script:   `.github/scripts/terraform.sh network apply`,
			answers:  map[string]string{"terraform-network-init.fails": "NoSuchBucket"},
			fails:    true,
			says:     "NoSuchBucket",
			callsNot: "apply",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t, workTree(t))
			writeFile(t, r.dir, "release.json", release)
			writeFile(t, r.dir, "bootstrap.json", `{}`)
			env := r.env
			env["PATH"] = r.path + ":/usr/local/bin:/usr/bin:/bin"
			env["ENVIRONMENT"], env["STATE_BUCKET"], env["AWS_REGION"], env["VARIABLES"] = "prod", "state", "eu-central-1", filepath.Join(r.temp, "variables")
			maps.Copy(env, test.env)
			for call, answer := range test.answers {
				writeFile(t, env["ANSWERS"], call, answer)
			}
			if err := r.shell(t.Context(), test.script, env); (err != nil) != test.fails {
				t.Errorf("fails with %v, want a failure: %v", err, test.fails)
			}
			if !strings.Contains(r.log.String(), test.says) {
				t.Errorf("says %q, want %q", r.log.String(), test.says)
			}
			for _, call := range r.calls(t) {
				if test.callsNot != "" && strings.Contains(call, test.callsNot) {
					t.Errorf("calls %s", call)
				}
			}
		})
	}
}

// The build takes an image that is there, and signs what it hands on.
func TestBuild(t *testing.T) {
	t.Parallel()
	const there = "sha256:7e3e"
	for name, test := range map[string]struct {
		there string
		image string
	}{
		"a new commit": {image: "ghcr.io/tracehaul/tracehaul/service@" + built},
		"once again":   {there: there + "\n", image: "ghcr.io/tracehaul/tracehaul/service@" + there},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := build(t, test.there)
			if got, want := r.outcome(t, "Build the image"), map[bool]string{true: "success", false: "skipped"}[test.there == ""]; got != want {
				t.Errorf("the image is built: %s, want %s", got, want)
			}
			b, err := os.ReadFile(filepath.Join(r.temp, "release", "release.json"))
			if err != nil {
				t.Fatal(err)
			}
			var release struct {
				Commit, Image string
				Packages      map[string]struct{ File, Key, SHA256 string }
			}
			if err := json.Unmarshal(b, &release); err != nil {
				t.Fatal(err)
			}
			if release.Commit != commit || release.Image != test.image {
				t.Errorf("the release is %s, %s, want %s, %s", release.Commit, release.Image, commit, test.image)
			}
			for _, name := range append([]string{"consumer", "migrate"}, prefixed("notifier-", environments(t, reference))...) {
				p := release.Packages[name]
				if p.File != name+".zip" || !regexp.MustCompile(`^`+name+`-[0-9a-f]{64}\.zip$`).MatchString(p.Key) || len(p.SHA256) != 44 {
					t.Errorf("the package %s is %+v", name, p)
				}
			}
			calls := strings.Join(r.calls(t), "")
			for _, want := range []string{
				"cosign sign --yes " + test.image + "\n",
				"cosign attest --yes --type cyclonedx --predicate $RUNNER_TEMP/sbom/service.cdx.json " + test.image + "\n",
				"cosign sign-blob --yes --bundle $RUNNER_TEMP/release/release.sigstore.json release.json\n",
			} {
				if !strings.Contains(calls, want) {
					t.Errorf("no call %q in\n%s", want, calls)
				}
			}
		})
	}
}

// The release may take as long as its role's session lasts, and the session as long
// as bootstrap lets it.
func TestRelease_Session_LastsAsLongAsTheJob(t *testing.T) {
	t.Parallel()
	text := read(t, "iac", "terraform", "bootstrap", "github.tf")
	if !strings.Contains(text, "max_session_duration = 2 * 60 * 60\n") {
		t.Error("bootstrap's roles have no sessions of 2 hours any more: change timeout-minutes and role-duration-seconds of deploy-environment.yml")
	}
	for name, j := range load(t)["deploy-environment"].Jobs {
		for _, s := range j.Steps {
			if strings.HasPrefix(s.Uses, "aws-actions/configure-aws-credentials@") && (s.With["role-duration-seconds"] != "7200" || j.TimeoutMinutes != 120) {
				t.Errorf("job %s: a session of %s seconds for %d minutes, want 7200 and 120", name, s.With["role-duration-seconds"], j.TimeoutMinutes)
			}
		}
	}
}
