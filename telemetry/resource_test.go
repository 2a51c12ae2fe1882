package telemetry_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

// resourceOf returns the resource of a span made with the environment.
func resourceOf(t *testing.T, env map[string]string) (resource map[string]string, lines string) {
	t.Helper()
	c := newCollector(t)
	env["OTEL_EXPORTER_OTLP_ENDPOINT"] = c.URL
	config, err := fromEnv(env)
	if err != nil {
		t.Fatal(err)
	}
	var out lockedBuffer
	config.LogWriter = &out
	tel := setup(t, config)
	emit(t, tel, 1)
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c.resource, out.String()
}

func TestResource_ECS_DetectedButOwnSettingsWin(t *testing.T) {
	ecs := httptest.NewServer(http.StripPrefix("/v4/id", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/task" {
			http.ServeFile(w, r, "internal/awsresource/testdata/task.json")
			return
		}
		http.ServeFile(w, r, "internal/awsresource/testdata/container.json")
	})))
	defer ecs.Close()
	got, lines := resourceOf(t, map[string]string{
		"ECS_CONTAINER_METADATA_URI_V4": ecs.URL + "/v4/id", "OTEL_SERVICE_NAME": "orders",
		"OTEL_RESOURCE_ATTRIBUTES": "cloud.availability_zone=elsewhere,service.name=ignored",
	})
	for key, want := range map[string]string{
		"cloud.platform": "aws_ecs", "aws.ecs.task.id": "cd189a933e5849daa93386466019ab50", "container.name": "service",
		"cloud.availability_zone": "elsewhere", "service.name": "orders",
	} {
		if got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(lines), &line); err != nil {
		t.Fatal(err)
	}
	if line["aws.ecs.task.id"] != got["aws.ecs.task.id"] || line["service.name"] != "orders" {
		t.Errorf("the line is %s", lines)
	}
	if strings.Contains(lines, "aws.log.") || strings.Contains(lines, "telemetry.sdk") {
		t.Errorf("the line says where it is found itself: %s", lines)
	}
}

func TestResource_ECSAway_SetupGoesOnInTime(t *testing.T) {
	config := configFor(newCollector(t).URL)
	config.ECSMetadataURI = listen(t, hangs)
	const timeout = 1500 * time.Millisecond // more than the default
	config.DetectTimeout = timeout
	var lines bytes.Buffer
	config.LogWriter = &lines
	start := time.Now()
	setup(t, config)
	if d := time.Since(start); d < timeout || d > 10*timeout {
		t.Errorf("Setup took %v, want about %v", d, timeout)
	}
	if !strings.Contains(lines.String(), "resource detection is incomplete") {
		t.Errorf("nothing tells of it: %s", lines.String())
	}
}

func TestResource_Lambda_FunctionNamesTheService(t *testing.T) {
	got, _ := resourceOf(t, map[string]string{"AWS_LAMBDA_FUNCTION_NAME": "prod-orders-consumer", "AWS_REGION": "eu-west-1"})
	if got["service.name"] != "prod-orders-consumer" || got["faas.name"] != "prod-orders-consumer" || got["cloud.platform"] != "aws_lambda" {
		t.Errorf("got %v", got)
	}
}

func TestResource_NothingKnown_ConventionalDefaults(t *testing.T) {
	got, _ := resourceOf(t, map[string]string{})
	if !strings.HasPrefix(got["service.name"], "unknown_service:") {
		t.Errorf("service.name is %q", got["service.name"])
	}
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	if !uuid.MatchString(got["service.instance.id"]) {
		t.Errorf("service.instance.id is %q, want a UUID", got["service.instance.id"])
	}
	for _, key := range []string{"process.executable.name", "process.runtime.version", "telemetry.sdk.version"} {
		if got[key] == "" {
			t.Errorf("%s is missing", key)
		}
	}
	other, _ := resourceOf(t, map[string]string{})
	if other["service.instance.id"] == got["service.instance.id"] {
		t.Error("two instances share an id")
	}
}

func TestResource_ServiceVersion_ConfigWinsOverAttributes(t *testing.T) {
	c := newCollector(t)
	config, err := fromEnv(map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL, "OTEL_RESOURCE_ATTRIBUTES": "service.version=1,deployment.environment.name=dev"})
	if err != nil {
		t.Fatal(err)
	}
	config.ServiceVersion, config.LogWriter = "2", &bytes.Buffer{}
	tel := setup(t, config)
	emit(t, tel, 1)
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c.resource["service.version"] != "2" || c.resource["deployment.environment.name"] != "dev" {
		t.Errorf("got %v", c.resource)
	}
}
