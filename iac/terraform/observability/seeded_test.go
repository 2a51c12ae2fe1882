package observability_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// faults are put into a copy of the module, one at a time. Terraform, or a test of
// the module, must refuse them. Those that need no provider are found without, in
// package policy.
var faults = map[string]struct{ file, old, new, says string }{
	"an attribute misspelt": {
		"topics.tf", "kms_master_key_id = module.alarm_key.arn", "kms_master_key = module.alarm_key.arn",
		`An argument named "kms_master_key" is not expected here`,
	},
	"an attribute misspelt in a generated module": {
		"alarms/dev/alarms.tf.json", `"treat_missing_data"`, `"treat_missing_dates"`,
		"treat_missing_dates",
	},
	"an alarm that does not exist in the rollback list": {
		"alarms/prod/alarms.tf.json", "          \"${aws_cloudwatch_metric_alarm.rollback_5xx_b.alarm_name}\"", "          \"${aws_cloudwatch_metric_alarm.rollback_5xx_c.alarm_name}\"",
		`"aws_cloudwatch_metric_alarm" "rollback_5xx_c"`,
	},
	"everybody publishes": {
		"topics.tf", `        Principal = { Service = "cloudwatch.amazonaws.com" }`, `        Principal = "*"`,
		"Alarms of this pipeline publish, and nobody else",
	},
	"a topic without a key": {
		"topics.tf", "  kms_master_key_id = module.alarm_key.arn\n", "",
		"Messages about alarms are encrypted with a key of their own",
	},
}

func TestSeededFaults_TerraformRefuses(t *testing.T) {
	plansDir(t)
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, part := range []string{"tracehaul.yaml", "environments", "iac"} {
		copyAll(t, filepath.Join(root, part), filepath.Join(dir, part))
	}
	module := filepath.Join(dir, "iac", "terraform", "observability")
	if out, err := terraform(t, module, "init", "-backend=false", "-input=false"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(module, fault.file)
			right, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(right, []byte(fault.old)) {
				t.Fatalf("%s does not have the text %q any more", fault.file, fault.old)
			}
			if err := os.WriteFile(file, bytes.Replace(right, []byte(fault.old), []byte(fault.new), 1), 0o600); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := os.WriteFile(file, right, 0o600); err != nil {
					t.Error(err)
				}
			}()
			out, err := terraform(t, module, "validate")
			if err == nil {
				out, err = terraform(t, module, "test", "-filter=tests/observability.tftest.hcl")
			}
			if err == nil {
				t.Fatal("nobody has noticed")
			}
			// Terraform breaks lines, and draws a frame.
			if words := strings.Join(strings.Fields(strings.ReplaceAll(out, "│", "")), " "); !strings.Contains(words, fault.says) {
				t.Errorf("want a refusal that says %q, got %v\n%s", fault.says, err, out)
			}
		})
	}
}

func terraform(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "terraform", append([]string{"-chdir=" + dir}, append(args, "-no-color")...)...).CombinedOutput()
	return string(out), err
}

func copyAll(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	if !info.IsDir() {
		b, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}
