package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// onlyAWS leaves nothing set of AWS but these variables, and these profiles.
func onlyAWS(t *testing.T, variables map[string]string, profiles string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(profiles), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, set := range os.Environ() {
		if name, _, _ := strings.Cut(set, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "") // which puts it back in the end
			_ = os.Unsetenv(name)
		}
	}
	all := map[string]string{"AWS_CONFIG_FILE": file, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true"}
	maps.Copy(all, variables)
	for name, value := range all {
		t.Setenv(name, value)
	}
}

// Without credentials nothing is asked, and what would be some is said first.
func TestCredentials_None_SaysWhatToSet(t *testing.T) {
	onlyAWS(t, nil, "")
	t.Chdir(filepath.Join("..", "..", "pipeline", "testdata", "reference"))
	for _, args := range [][]string{
		{"dlq", "ls", "--no-local"}, {"dlq", "show", "-e", "prod", "all"}, {"deploy", "preflight"}, {"deploy", "verdict", "--image", "intake:1"},
	} {
		code, out, errs := command(t.Context(), t, args...)
		if code != exitFailed || !strings.HasPrefix(errs, "tracehaul: no credentials for AWS: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or") || !strings.Contains(errs, "EC2 IMDS") {
			t.Errorf("%v: exit code %d\n%s%s", args, code, out, errs)
		}
	}
}

// Who asks a queue on this machine and CloudWatch in AWS has made-up credentials
// for the one, and his own for the other; and for both if he says whose he has.
func TestClients_CredentialsAreMadeUpForThisMachineAlone(t *testing.T) {
	const (
		here, elsewhere = "http://127.0.0.1:9324", "https://sqs.example.com"
		profileKeys     = "aws_access_key_id = own\naws_secret_access_key = secret"
	)
	keys := map[string]string{"AWS_ACCESS_KEY_ID": "own", "AWS_SECRET_ACCESS_KEY": "secret"}
	for name, tt := range map[string]struct {
		variables map[string]string
		profile   string // the default one
		endpoint  string
		want      string // access key, "" for none
	}{
		"AWS":                                {},
		"AWS, with a key":                    {variables: keys, want: "own"},
		"another's":                          {endpoint: elsewhere},
		"here":                               {endpoint: here, want: "local"},
		"here, by a name":                    {endpoint: "http://localhost:9324", want: "local"},
		"here, by a variable":                {variables: map[string]string{"AWS_ENDPOINT_URL": "http://[::1]:4566"}, want: "local"},
		"here, by a profile":                 {profile: "endpoint_url = " + here, want: "local"},
		"here, with a key":                   {variables: keys, endpoint: here, want: "own"},
		"here, with a profile's key":         {profile: profileKeys, endpoint: "https://localhost:8443", want: "own"},
		"here, with a container's role":      {variables: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1"}, endpoint: here},
		"a variable here, endpoint not":      {variables: map[string]string{"AWS_ENDPOINT_URL": here}, endpoint: elsewhere},
		"a variable here, which is ignored":  {variables: map[string]string{"AWS_ENDPOINT_URL": here, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}},
		"the same, with a profile's key":     {variables: map[string]string{"AWS_ENDPOINT_URL": here, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, profile: profileKeys, want: "own"},
		"a variable elsewhere, endpoint not": {variables: map[string]string{"AWS_ENDPOINT_URL": elsewhere}, endpoint: here, want: "local"},
	} {
		t.Run(name, func(t *testing.T) {
			onlyAWS(t, tt.variables, "[default]\n"+tt.profile+"\n")
			settings, err := loadAWS(t.Context(), "eu-central-1", 1)
			if err != nil {
				t.Fatal(err)
			}
			for client, provider := range map[string]aws.CredentialsProvider{
				"SQS": newSQS(settings, tt.endpoint).Options().Credentials, "CloudWatch Logs": newLogs(settings, tt.endpoint).Options().Credentials,
			} {
				c, err := provider.Retrieve(t.Context())
				if c.AccessKeyID != tt.want || (err == nil) != (tt.want != "") {
					t.Errorf("%s: key %q, %v; want %q", client, c.AccessKeyID, err, tt.want)
				}
			}
		})
	}
}
