package main

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Who asks a queue on this machine and CloudWatch in AWS has made-up credentials
// for the one, and his own for the other.
func TestClients_CredentialsAreMadeUpForThisMachineAlone(t *testing.T) {
	own := aws.Config{Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("own", "secret", "")}
	for name, tt := range map[string]struct {
		variables map[string]string
		endpoint  string
		want      string // access key
	}{
		"AWS":                 {nil, "", "own"},
		"another's":           {nil, "https://sqs.example.com", "own"},
		"here":                {nil, "http://127.0.0.1:9324", "local"},
		"here, by a name":     {nil, "http://localhost:9324", "local"},
		"here, by a variable": {map[string]string{"AWS_ENDPOINT_URL": "http://[::1]:4566"}, "", "local"},
		"here, with a key":    {map[string]string{"AWS_ACCESS_KEY_ID": "own"}, "http://127.0.0.1:9324", "own"},
	} {
		env := environment{getenv: func(name string) string { return tt.variables[name] }}
		for client, provider := range map[string]aws.CredentialsProvider{
			"SQS": newSQS(own, env, tt.endpoint).Options().Credentials, "CloudWatch Logs": newLogs(own, env, tt.endpoint).Options().Credentials,
		} {
			c, err := provider.Retrieve(t.Context())
			if err != nil || c.AccessKeyID != tt.want {
				t.Errorf("%s, %s: key %s, %v; want %s", name, client, c.AccessKeyID, err, tt.want)
			}
		}
	}
}
