//go:build unix

package collectorcheck_test

import (
	"maps"
	"strings"
	"testing"
)

// one is the configuration of a file.
func one(t *testing.T, name string) config {
	t.Helper()
	for _, c := range configs {
		if c.name == name {
			return c
		}
	}
	t.Fatalf("there is no %s", name)
	return config{}
}

// Mistakes that a collector finds by itself.
func TestValidate_SeededFault_IsNamed(t *testing.T) {
	t.Parallel()
	path := otelcol(t)
	for name, tc := range map[string]struct {
		file  string
		fault edit
		unset string
		want  string
	}{
		"ExporterMisspelt":    {file: "grafana", fault: edit{"exporters: [otlp_http/grafana]", "exporters: [otlp_http/grafanna]"}, want: `"otlp_http/grafanna" which is not configured`},
		"ComponentUnknown":    {file: "dynatrace", fault: edit{"cumulative_to_delta", "cumulativ_to_delta"}, want: "cumulativ_to_delta"},
		"KeyUnknown":          {file: "cloudwatch", fault: edit{"compression: gzip", "compressor: gzip"}, want: "compressor"},
		"KeyOfAnotherSection": {file: "tempo-prometheus", fault: edit{"remote_write_queue:", "sending_queue:"}, want: "sending_queue"},
		"ValueOfNoUse":        {file: "grafana", fault: edit{"sizer: bytes", "sizer: megabytes"}, want: "megabytes"},
		"ExtensionMissing":    {file: "cloudwatch", fault: edit{"extensions: [sigv4auth/xray, ", "extensions: [sigv4auth/x-ray, "}, want: "sigv4auth/x-ray"},
		"AddressNotSet":       {file: "tempo-prometheus", unset: "COLLECTOR_ENDPOINT", want: "at least one endpoint must be specified"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := one(t, tc.file)
			text, err := edited(c.text(t), tc.fault)
			if err != nil {
				t.Fatal(err)
			}
			variables := c.given()
			maps.Copy(variables, newReceiver(t, c).taskRole())
			delete(variables, tc.unset)
			if err := validate(t.Context(), path, text, variables); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error is %v, want one with %q", err, tc.want)
			}
		})
	}
}

// Mistakes that are valid, and that only what arrives shows.
func TestTelemetryGoesThrough_SeededFault_IsFound(t *testing.T) {
	t.Parallel()
	otelcol(t)
	for name, tc := range map[string]struct {
		file  string
		fault edit
		want  string
	}{
		"SignedForAnotherService":   {file: "cloudwatch", fault: edit{"service: xray", "service: monitoring"}, want: "its signature is"},
		"NotSigned":                 {file: "cloudwatch", fault: edit{"    auth:\n      authenticator: sigv4auth/xray\n", ""}, want: "it is not signed"},
		"TooMuchInARequest":         {file: "cloudwatch", fault: edit{"max_size: 500", "max_size: 5000"}, want: "the back end takes 1000"},
		"AnotherToken":              {file: "dynatrace", fault: edit{"Api-Token ", "Bearer "}, want: "Authorization is"},
		"Totals":                    {file: "dynatrace", fault: edit{"memory_limiter, cumulative_to_delta", "memory_limiter"}, want: "is a total, the back end takes deltas"},
		"FirstValueDropped":         {file: "dynatrace", fault: edit{"initial_value: keep", "initial_value: auto"}, want: counter + " is 3, want 7"},
		"NoInstance":                {file: "tempo-prometheus", fault: edit{" service.instance.id,", ""}, want: "no label service_instance_id"},
		"NoEnvironment":             {file: "tempo-prometheus", fault: edit{", deployment.environment.name]", "]"}, want: "the label deployment_environment_name"},
		"LogsLeftOut":               {file: "grafana", fault: edit{"    logs:\n      receivers: [otlp]\n      processors: [memory_limiter]\n      exporters: [otlp_http/grafana]\n", ""}, want: "log"},
		"NothingToldOfTheCollector": {file: "grafana", fault: edit{"level: basic", "level: none"}, want: "what the collector says of itself does not arrive"},
		"ConfigurationOfThePast":    {file: "grafana", fault: edit{"otlp_http/", "otlphttp/"}, want: "deprecated"},
		"QueueLessThanARequest":     {file: "grafana", fault: edit{"queue_size: 8000000", "queue_size: 4000000"}, want: "refuses"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := passes(t, newSidecar(t, one(t, tc.file), quick, tc.fault))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error is %v, want one with %q", err, tc.want)
			}
		})
	}
}
