package signal_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// dimensions are those that a signal must have, by what it is about. An alarm on
// dimensions that nothing reports is silent for ever.
func dimensions(p *pipeline.Pipeline, s signal.Signal) map[string]string {
	component, rest, _ := strings.Cut(s.ID, ".")
	c := p.Consumer(component)
	switch s.Metric.Namespace {
	case "AWS/ApplicationELB":
		want := map[string]string{"LoadBalancer": "$load_balancer"}
		if strings.HasSuffix(s.ID, ".a") {
			want["TargetGroup"] = "$target_group_a"
		}
		if strings.HasSuffix(s.ID, ".b") {
			want["TargetGroup"] = "$target_group_b"
		}
		return want
	case "AWS/CertificateManager":
		return map[string]string{"CertificateArn": "$certificate"}
	case "AWS/WAFV2": // "AWS WAF metrics and dimensions": all rules together are ALL
		return map[string]string{"Region": p.Region, "Rule": "ALL", "WebACL": p.ServiceName()}
	case "AWS/ECS", "ECS/ContainerInsights":
		return map[string]string{"ClusterName": p.Environment + "-" + p.Product, "ServiceName": p.ServiceName()}
	case "AWS/SNS":
		return map[string]string{"TopicName": p.TopicName()}
	case "AWS/SQS":
		switch {
		case c == nil:
			return map[string]string{"QueueName": p.Name(component + "-dlq")}
		case strings.HasPrefix(rest, "queue."):
			return map[string]string{"QueueName": c.QueueName()}
		case strings.HasPrefix(rest, "dlq."):
			return map[string]string{"QueueName": c.QueueName() + "-dlq"}
		default:
			return map[string]string{"QueueName": c.QueueName() + "-undelivered"}
		}
	case "AWS/Lambda":
		return map[string]string{"FunctionName": p.Name(component)}
	case "AWS/RDS":
		want := map[string]string{"DBClusterIdentifier": p.DatabaseName()}
		if s.ID != "database.volume_used" && s.ID != "database.replica_lag" {
			want["Role"] = "WRITER"
		}
		return want
	}
	return map[string]string{}
}

func TestSignals_Dimensions_AreThoseOfTheirPart(t *testing.T) {
	for p, s := range signals(t) {
		got := map[string]string{}
		for _, d := range s.Metric.Dimensions {
			got[d.Name] = d.Value
			if d.Input != "" {
				got[d.Name] = "$" + string(d.Input)
			}
		}
		if diff := cmp.Diff(dimensions(p, s), got); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", p.Prefix(), s.ID, diff)
		}
	}
}

// counted is what each metric filter counts: a line's message and one of its
// keys, or the line itself.
var counted = map[string][2]string{
	"contexts_dropped":         {semconv.LogContextDropped, semconv.LogKeyContexts},
	"telemetry_dropped":        {semconv.LogTelemetryDropped, semconv.LogKeyItems},
	"messages":                 {semconv.LogBatchSettled, semconv.LogKeyMessages},
	"item_failures":            {semconv.LogBatchSettled, semconv.LogKeyFailed},
	"dead_lettered":            {semconv.LogBatchSettled, semconv.LogKeyDeadLettered},
	"stored":                   {semconv.LogEventsStored, semconv.LogKeyStored},
	"late":                     {semconv.LogEventsStored, semconv.LogKeyLate},
	"bad_lines":                {semconv.LogAccessLogRead, semconv.LogKeyBad},
	"faulty_lines":             {semconv.LogAccessLogRead, semconv.LogKeyFaulty},
	"notifier.heartbeats.page": {semconv.LogHeartbeat, ""}, "notifier.heartbeats.ticket": {semconv.LogHeartbeat, ""}, "notifier.heartbeats.notice": {semconv.LogHeartbeat, ""},
}

func TestSignals_Filters_CountWhatTheySay(t *testing.T) {
	for p, s := range signals(t) {
		if s.Filter == nil {
			continue
		}
		component, rest, _ := strings.Cut(s.ID, ".")
		want, ok := counted[rest]
		pattern, value, program := `{ $.msg = "`+want[0]+`" && $.`+want[1]+` = * }`, "$."+want[1], p.Name(component)
		if component == "notifier" {
			want, ok = counted[s.ID]
			pattern, value = `{ $.msg = "`+want[0]+`" && $.topic = "`+s.ID[strings.LastIndexByte(s.ID, '.')+1:]+`" }`, "1"
		}
		group := "/aws/lambda/" + program
		if component == "service" {
			program = p.ServiceName()
			group = "/ecs/" + program
		}
		if !ok || s.Filter.Pattern != pattern || s.Filter.Value != value || s.Filter.LogGroup != group || s.Metric.Namespace != "Tracehaul/"+program {
			t.Errorf("%s counts %s of %s in %s as %s/%s, want %s of %s in %s", s.ID,
				s.Filter.Value, s.Filter.Pattern, s.Filter.LogGroup, s.Metric.Namespace, s.Metric.Name, value, pattern, group)
		}
	}
}

// A gap in the database's signals is a fault, unless it may have paused.
func TestSignals_DatabaseGaps_AreFaultsUnlessItPauses(t *testing.T) {
	for p, s := range signals(t) {
		if s.Hop != signal.HopDatabase || s.ID == "database.commit_latency" || s.ID == "database.replica_lag" {
			continue // of those, none is no work and no reader
		}
		want := signal.AbsentFault
		if p.Database.MinACU == 0 {
			want = signal.AbsentIdle
		}
		if s.Absent != want {
			t.Errorf("%s: %s: a gap is read as %v, want %v", p.Prefix(), s.ID, s.Absent, want)
		}
	}
}

// Metrics of one namespace have names of their own.
func TestSignals_Metrics_DifferUnlessTheStatisticDoes(t *testing.T) {
	for name, p := range pipelines(t) {
		var keys []string
		for _, s := range signal.For(p).All() {
			key := s.Metric.Key() + " " + s.Statistic
			if slices.Contains(keys, key) {
				t.Errorf("%s: %s is what another signal is", name, s.ID)
			}
			keys = append(keys, key)
		}
	}
}
