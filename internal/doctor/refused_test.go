package doctor_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/doctor"
)

// codes are what AWS's services call a missing permission.
var codes = map[string]string{"sns": "AuthorizationError", "sqs": "AccessDenied", "elasticloadbalancing": "AccessDenied", "rds": "AccessDenied", "sts": "AccessDenied"}

// actions are all that the doctor may ever do in AWS, by IAM's names.
func actions() (all []string) {
	prefixes := map[string]string{"Logs": "logs", "ELB": "elasticloadbalancing", "CloudWatch": "cloudwatch"}
	clients := reflect.TypeFor[doctor.Clients]()
	for field := range clients.Fields() {
		prefix, ok := prefixes[field.Name]
		if !ok {
			prefix = strings.ToLower(field.Name)
		}
		for method := range field.Type.Methods() {
			all = append(all, prefix+":"+method.Name)
		}
	}
	slices.Sort(all)
	return all
}

func TestClients_OnlyRead(t *testing.T) {
	for _, action := range actions() {
		_, name, _ := strings.Cut(action, ":")
		if !strings.HasPrefix(name, "Get") && !strings.HasPrefix(name, "List") && !strings.HasPrefix(name, "Describe") {
			t.Errorf("%s may change something", action)
		}
	}
}

// A permission that is missing costs the checks that need it, says which it is, and
// nothing else.
func TestChecks_PermissionMissing_NamesTheActionAndGoesOn(t *testing.T) {
	t.Parallel()
	whole := examine(t, healthy(t), false)
	for _, action := range actions() {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			a := healthy(t)
			service, operation, _ := strings.Cut(action, ":")
			a.refused[operation] = "AccessDeniedException"
			if code := codes[service]; code != "" {
				a.refused[operation] = code
			}
			r := examine(t, a, false)
			if !slices.Contains(a.calls, operation) {
				t.Fatalf("nobody asks %s: it is not needed", action)
			}
			if r.Unknown == 0 || r.Faults+r.Warnings > 0 || r.OK < len(whole.Findings)/4 {
				t.Errorf("%d unknown, %d faults, %d warnings, %d ok of %d", r.Unknown, r.Faults, r.Warnings, r.OK, len(whole.Findings))
			}
			for _, f := range bad(r) {
				if f.Action != action || !strings.Contains(f.Found, action+" is missing") {
					t.Errorf("%s: %q of action %q", f.Check, f.Found, f.Action)
				}
			}
		})
	}
}

// Without credentials, or a network, nothing is known, and nothing is blamed.
func TestChecks_NoAnswer_NothingIsKnown(t *testing.T) {
	a := healthy(t)
	for _, action := range actions() {
		_, operation, _ := strings.Cut(action, ":")
		a.refused[operation] = "InternalFailure"
	}
	a.boards = nil
	c := a.start(t)
	c.Grafana, c.GrafanaToken = "", ""
	r, err := doctor.Examine(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if f.Verdict != doctor.Unknown {
			t.Errorf("%s is %s: %s", f.Check, f.Verdict, f.Found)
		}
	}
	if r.Worst() != doctor.Unknown {
		t.Errorf("worst is %s", r.Worst())
	}
}

// Variables that are encrypted with a key that the doctor may not use are not taken
// for none.
func TestChecks_VariablesEncrypted_NotKnown(t *testing.T) {
	a := healthy(t)
	a.functions[functionName]["Environment"] = object{"Error": object{"ErrorCode": "AccessDeniedException", "Message": "Lambda was unable to decrypt"}}
	r := examine(t, a, false)
	if findings := bad(r); len(findings) != 1 || findings[0].Check != "function-telemetry" || findings[0].Verdict != doctor.Unknown || !strings.Contains(findings[0].Found, "unable to decrypt") {
		t.Errorf("findings: %+v", findings)
	}
}

// What no client is given for is left out, and said to be.
func TestChecks_NoClients_LeftOut(t *testing.T) {
	a := healthy(t)
	c := a.start(t)
	c.Clients, c.GrafanaToken = doctor.Clients{}, ""
	r, err := doctor.Examine(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) > 0 {
		t.Errorf("findings: %+v", r.Findings)
	}
	var out []string
	for _, l := range r.LeftOut {
		if l.Why == "" {
			t.Errorf("%v are left out for no reason", l.Checks)
		}
		out = append(out, l.Checks...)
	}
	for _, check := range doctor.Checks() {
		if !slices.Contains(out, check.ID) {
			t.Errorf("%s is neither made nor left out", check.ID)
		}
	}
}

func TestConfig_Validate_NamesEverything(t *testing.T) {
	c := doctor.Config{Address: "orders.example.com", Token: "a b", Timeout: -1, Clean: true, Grafana: "https://u:p@g.example.com"}
	err := c.Validate()
	if err == nil {
		t.Fatal("it is valid")
	}
	for _, part := range []string{"no alarms", `address "orders.example.com": want one such as https://`, "address of Grafana has a user or a query: want", "token: want", "timeout of -1ns", "to clean needs"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in %v", part, err)
		}
	}
	if strings.Contains(err.Error(), "u:p") {
		t.Errorf("it shows a password: %v", err)
	}
}

// Without credentials each check would look for them in vain.
func TestChecks_NoCredentials_SaidOnce(t *testing.T) {
	a := healthy(t)
	c := a.start(t)
	c.Clients, c.GrafanaToken, c.NoAWS = doctor.Clients{}, "", errors.New("no credentials of AWS: none there")
	r, err := doctor.Examine(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) != 1 || r.Findings[0].Verdict != doctor.Unknown || r.Worst() != doctor.Unknown || !strings.Contains(r.Findings[0].Found, "none there") {
		t.Errorf("findings: %+v", r.Findings)
	}
	wantAll(t, text(t, r), "Left out, as AWS cannot be asked: targets, access-logs,", "Left out, as Grafana's token is not given: grafana-dashboards", "Not all could be looked at: 1 could not be looked at, 0 ok (aws).")
}
