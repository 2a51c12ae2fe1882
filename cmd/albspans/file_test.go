package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Names as AWS documents them, and as they are in
// https://github.com/grafana/lambda-promtail/issues/23.
func TestOtherFile_Names(t *testing.T) {
	const folder = "AWSLogs/123456789012/elasticloadbalancing/us-east-2/2022/05/01/"
	const rest = "123456789012_elasticloadbalancing_us-east-2_app.my-loadbalancer.1234567890abcdef_20220215T2340Z_172.160.001.192_20sg8hgm.log.gz"
	for key, want := range map[string]string{
		folder + rest:                       "",
		"prefix/" + folder + rest:           "",
		folder + "conn_log_" + rest:         semconv.FileALBConnections,
		folder + "conn_log." + rest:         semconv.FileALBConnections,
		folder + "health_check_log_" + rest: semconv.FileALBHealthChecks,
		folder + "new_kind_of_log_" + rest:  "", // is read, and fails
		folder + "conn_log_/" + rest:        "", // a folder is none of the name
		"":                                  "",
	} {
		if kind, is := otherFile(key); kind != want || is != (want != "") {
			t.Errorf("%s is %q, %v; want %q", key, kind, is, want)
		}
	}
}

// What else a load balancer writes there is counted, and neither read nor told of:
// with it, every file of connections would fail three times.
func TestAlbspans_OtherLogs_AreCountedAndLeftAlone(t *testing.T) {
	b := setup(t, nil)
	name := func(prefix string) string {
		i := strings.LastIndexByte(file(1), '/') + 1
		return file(1)[:i] + prefix + file(1)[i:]
	}
	b.store.Put(logs, file(1), zip(t, numbered(t, 1)))
	if _, err := b.function.Invoke(t.Context(), created(t, name("conn_log_"), name("health_check_log_"), file(1), name("conn_log_"))); err != nil {
		t.Fatalf("%v\n%s", err, b.output())
	}
	if len(b.span(numbered(t, 1))) != 1 {
		t.Error("the file of the access log among them was not read")
	}
	out := b.output()
	if strings.Contains(out, "conn_log") || strings.Contains(out, `"level":"WARN"`) {
		t.Errorf("the log tells of them:\n%s", out)
	}
	counted := map[string]float64{}
	for _, m := range b.received.Metrics() {
		if m.Name == semconv.MetricALBOtherFiles {
			counted[fmt.Sprint(m.Attributes[string(semconv.ALBFileKindKey)])] = m.Value
		}
	}
	if counted[semconv.FileALBConnections] != 2 || counted[semconv.FileALBHealthChecks] != 1 || len(counted) != 2 {
		t.Errorf("the metric counts %v, want 2 connection logs and a health check log", counted)
	}
}
