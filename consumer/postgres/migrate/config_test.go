package migrate

import (
	"strings"
	"testing"
	"time"
)

func TestConfig_Bad_IsReportedTogether(t *testing.T) {
	_, err := Run(t.Context(), setup(t), Config{Target: -1, GrantRole: "public", LockTimeout: time.Nanosecond})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"target -1", `role "public"`, "lock timeout 1ns"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
}

func TestValidateRole_OnlyOnesOfTheirOwn(t *testing.T) {
	for name, good := range map[string]bool{
		"consumer": true, "ledger-reader": true, `o"brien`: true, strings.Repeat("x", 63): true,
		"": false, "public": false, "none": false, "postgres": false, "pg_monitor": false, "rds_superuser": false, "rdsadmin": false,
		"a\x00b": false, strings.Repeat("x", 64): false,
	} {
		if err := ValidateRole(name); (err == nil) != good {
			t.Errorf("%q: %v, want it to be good: %t", name, err, good)
		}
	}
}
