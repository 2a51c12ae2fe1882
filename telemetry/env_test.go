package telemetry_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tracehaul/tracehaul/telemetry"
)

func fromEnv(env map[string]string) (telemetry.Config, error) {
	return telemetry.ConfigFromEnv(func(key string) string { return env[key] })
}

// settings is the part of a Config that can be compared.
type settings struct {
	Disabled                bool
	ServiceName             string
	Resource                map[string]string
	ECSMetadataURI          string
	Propagators             []string
	Sampler                 string
	SpanLimits              []int
	LogLimits               telemetry.LogLimits
	Traces, Metrics, Logs   telemetry.ExporterConfig
	SpanBatch, LogBatch     telemetry.BatchConfig
	Interval, MetricTimeout time.Duration
}

func flat(c telemetry.Config) settings {
	s := settings{
		Disabled: c.Disabled, ServiceName: c.ServiceName, ECSMetadataURI: c.ECSMetadataURI, Propagators: c.Propagators,
		LogLimits: *c.Logs.Limits,
		Traces:    c.Traces.Exporter, Metrics: c.Metrics.Exporter, Logs: c.Logs.Exporter,
		SpanBatch: c.Traces.Batch, LogBatch: c.Logs.Batch,
		Interval: c.Metrics.Interval, MetricTimeout: c.Metrics.Timeout,
	}
	l := c.Traces.Limits
	s.SpanLimits = []int{l.AttributeValueLengthLimit, l.AttributeCountLimit, l.EventCountLimit, l.LinkCountLimit, l.AttributePerEventCountLimit, l.AttributePerLinkCountLimit}
	if c.Traces.Sampler != nil {
		s.Sampler = c.Traces.Sampler.Description()
	}
	for _, kv := range c.Resource {
		if s.Resource == nil {
			s.Resource = map[string]string{}
		}
		s.Resource[string(kv.Key)] = kv.Value.String()
	}
	return s
}

func TestConfigFromEnv(t *testing.T) {
	tests := map[string]struct {
		env  map[string]string
		want func(*settings) // from the settings of an empty environment
	}{
		"Nothing_ZeroConfig": {want: func(*settings) {}},
		"EmptyValues_CountAsUnset": {
			env:  map[string]string{"OTEL_SERVICE_NAME": "", "OTEL_TRACES_SAMPLER": " ", "OTEL_BSP_SCHEDULE_DELAY": "", "OTEL_EXPORTER_OTLP_ENDPOINT": ""},
			want: func(*settings) {},
		},
		"Disabled": {env: map[string]string{"OTEL_SDK_DISABLED": "TRUE"}, want: func(s *settings) { s.Disabled = true }},
		"Service": {
			env: map[string]string{"OTEL_SERVICE_NAME": "orders", "OTEL_RESOURCE_ATTRIBUTES": "team=pay%20ments, deployment.environment.name = prod,empty="},
			want: func(s *settings) {
				s.ServiceName = "orders"
				s.Resource = map[string]string{"team": "pay ments", "deployment.environment.name": "prod", "empty": ""}
			},
		},
		"Lambda_AttributesButOwnOnesWin": {
			env: map[string]string{"AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_REGION": "eu-west-1", "OTEL_RESOURCE_ATTRIBUTES": "cloud.region=mars"},
			want: func(s *settings) {
				s.Resource = map[string]string{"cloud.provider": "aws", "cloud.platform": "aws_lambda", "faas.name": "f", "cloud.region": "mars"}
			},
		},
		"ECS": {env: map[string]string{"ECS_CONTAINER_METADATA_URI_V4": "http://169.254.170.2/v4/x"}, want: func(s *settings) { s.ECSMetadataURI = "http://169.254.170.2/v4/x" }},
		"Propagators": {
			env:  map[string]string{"OTEL_PROPAGATORS": "XRay, tracecontext"},
			want: func(s *settings) { s.Propagators = []string{"xray", "tracecontext"} },
		},
		"NoPropagators": {env: map[string]string{"OTEL_PROPAGATORS": "none"}, want: func(s *settings) { s.Propagators = []string{} }},
		"Sampler": {
			env:  map[string]string{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25"},
			want: func(s *settings) { s.Sampler = "TraceIDRatioBased{0.25}" },
		},
		"RatioSamplerWithoutArgument_All": {
			env:  map[string]string{"OTEL_TRACES_SAMPLER": "traceidratio"},
			want: func(s *settings) { s.Sampler = "TraceIDRatioBased{1}" },
		},
		"Exporters": {
			env: map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_METRICS_EXPORTER": "console", "OTEL_LOGS_EXPORTER": "None"},
			want: func(s *settings) {
				s.Traces.Kind, s.Metrics.Kind, s.Logs.Kind = "otlp", "console", "none"
			},
		},
		"Endpoint_SignalPathsAdded": {
			env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.example.com/prefix/"},
			want: func(s *settings) {
				s.Traces.Endpoint = "https://collector.example.com/prefix/v1/traces"
				s.Metrics.Endpoint = "https://collector.example.com/prefix/v1/metrics"
				s.Logs.Endpoint = "https://collector.example.com/prefix/v1/logs"
			},
		},
		"SignalEndpoint_TakenAsIs": {
			env: map[string]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://xray.eu-west-1.amazonaws.com/v1/traces",
			},
			want: func(s *settings) {
				s.Traces.Endpoint = "https://xray.eu-west-1.amazonaws.com/v1/traces"
				s.Metrics.Endpoint, s.Logs.Endpoint = "http://collector:4318/v1/metrics", "http://collector:4318/v1/logs"
			},
		},
		"GRPC_EndpointAsIs": {
			env: map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4317"},
			want: func(s *settings) {
				for _, e := range []*telemetry.ExporterConfig{&s.Traces, &s.Metrics, &s.Logs} {
					e.Protocol, e.Endpoint = "grpc", "http://collector:4317"
				}
			},
		},
		"GRPCWithoutScheme_InsecureDecides": {
			env: map[string]string{
				"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317",
				"OTEL_EXPORTER_OTLP_TRACES_INSECURE": "true", "OTEL_EXPORTER_OTLP_INSECURE": "false",
			},
			want: func(s *settings) {
				for _, e := range []*telemetry.ExporterConfig{&s.Traces, &s.Metrics, &s.Logs} {
					e.Protocol, e.Endpoint = "grpc", "https://collector:4317"
				}
				s.Traces.Endpoint = "http://collector:4317"
			},
		},
		"SignalOptions_WinOverGeneralOnes": {
			env: map[string]string{
				"OTEL_EXPORTER_OTLP_HEADERS": "a=1,b=two%20words", "OTEL_EXPORTER_OTLP_LOGS_HEADERS": "x-aws-log-group=/ecs/orders,x-aws-log-stream=otel",
				"OTEL_EXPORTER_OTLP_TIMEOUT": "2500", "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT": "500",
				"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": "none",
				"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
			},
			want: func(s *settings) {
				general := map[string]string{"a": "1", "b": "two words"}
				s.Traces = telemetry.ExporterConfig{Protocol: "http/protobuf", Headers: general, Timeout: 2500 * time.Millisecond}
				s.Metrics = telemetry.ExporterConfig{Headers: general, Timeout: 500 * time.Millisecond, Gzip: true}
				s.Logs = telemetry.ExporterConfig{Headers: map[string]string{"x-aws-log-group": "/ecs/orders", "x-aws-log-stream": "otel"}, Timeout: 2500 * time.Millisecond, Gzip: true}
			},
		},
		"Batches": {
			env: map[string]string{
				"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_BSP_EXPORT_TIMEOUT": "200", "OTEL_BSP_MAX_QUEUE_SIZE": "300", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "30",
				"OTEL_BLRP_SCHEDULE_DELAY": "400", "OTEL_BLRP_MAX_QUEUE_SIZE": "50",
			},
			want: func(s *settings) {
				s.SpanBatch = telemetry.BatchConfig{QueueSize: 300, BatchSize: 30, Delay: 100 * time.Millisecond, ExportTimeout: 200 * time.Millisecond}
				s.LogBatch = telemetry.BatchConfig{QueueSize: 50, Delay: 400 * time.Millisecond}
			},
		},
		"MetricTimes": {
			env:  map[string]string{"OTEL_METRIC_EXPORT_INTERVAL": "10000", "OTEL_METRIC_EXPORT_TIMEOUT": "5000"},
			want: func(s *settings) { s.Interval, s.MetricTimeout = 10*time.Second, 5*time.Second },
		},
		"LogLimitZero_KeepsNone": {
			env:  map[string]string{"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT": "0"},
			want: func(s *settings) { s.LogLimits.AttributeCount = telemetry.KeepNone },
		},
		"Limits_SpecialOnesWin": {
			env: map[string]string{
				"OTEL_ATTRIBUTE_COUNT_LIMIT": "64", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "1000",
				"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "32", "OTEL_SPAN_EVENT_COUNT_LIMIT": "0", "OTEL_SPAN_LINK_COUNT_LIMIT": "10000",
				"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT": "4", "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT": "5", "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT": "50",
			},
			want: func(s *settings) {
				s.SpanLimits = []int{1000, 32, 0, 10000, 4, 5}
				s.LogLimits = telemetry.LogLimits{AttributeCount: 64, AttributeValueLength: 50}
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := fromEnv(tc.env)
			if err != nil {
				t.Fatal(err)
			}
			want := settings{SpanLimits: []int{-1, 128, 128, 10_000, 128, 128}, LogLimits: telemetry.LogLimits{AttributeCount: 128, AttributeValueLength: -1}}
			tc.want(&want)
			if diff := cmp.Diff(want, flat(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConfigFromEnv_Samplers(t *testing.T) {
	for value, want := range map[string]string{
		"always_on": "AlwaysOnSampler", "ALWAYS_OFF": "AlwaysOffSampler",
		"parentbased_always_on": "ParentBased{root:AlwaysOnSampler", "parentbased_always_off": "ParentBased{root:AlwaysOffSampler",
		"parentbased_traceidratio": "ParentBased{root:TraceIDRatioBased{0.5}",
	} {
		c, err := fromEnv(map[string]string{"OTEL_TRACES_SAMPLER": value, "OTEL_TRACES_SAMPLER_ARG": "0.5"})
		if err != nil || !strings.HasPrefix(c.Traces.Sampler.Description(), want) {
			t.Errorf("%s: %v, %v", value, c.Traces.Sampler, err)
		}
	}
}

func TestConfigFromEnv_MetricChoices(t *testing.T) {
	c, err := fromEnv(map[string]string{"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "Delta", "OTEL_METRICS_EXEMPLAR_FILTER": "always_off"})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Metrics.Temporality(sdkmetric.InstrumentKindCounter); got != metricdata.DeltaTemporality {
		t.Errorf("a counter's temporality is %v", got)
	}
	if reflect.ValueOf(c.Metrics.ExemplarFilter).Pointer() != reflect.ValueOf(exemplar.AlwaysOffFilter).Pointer() {
		t.Error("the exemplar filter is another")
	}
	c, err = fromEnv(map[string]string{"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "lowmemory"})
	if err != nil || c.Metrics.Temporality(sdkmetric.InstrumentKindObservableCounter) != metricdata.CumulativeTemporality || c.Metrics.Temporality(sdkmetric.InstrumentKindCounter) != metricdata.DeltaTemporality {
		t.Errorf("lowmemory: %v", err)
	}
}

func TestConfigFromEnv_BadSettings_AllReportedOnceWithoutSecrets(t *testing.T) {
	env := map[string]string{
		"OTEL_SDK_DISABLED":                                        "yes",
		"OTEL_RESOURCE_ATTRIBUTES":                                 "good=1,secretbad,=x,key=%zz",
		"OTEL_PROPAGATORS":                                         "tracecontext,b3",
		"OTEL_TRACES_EXPORTER":                                     "zipkin",
		"OTEL_TRACES_SAMPLER":                                      "sometimes",
		"OTEL_EXPORTER_OTLP_PROTOCOL":                              "http/json",
		"OTEL_EXPORTER_OTLP_ENDPOINT":                              "ftp://user:secret@collector?key=secret",
		"OTEL_EXPORTER_OTLP_HEADERS":                               "authorization=Bearer%20secret,broken secret,bad name=secret,nl=secret%0Asecret",
		"OTEL_EXPORTER_OTLP_TIMEOUT":                               "10s",
		"OTEL_EXPORTER_OTLP_COMPRESSION":                           "zstd",
		"OTEL_EXPORTER_OTLP_CERTIFICATE":                           "/does/not/exist.pem",
		"OTEL_EXPORTER_OTLP_CLIENT_KEY":                            "/key.pem",
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE":        "eternal",
		"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": "base2_exponential_bucket_histogram",
		"OTEL_METRICS_EXEMPLAR_FILTER":                             "all",
		"OTEL_METRIC_EXPORT_INTERVAL":                              "0",
		"OTEL_BSP_MAX_QUEUE_SIZE":                                  "100",
		"OTEL_BSP_MAX_EXPORT_BATCH_SIZE":                           "101",
		"OTEL_BSP_SCHEDULE_DELAY":                                  "-1",
		"OTEL_BLRP_EXPORT_TIMEOUT":                                 "99999999999",
		"OTEL_ATTRIBUTE_COUNT_LIMIT":                               "many",
	}
	_, err := fromEnv(env)
	if err == nil {
		t.Fatal("no error")
	}
	wants := []string{
		`OTEL_SDK_DISABLED="yes": want true or false`,
		`OTEL_RESOURCE_ATTRIBUTES: entry 2 is not key=value`,
		`OTEL_PROPAGATORS="tracecontext,b3": want a list of tracecontext, baggage and xray, or none`,
		`OTEL_TRACES_EXPORTER="zipkin": want otlp, console or none`,
		`OTEL_TRACES_SAMPLER="sometimes": want always_on`,
		`OTEL_EXPORTER_OTLP_PROTOCOL="http/json": want http/protobuf or grpc`,
		`OTEL_EXPORTER_OTLP_ENDPOINT="ftp://...@collector": want a URL`,
		`OTEL_EXPORTER_OTLP_HEADERS: entry 2 is not key=value`,
		`OTEL_EXPORTER_OTLP_HEADERS: "bad name" cannot be a header`,
		`OTEL_EXPORTER_OTLP_HEADERS: "nl" cannot be a header`,
		`OTEL_EXPORTER_OTLP_TIMEOUT="10s": want milliseconds`,
		`OTEL_EXPORTER_OTLP_COMPRESSION="zstd": want gzip or none`,
		`OTEL_EXPORTER_OTLP_CERTIFICATE="/does/not/exist.pem": want a file of PEM certificates: no such file or directory`,
		`OTEL_EXPORTER_OTLP_CLIENT_KEY="/key.pem": want OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE as well`,
		`OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE="eternal": want cumulative, delta or lowmemory`,
		`OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION="base2_exponential_bucket_histogram": want explicit_bucket_histogram`,
		`OTEL_METRICS_EXEMPLAR_FILTER="all": want trace_based, always_on or always_off`,
		`OTEL_METRIC_EXPORT_INTERVAL="0": want milliseconds`,
		`OTEL_BSP_MAX_EXPORT_BATCH_SIZE="101": want at most the queue's size, 100`,
		`OTEL_BSP_SCHEDULE_DELAY="-1": want milliseconds`,
		`OTEL_BLRP_EXPORT_TIMEOUT="99999999999": want milliseconds, from 1 to 2147483647`,
		`OTEL_ATTRIBUTE_COUNT_LIMIT="many": want a number from 0`,
	}
	for _, want := range wants {
		if n := strings.Count(err.Error(), want); n != 1 {
			t.Errorf("%q is there %d times, want once", want, n)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error shows a secret:\n%v", err)
	}
	if t.Failed() {
		t.Log(err)
	}
}

func TestConfigFromEnv_Certificates_Loaded(t *testing.T) {
	cert, key := certificate(t)
	c, err := fromEnv(map[string]string{
		"OTEL_EXPORTER_OTLP_CERTIFICATE": cert, "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE": cert, "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY": key,
	})
	if err != nil {
		t.Fatal(err)
	}
	if tls := c.Traces.Exporter.TLS; tls == nil || tls.RootCAs == nil || len(tls.Certificates) != 1 {
		t.Errorf("traces: %+v", tls)
	}
	if tls := c.Metrics.Exporter.TLS; tls == nil || tls.RootCAs == nil || len(tls.Certificates) != 0 {
		t.Errorf("metrics: %+v", tls)
	}
	_, err = fromEnv(map[string]string{"OTEL_EXPORTER_OTLP_CERTIFICATE": key, "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": key, "OTEL_EXPORTER_OTLP_CLIENT_KEY": key})
	if err == nil || !strings.Contains(err.Error(), "no certificate in it") || !strings.Contains(err.Error(), "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE") {
		t.Errorf("keys in the place of certificates: %v", err)
	}
}

// certificate writes a self-signed certificate and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "EC PRIVATE KEY", secret)
}

// FuzzParsePairs: any list is read or refused, and what was encoded comes back.
func FuzzParsePairs(f *testing.F) {
	for _, list := range []string{"", "a=1", "a=1,b=%20", "a", "=", ",,", "a=b=c", "%zz=1", "k=%"} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		n, err := telemetry.ParsePairs(list)
		entries := slices.DeleteFunc(strings.Split(list, ","), func(s string) bool { return strings.TrimSpace(s) == "" })
		if err == nil && len(n) != len(entries) {
			t.Errorf("%d of %d entries were read without an error", len(n), len(entries))
		}
	})
}

// FuzzConfigFromEnv: no value makes reading panic, and what is accepted can
// be set up.
func FuzzConfigFromEnv(f *testing.F) {
	f.Add("http://localhost:4318", "a=b", "0.5", "100", "http/protobuf", "tracecontext")
	f.Add("https://xray.eu-west-1.amazonaws.com/v1/traces", "authorization=x", "NaN", "-1", "grpc", "none")
	f.Add("http://[::1]:4318/%zz", "k=%", "1e400", "9223372036854775808", "", "xray,,")
	f.Fuzz(func(t *testing.T, endpoint, headers, ratio, number, protocol, propagators string) {
		c, err := fromEnv(map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_HEADERS": headers, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
			"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": ratio,
			"OTEL_BSP_MAX_QUEUE_SIZE": number, "OTEL_METRIC_EXPORT_INTERVAL": number, "OTEL_EXPORTER_OTLP_TIMEOUT": number,
			"OTEL_PROPAGATORS": propagators, "OTEL_RESOURCE_ATTRIBUTES": headers,
		})
		if err != nil {
			return
		}
		c.GRPC = func(context.Context, telemetry.Signal, telemetry.ExporterConfig) (telemetry.Transport, error) {
			return nil, errors.New("not in this test")
		}
		c.Credentials, c.LogWriter = someone, io.Discard
		tel, err := telemetry.Setup(t.Context(), c)
		if err != nil {
			if !strings.Contains(err.Error(), "not in this test") {
				t.Errorf("accepted by ConfigFromEnv, refused by Setup: %v", err)
			}
			return
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = tel.Shutdown(ctx)
	})
}
