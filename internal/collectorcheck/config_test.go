//go:build unix

package collectorcheck_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	// root is the repository's top, seen from this package.
	root = "../.."

	// settings is what starts the name of the variable that the task definition
	// hands the file over in.
	settings = "COLLECTOR_CONFIG"

	// backEnd stands for the address of the back end, until there is one.
	backEnd = "http://127.0.0.1:1"

	region = "eu-central-1"
	mib    = 1 << 20
)

// config is a file of iac/collector, and what is known of its back end.
type config struct {
	name string // of the file, without .yaml

	// What a team puts into the variable collector of module service.
	environment map[string]string
	secrets     map[string]string

	// addresses are texts of the file that lead to the back end, and what stands
	// for each in a test: those that no variable sets.
	addresses map[string]string

	logs        bool   // log records go through
	remoteWrite bool   // metrics go by Prometheus' remote write
	delta       bool   // metrics must be deltas
	authorized  string // the header Authorization; "AWS4" for a signature
	endpoint    string // telemetry.endpoint of the description
	limits      limits
}

// limits are a back end's, for one request.
type limits struct{ spans, points, traceBytes, metricBytes int }

// none is more than a request can have.
const none = 1 << 30

var configs = []config{
	{
		name: "cloudwatch",
		addresses: map[string]string{
			"https://xray.${env:AWS_REGION}.amazonaws.com":       backEnd,
			"https://monitoring.${env:AWS_REGION}.amazonaws.com": backEnd,
		},
		authorized: "AWS4",
		// "Endpoint limits and restrictions" in AWS's "OTLP Endpoints".
		limits: limits{spans: 10_000, points: 1_000, traceBytes: 5_000_000, metricBytes: 1_000_000},
	},
	{
		name: "grafana", endpoint: backEnd + "/otlp", logs: true,
		secrets: map[string]string{"GRAFANA_BASIC": "MTIzNDU2OnRva2Vu"}, authorized: "Basic MTIzNDU2OnRva2Vu",
		limits: limits{none, none, none, none},
	},
	{
		name: "tempo-prometheus", endpoint: backEnd, remoteWrite: true,
		environment: map[string]string{"PROMETHEUS_ENDPOINT": backEnd + "/api/v1/write"},
		limits:      limits{none, none, none, none},
	},
	{
		name: "dynatrace", endpoint: backEnd + "/api/v2/otlp", logs: true, delta: true,
		secrets: map[string]string{"DYNATRACE_TOKEN": "dt0c01.SAMPLE.TOKEN"}, authorized: "Api-Token dt0c01.SAMPLE.TOKEN",
		// "API limits and validations" in Dynatrace's "About OTLP metrics ingest".
		limits: limits{spans: none, points: 15_000, traceBytes: 4_000_000, metricBytes: 4_000_000},
	},
}

func (c config) file() string { return filepath.Join(root, "iac/collector", c.name+".yaml") }

// text is the file.
func (c config) text(tb testing.TB) string {
	tb.Helper()
	b, err := os.ReadFile(c.file())
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// given are the variables that the sidecar gets, except for the file itself: from
// the task definition, from the variable collector, and from ECS.
func (c config) given() map[string]string {
	given := map[string]string{
		"AWS_REGION":            region,
		"COLLECTOR_ENDPOINT":    c.endpoint,
		"COLLECTOR_ENVIRONMENT": "prod",
		"GOMEMLIMIT":            fmt.Sprintf("%dMiB", memoryMiB*3/4),
	}
	for _, more := range []map[string]string{c.environment, c.secrets} {
		maps.Copy(given, more)
	}
	return given
}

// edit is a change of a file: a text that must be in it, and what comes in its
// place.
type edit struct{ from, to string }

// edited applies edits, each of which must find what it changes.
func edited(text string, edits ...edit) (string, error) {
	var errs []error
	for _, e := range edits {
		after := strings.ReplaceAll(text, e.from, e.to)
		if after == text && e != (edit{}) {
			errs = append(errs, fmt.Errorf("%q in place of %q changes nothing", e.to, e.from))
		}
		text = after
	}
	return text, errors.Join(errs...)
}

// each runs a test for every file, at the same time.
func each(t *testing.T, check func(t *testing.T, c config) error) {
	t.Helper()
	otelcol(t)
	for _, c := range configs {
		t.Run(c.name+".yaml", func(t *testing.T) {
			t.Parallel()
			if err := check(t, c); err != nil {
				t.Errorf("%s: %v", c.file(), err)
			}
		})
	}
}
