package lambdamain

import (
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// lambdaEnvironment is what Lambda sets, and more.
func lambdaEnvironment(more map[string]string) map[string]string {
	env := map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}
	maps.Copy(env, more)
	return env
}

// The SDK's own package is the oracle: whatever we read, it reads alike.
func TestAWSConfig_ClientsAreThoseOfTheSDKsConfig(t *testing.T) {
	for name, more := range map[string]map[string]string{
		"nothing else":               nil,
		"a service's endpoint":       {"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1"},
		"another service's endpoint": {"AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://127.0.0.1:2"},
		"one endpoint for all":       {"AWS_ENDPOINT_URL": "http://127.0.0.1:3"},
		"both":                       {"AWS_ENDPOINT_URL": "http://127.0.0.1:3", "AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1"},
		"ignored endpoints":          {"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
		"one for all, ignored":       {"AWS_ENDPOINT_URL": "http://127.0.0.1:3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
		"FIPS":                       {"AWS_USE_FIPS_ENDPOINT": "TRUE"},
		"dual stack":                 {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
		"neither":                    {"AWS_USE_FIPS_ENDPOINT": "false", "AWS_USE_DUALSTACK_ENDPOINT": "false"},
		"retries":                    {"AWS_RETRY_MODE": "adaptive", "AWS_MAX_ATTEMPTS": "7"},
		"an application":             {"AWS_SDK_UA_APP_ID": "shop"},
		"another region":             {"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-1"},
		"checksums when required":    {"AWS_REQUEST_CHECKSUM_CALCULATION": "when_required", "AWS_RESPONSE_CHECKSUM_VALIDATION": "WHEN_REQUIRED"},
		"checksums when supported":   {"AWS_REQUEST_CHECKSUM_CALCULATION": "When_Supported", "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_supported"},
		"checksums of requests only": {"AWS_REQUEST_CHECKSUM_CALCULATION": "when_required"},
		"defaults within a region":   {"AWS_DEFAULTS_MODE": "In-Region"},
		"defaults by themselves":     {"AWS_DEFAULTS_MODE": "auto", "AWS_EXECUTION_ENV": "AWS_Lambda_provided.al2023"},
	} {
		t.Run(name, func(t *testing.T) {
			env := lambdaEnvironment(more)
			env["AWS_CONFIG_FILE"], env["AWS_SHARED_CREDENTIALS_FILE"] = os.DevNull, os.DevNull
			env["AWS_EC2_METADATA_DISABLED"] = "true"
			for name, value := range env {
				t.Setenv(name, value)
				if value == "" {
					if err := os.Unsetenv(name); err != nil {
						t.Fatal(err)
					}
				}
			}
			ours, err := awsConfig(from(env))
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := config.LoadDefaultConfig(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got, want := reached(t, ours), reached(t, theirs); !reflect.DeepEqual(got, want) {
				t.Errorf("clients have\n%s\nwith the SDK's configuration\n%s", text(t, got), text(t, want))
			}
		})
	}
}

// reached is what matters of the clients that a configuration makes.
func reached(t *testing.T, c aws.Config) []any {
	t.Helper()
	credentials, err := c.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	credentials.Source = ""
	q, s, o := sqs.NewFromConfig(c).Options(), secretsmanager.NewFromConfig(c).Options(), s3.NewFromConfig(c).Options()
	return []any{
		credentials.AccessKeyID, credentials.SecretAccessKey, credentials.SessionToken,
		q.Region, q.BaseEndpoint, q.EndpointOptions.UseFIPSEndpoint, q.EndpointOptions.UseDualStackEndpoint, q.AppID,
		q.RetryMode, q.RetryMaxAttempts, q.Retryer.MaxAttempts(), s.Region, s.BaseEndpoint,
		q.DefaultsMode, q.RuntimeEnvironment, o.Region, o.BaseEndpoint, o.DefaultsMode, o.RequestChecksumCalculation, o.ResponseChecksumValidation,
	}
}

func text(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAWSConfig_CABundle_IsTrusted(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, certificate(server), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := awsConfig(from(lambdaEnvironment(map[string]string{"AWS_CA_BUNDLE": bundle})))
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.HTTPClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}

func TestAWSConfig_Bad_NamesAll(t *testing.T) {
	_, err := awsConfig(from(map[string]string{
		"AWS_ACCESS_KEY_ID": "id", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/credentials", "AWS_USE_FIPS_ENDPOINT": "perhaps",
		"AWS_MAX_ATTEMPTS": "0", "AWS_RETRY_MODE": "eager", "AWS_CA_BUNDLE": "missing.pem",
		"AWS_REQUEST_CHECKSUM_CALCULATION": "never", "AWS_RESPONSE_CHECKSUM_VALIDATION": "always", "AWS_DEFAULTS_MODE": "slow",
	}))
	want := `AWS_CONTAINER_CREDENTIALS_FULL_URI="http://example.com/credentials": want a URL with https, or on this machine: a token is sent there
AWS_REGION: want a region, which Lambda sets
AWS_USE_FIPS_ENDPOINT="perhaps": want true or false
AWS_MAX_ATTEMPTS="0": want a number from 1
AWS_RETRY_MODE="eager": want standard or adaptive
AWS_REQUEST_CHECKSUM_CALCULATION="never": want when_supported or when_required
AWS_RESPONSE_CHECKSUM_VALIDATION="always": want when_supported or when_required
AWS_DEFAULTS_MODE="slow": want legacy, standard, in-region, cross-region, mobile or auto
AWS_CA_BUNDLE="missing.pem": want a file with certificates in PEM`
	if err == nil || err.Error() != want {
		t.Errorf("error is\n%v\nwant\n%s", err, want)
	}
}

func TestAWSConfig_NoCredentials_SaysWhatIsRead(t *testing.T) {
	_, err := awsConfig(from(map[string]string{"AWS_REGION": "eu-west-1", "AWS_PROFILE": "mine"}))
	if err == nil || !strings.Contains(err.Error(), "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: want") || !strings.Contains(err.Error(), "profiles") {
		t.Errorf("error is %v", err)
	}
}

func certificate(s *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}
