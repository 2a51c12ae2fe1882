package notify_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms/notify"
)

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestParseNotification_MetricAlarm_AllThatMatters(t *testing.T) {
	n, err := notify.ParseNotification(read(t, "metric-alarm.json"))
	if err != nil {
		t.Fatal(err)
	}
	threshold := 300.0
	want := notify.Notification{
		Name: "prod-orders-ledger-queue-age",
		ARN: notify.ARN{
			Text: arnPrefix + "prod-orders-ledger-queue-age", Partition: "aws", Region: "eu-central-1", Account: "123456789012", Resource: "prod-orders-ledger-queue-age",
		},
		Description: notify.Description{
			Meaning: "Messages wait.", Title: "Messages wait too long", Severity: "page", Owner: "team-orders", Hop: "queue",
			Runbook: "https://example.com/runbooks/queue-age.md",
		},
		Old: "OK", New: "ALARM", Reason: n.Reason, Changed: time.Date(2026, 3, 29, 1, 30, 0, 123e6, time.UTC),
		Trigger: notify.Trigger{
			MetricName: "ApproximateAgeOfOldestMessage", Namespace: "AWS/SQS", Comparison: "GreaterThanThreshold", Threshold: &threshold,
		},
	}
	if diff := cmp.Diff(want, n); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseNotification_CompositeAlarm_HasChildren(t *testing.T) {
	n, err := notify.ParseNotification(read(t, "composite-alarm.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !n.Composite || len(n.Children) != 2 || n.Children[0].ARN.Resource != "prod-orders-intake-burn-1h" || n.Children[0].State != "ALARM" {
		t.Errorf("composite: %+v", n)
	}
}

func TestParseNotification_MetricMath_NamesTheLabel(t *testing.T) {
	n, err := notify.ParseNotification(read(t, "math-alarm.json"))
	if err != nil {
		t.Fatal(err)
	}
	if n.Trigger.MetricName != "Faults in percent" || n.Trigger.Threshold == nil || *n.Trigger.Threshold != 1.44 {
		t.Errorf("trigger: %+v", n.Trigger)
	}
}

func TestParseNotification_WithoutThat_NamesAllThatIsMissing(t *testing.T) {
	_, err := notify.ParseNotification(`{"AlarmArn": "arn:aws:cloudwatch:eu central:1:alarm:x", "NewStateValue": "RED"}`)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"AlarmArn", "AlarmName", "NewStateValue"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
}

func TestParseNotification_FieldsOfOtherTypes_AreMissing(t *testing.T) {
	n, err := notify.ParseNotification(`{"AlarmName": "x", "AlarmArn": "` + arnPrefix + `x", "NewStateValue": "ALARM", "NewStateReason": 5,
		"AlarmRule": {"of": "another kind"}, "TriggeringChildren": {}, "StateChangeTime": "yesterday", "AlarmDescription": "Kept."}`)
	if err != nil {
		t.Fatal(err)
	}
	want := notify.Notification{
		Name: "x", ARN: notify.ARN{Text: arnPrefix + "x", Partition: "aws", Region: "eu-central-1", Account: "123456789012", Resource: "x"},
		Description: notify.Description{Meaning: "Kept."}, New: "ALARM", Composite: true,
	}
	if diff := cmp.Diff(want, n); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseNotification_RuleOfAnyForm_IsOfACompositeAlarm(t *testing.T) {
	for rule, want := range map[string]bool{`"ALARM(x)"`: true, `{}`: true, `null`: false, `""`: false} {
		n, err := notify.ParseNotification(`{"AlarmName": "x", "AlarmArn": "` + arnPrefix + `x", "NewStateValue": "OK", "AlarmRule": ` + rule + `}`)
		if err != nil || n.Composite != want {
			t.Errorf("rule %s: composite %t, error %v", rule, n.Composite, err)
		}
	}
}

func TestParseDescription_Forms(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want notify.Description
	}{
		"whole": {description, notify.Description{
			Meaning: "Messages wait for longer than they may. Orders reach the ledger late.", Title: "Messages wait too long", Severity: "page",
			Condition: "above 300 s, 2 of 2 datapoints of a minute", Owner: "team-orders", Hop: "queue", Runbook: "https://example.com/runbooks/queue-age.md",
			Dashboard: "https://grafana.example.com/d/prod-orders-pipeline?var-env=prod", LogGroup: ledgerLogs,
			Query: `filter level = "ERROR" | sort @timestamp desc | limit 20`,

			Next: "aws lambda get-alias --function-name prod-orders-ledger --name live",
		}},
		"a team's own":        {"CPU is high.\nowner: see the wiki", notify.Description{Meaning: "CPU is high.\nowner: see the wiki"}},
		"keys alone":          {"severity: ticket\nowner: team-x", notify.Description{Severity: "ticket", Owner: "team-x"}},
		"several paragraphs":  {"One.\r\n\r\nTwo.\r\nowner: team-x\r\n", notify.Description{Meaning: "One.\nTwo.", Owner: "team-x"}},
		"bad values are text": {"One.\n\nseverity: loud\ndashboard: wiki", notify.Description{Meaning: "One.\nseverity: loud\ndashboard: wiki"}},
		"nothing":             {"", notify.Description{}},
	} {
		if diff := cmp.Diff(c.want, notify.ParseDescription(c.text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func FuzzParseNotification(f *testing.F) {
	for _, name := range []string{"metric-alarm.json", "composite-alarm.json", "math-alarm.json"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, message string) {
		n, err := notify.ParseNotification(message)
		if err != nil {
			return
		}
		if n.Name == "" || n.ARN.Resource == "" || len(n.Children) > 100 {
			t.Errorf("%+v", n)
		}
		for _, part := range []string{n.ARN.Region, n.ARN.Partition, n.ARN.Account} {
			if strings.ContainsAny(part, "/?#@. ") {
				t.Errorf("%q becomes part of a host name", part)
			}
		}
	})
}

func FuzzParseDescription(f *testing.F) {
	f.Add(description)
	f.Add("severity: ticket\nowner: team-x")
	f.Add("One.\r\n\r\nTwo.\r\nrunbook: http://<|>")
	f.Fuzz(func(t *testing.T, text string) {
		d := notify.ParseDescription(text)
		if utf8.ValidString(text) && len(d.Meaning) > len(text) {
			t.Errorf("the meaning %q is longer than %q", d.Meaning, text)
		}
		if a := d.Dashboard; a != "" && (!strings.HasPrefix(strings.ToLower(a), "http") || strings.ContainsAny(a, "<>| ")) {
			t.Errorf("address %q", a)
		}
	})
}
