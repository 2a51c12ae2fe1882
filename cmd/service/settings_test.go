package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/service"
	"github.com/tracehaul/tracehaul/service/bearer"
	"github.com/tracehaul/tracehaul/service/bearer/bearertest"
)

const topicARN = "arn:aws:sns:eu-west-1:000000000000:dev-shop-orders"

// environment is a getenv with what every service needs.
func environment(more map[string]string) func(string) string {
	env := map[string]string{
		"TOPIC_ARN":             topicARN,
		"LISTEN_ADDRESS":        "127.0.0.1:0",
		"OTEL_TRACES_EXPORTER":  "none",
		"OTEL_METRICS_EXPORTER": "none",
		"OTEL_LOGS_EXPORTER":    "none",
		"DRAIN_GRACE":           "0s",
	}
	maps.Copy(env, more)
	return func(name string) string { return env[name] }
}

func TestSettings_NothingButTopic_Defaults(t *testing.T) {
	s, err := settingsFrom(func(name string) string { return map[string]string{"TOPIC_ARN": topicARN}[name] })
	if err != nil {
		t.Fatal(err)
	}
	c := s.service.WithDefaults()
	if s.address != ":8080" || s.region != "eu-west-1" || c.TopicARN != topicARN || c.TrustedProxies != 1 ||
		c.MaxBodyBytes != 1<<20 || c.Limits.MaxBatch != 100 || s.telemetry.ALBParent {
		t.Errorf("settings = %+v", s)
	}
	if c.DrainGrace != 5*time.Second || c.ShutdownTimeout != 22*time.Second {
		t.Errorf("grace %v, shutdown %v", c.DrainGrace, c.ShutdownTimeout)
	}
	if c.ShutdownTimeout+telemetryTimeout >= 30*time.Second {
		t.Errorf("stopping may take %v, ECS kills after 30s", c.ShutdownTimeout+telemetryTimeout)
	}
}

func TestSettings_AllGiven_Taken(t *testing.T) {
	s, err := settingsFrom(environment(map[string]string{
		"LISTEN_ADDRESS": "[::1]:81", "EVENT_SOURCE": "/web", "EVENT_TYPE": "t", "MAX_BODY_BYTES": "5000", "MAX_BATCH_EVENTS": "1000",
		"TRUSTED_PROXIES": "0", "ALB_SPANS": "true", "DRAIN_GRACE": "0s", "SHUTDOWN_TIMEOUT": "3s", "LOG_LEVEL": "debug", "PUBLISH_DELAY": "2ms",
	}))
	if err != nil {
		t.Fatal(err)
	}
	c := s.service.WithDefaults()
	if s.address != "[::1]:81" || c.Source != "/web" || c.Type != "t" || c.MaxBodyBytes != 5000 || c.Limits.MaxBatch != 1000 ||
		c.TrustedProxies != 0 || !s.telemetry.ALBParent || c.DrainGrace != 0 || c.ShutdownTimeout != 3*time.Second || c.PublishDelay != 2*time.Millisecond ||
		s.telemetry.LogLevel.Level() != -4 {
		t.Errorf("settings = %+v", s)
	}
}

func TestSettings_AllWrong_AllReportedAtOnce(t *testing.T) {
	env := map[string]string{
		"LISTEN_ADDRESS": "8080", "TOPIC_ARN": "orders", "EVENT_SOURCE": "not a URI", "EVENT_TYPE": "a\x01b", "MAX_BODY_BYTES": "1 MB",
		"MAX_BATCH_EVENTS": "0", "TRUSTED_PROXIES": "-1", "ALB_SPANS": "perhaps", "DRAIN_GRACE": "5", "SHUTDOWN_TIMEOUT": "soon",
		"AUTH_ISSUER": "http://issuer.example", "AUTH_SCOPES": `a"b`, "AUTH_CLIENT_IDS": " , ", "AUTH_AUDIENCE": "\x7f", "AUTH_ALGORITHMS": "RS256,HS256",
		"AUTH_JWKS_URL": "jwks.json", "AUTH_JWKS": "x",
		"LOG_LEVEL": "loud", "PUBLISH_DELAY": "none", "OTEL_TRACES_SAMPLER": "sometimes",
	}
	_, err := settingsFrom(func(name string) string { return env[name] })
	if err == nil {
		t.Fatal("no error")
	}
	for name := range env {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s:\n%v", name, err)
		}
	}
	if n := strings.Count(err.Error(), "want "); n < len(variables) {
		t.Errorf("the error says %d times what would be right, want %d:\n%v", n, len(variables), err)
	}
}

// The service takes what a variable may be at most, beside fields that no variable
// sets; what is more is refused by the variable's name.
func TestSettings_LargestNumbers_AreTaken(t *testing.T) {
	for name, most := range map[string]int{"MAX_BODY_BYTES": 32<<20 - 1, "MAX_BATCH_EVENTS": 4096} {
		s, err := settingsFrom(environment(map[string]string{name: strconv.Itoa(most)}))
		if err != nil {
			t.Fatal(err)
		}
		s.service.SNS = service.NewSNS(aws.Config{})
		if err := s.service.Validate(); err != nil {
			t.Errorf("%s=%d: %v", name, most, err)
		}
		if _, err := settingsFrom(environment(map[string]string{name: strconv.Itoa(most + 1)})); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%d: error = %v", name, most+1, err)
		}
	}
}

func TestSettings_WrongTogether_Reported(t *testing.T) {
	for want, env := range map[string]map[string]string{
		"TOPIC_ARN is not set":  {"TOPIC_ARN": ""},
		"only one is set":       {"EVENT_SOURCE": "/web"},
		"more than DRAIN_GRACE": {"DRAIN_GRACE": "30s"},
		"standard SNS topic":    {"TOPIC_ARN": topicARN + ".fifo"},

		"AUTH_ISSUER is not set":        {"AUTH_SCOPES": "a/b"},
		"another AUTH_ variable is":     {"AUTH_ALGORITHMS": "RS256"},
		"AUTH_AUDIENCE none is set":     {"AUTH_ISSUER": "https://issuer.example"},
		"both AUTH_JWKS and":            {"AUTH_ISSUER": "https://issuer.example", "AUTH_SCOPES": "a/b", "AUTH_JWKS": "{}", "AUTH_JWKS_URL": "https://issuer.example"},
		"but JWKS is no JSON":           {"AUTH_ISSUER": "https://issuer.example", "AUTH_SCOPES": "a/b", "AUTH_JWKS": "x"},
		"but JWKS holds no key for ES2": {"AUTH_ISSUER": "https://issuer.example", "AUTH_SCOPES": "a/b", "AUTH_JWKS": `{"keys":[]}`, "AUTH_ALGORITHMS": "ES256"},
	} {
		t.Run(want, func(t *testing.T) {
			if _, err := settingsFrom(environment(env)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error = %v, want it to say %q", err, want)
			}
		})
	}
}

func TestSettings_Tokens_Taken(t *testing.T) {
	s, err := settingsFrom(environment(map[string]string{
		"AUTH_ISSUER": "https://issuer.example/pool", "AUTH_SCOPES": "a/b, c", "AUTH_CLIENT_IDS": "one,two", "AUTH_AUDIENCE": "https://orders.example.com",
		"AUTH_ALGORITHMS": "RS256,ES256", "AUTH_JWKS_URL": "https://keys.example/jwks.json",
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := &bearer.Config{
		Issuer: "https://issuer.example/pool", Scopes: []string{"a/b", "c"}, ClientIDs: []string{"one", "two"}, Audience: []string{"https://orders.example.com"},
		Algorithms: []string{"RS256", "ES256"}, JWKSURL: "https://keys.example/jwks.json",
	}
	if diff := cmp.Diff(want, s.service.Bearer); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s, err := settingsFrom(environment(nil)); err != nil || s.service.Bearer != nil {
		t.Errorf("without settings: %+v, %v", s.service.Bearer, err)
	}
}

// Whoever takes the private keys for the public ones finds them in no log.
func TestSettings_PrivateKeys_RefusedAndNotRepeated(t *testing.T) {
	jwk := bearertest.RSA("key-1", 2048).JWK()
	jwk["d"] = "c2VjcmV0LXNlY3JldA"
	text, err := json.Marshal(map[string]any{"keys": []any{jwk}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = settingsFrom(environment(map[string]string{"AUTH_ISSUER": "https://issuer.example", "AUTH_SCOPES": "a/b", "AUTH_JWKS": string(text)}))
	if err == nil || !strings.Contains(err.Error(), "private key") || strings.Contains(err.Error(), "c2VjcmV0") {
		t.Errorf("error = %v", err)
	}
}

// The page for operators has a row for each variable, and no other.
func TestDocs_EveryVariable_IsInTheTable(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "service.md"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		rows = append(rows, m[1])
	}
	var names []string
	for _, v := range variables {
		names = append(names, v.Name)
	}
	if diff := cmp.Diff(names, rows); diff != "" {
		t.Errorf("docs/service.md (-want +got):\n%s", diff)
	}
}

func TestUsage_Printed_NamesEveryVariable(t *testing.T) {
	for _, v := range variables {
		if !strings.Contains(usage(), v.Name) || v.Help == "" {
			t.Errorf("usage does not explain %s", v.Name)
		}
	}
}
