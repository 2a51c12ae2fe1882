package telemetry_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/telemetry"
)

var someone = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "token"}, nil
})

func TestSigning_Configured_EverySignalSigned(t *testing.T) {
	c := newCollector(t)
	config := configFor(c.URL)
	config.Credentials = someone
	for service, e := range map[string]*telemetry.ExporterConfig{"xray": &config.Traces.Exporter, "monitoring": &config.Metrics.Exporter, "logs": &config.Logs.Exporter} {
		e.Signing = &telemetry.Signing{Service: service, Region: "eu-west-1"}
	}
	config.Logs.Exporter.Headers = map[string]string{"x-aws-log-group": "/ecs/orders", "x-aws-log-stream": "otel"}
	tel := setup(t, config)
	emit(t, tel, 2)
	if err := tel.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range c.requests {
		authorization := r.Header.Get("Authorization")
		_, scope, _ := strings.Cut(authorization, "Credential=AKIDEXAMPLE/")
		scope, _, _ = strings.Cut(scope, ",")
		_, scope, _ = strings.Cut(scope, "/") // the date
		got[r.URL.Path] = scope
		if strings.HasSuffix(r.URL.Path, "/logs") && !strings.Contains(authorization, "x-aws-log-group;x-aws-log-stream") {
			t.Errorf("the log group is not signed: %s", authorization)
		}
	}
	want := map[string]string{
		"/v1/traces": "eu-west-1/xray/aws4_request", "/v1/metrics": "eu-west-1/monitoring/aws4_request", "/v1/logs": "eu-west-1/logs/aws4_request",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSigning_Defaults_FollowTheEndpoint(t *testing.T) {
	tests := map[string]struct {
		signal   telemetry.Signal
		config   telemetry.ExporterConfig
		signing  *telemetry.Signing
		maxBytes int
		maxItems int
	}{
		"Collector_Unsigned": {signal: telemetry.SignalTraces, config: telemetry.ExporterConfig{Endpoint: "http://collector:4318/v1/traces"}, maxBytes: 4<<20 - 64<<10},
		"XRay": {
			signal: telemetry.SignalTraces, config: telemetry.ExporterConfig{Endpoint: "https://xray.eu-west-1.amazonaws.com/v1/traces"},
			signing: &telemetry.Signing{Service: "xray", Region: "eu-west-1"}, maxBytes: 4<<20 - 64<<10, maxItems: 10_000,
		},
		"Metrics": {
			signal: telemetry.SignalMetrics, config: telemetry.ExporterConfig{Endpoint: "https://monitoring.us-east-1.amazonaws.com/v1/metrics"},
			signing: &telemetry.Signing{Service: "monitoring", Region: "us-east-1"}, maxBytes: 1_000_000, maxItems: 1000,
		},
		"Logs": {
			signal: telemetry.SignalLogs, config: telemetry.ExporterConfig{Endpoint: "https://logs.us-east-1.amazonaws.com/v1/logs"},
			signing: &telemetry.Signing{Service: "logs", Region: "us-east-1"}, maxBytes: 1_000_000,
		},
		"BearerToken_Unsigned": {
			signal:   telemetry.SignalLogs,
			config:   telemetry.ExporterConfig{Endpoint: "https://logs.us-east-1.amazonaws.com/v1/logs", Headers: map[string]string{"authorization": "Bearer x"}},
			maxBytes: 1_000_000,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, maxItems := telemetry.ExporterDefaults(tc.signal, tc.config)
			if diff := cmp.Diff(tc.signing, got.Signing); diff != "" {
				t.Error(diff)
			}
			if got.MaxRequestBytes != tc.maxBytes || maxItems != tc.maxItems {
				t.Errorf("a request holds %d bytes and %d items, want %d and %d", got.MaxRequestBytes, maxItems, tc.maxBytes, tc.maxItems)
			}
		})
	}
}

func TestSigning_CloudWatchWithoutCredentials_Refused(t *testing.T) {
	config := configFor("http://localhost:4318")
	config.Traces.Exporter.Endpoint = "https://xray.eu-west-1.amazonaws.com/v1/traces"
	if _, err := telemetry.Setup(t.Context(), config); err == nil || !strings.Contains(err.Error(), "xray.eu-west-1.amazonaws.com/v1/traces: want Config.Credentials") {
		t.Errorf("got %v", err)
	}
}

func TestSigning_PartlySet_Refused(t *testing.T) {
	for _, signing := range []telemetry.Signing{{Service: "logs"}, {Region: "eu-west-1"}} {
		config := configFor("http://localhost:4318")
		config.Credentials = someone
		config.Logs.Exporter.Signing = &signing
		if _, err := telemetry.Setup(t.Context(), config); err == nil || !strings.Contains(err.Error(), "Config.Logs.Exporter.Signing") {
			t.Errorf("%+v: the error is %v", signing, err)
		}
	}
}
