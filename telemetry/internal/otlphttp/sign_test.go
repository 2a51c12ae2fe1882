package otlphttp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tracehaul/tracehaul/telemetry/internal/export"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

func credentials() (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "token"}, nil
}

// TestSigner_RealRequest_SignatureVerifies recomputes the signature from the
// request as it arrived, by the steps of "Create a signed AWS API request" in
// the IAM user guide.
func TestSigner_RealRequest_SignatureVerifies(t *testing.T) {
	tests := map[string]struct {
		service string
		gzip    bool
		header  map[string]string
		signed  []string // headers that must be covered
	}{
		"Traces":  {service: "xray"},
		"Logs":    {service: "logs", gzip: true, header: map[string]string{"X-Aws-Log-Group": "/ecs/orders  api", "X-Aws-Log-Stream": "otel"}, signed: []string{"x-aws-log-group", "x-aws-log-stream", "content-encoding"}},
		"Metrics": {service: "monitoring"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var verified error
			c := collector(t, func(_ http.ResponseWriter, r *http.Request) {
				verified = verify(r, tc.service, "eu-west-1", "secret", tc.signed)
			}, func(c *Config) {
				c.Gzip = tc.gzip
				for k, v := range tc.header {
					c.Header.Set(k, v)
				}
				c.Signer = NewSigner(tc.service, "eu-west-1", aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return credentials() }))
			})
			for range 2 {
				if _, err := c.Send(t.Context(), []byte("spans and spans")); err != nil {
					t.Fatal(err)
				}
				if verified != nil {
					t.Error(verified)
				}
			}
		})
	}
}

func verify(r *http.Request, service, region, secret string, mustSign []string) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	authorization, found := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !found {
		return errors.New("not signed")
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(authorization, ", ") {
		k, v, _ := strings.Cut(part, "=")
		parts[k] = v
	}
	date := r.Header.Get("X-Amz-Date")
	if at, err := time.Parse("20060102T150405Z", date); err != nil || time.Since(at).Abs() > time.Minute {
		return errors.New("the date is " + date)
	}
	scope := date[:8] + "/" + region + "/" + service + "/aws4_request"
	if parts["Credential"] != "AKIDEXAMPLE/"+scope {
		return errors.New("the credential is " + parts["Credential"])
	}
	signed := strings.Split(parts["SignedHeaders"], ";")
	for _, name := range append([]string{"host", "x-amz-date", "x-amz-security-token", "content-type"}, mustSign...) {
		if !slices.Contains(signed, name) {
			return errors.New(name + " is not signed")
		}
	}
	var headers strings.Builder
	for _, name := range signed {
		value := r.Header.Get(name)
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = r.Header.Get("Content-Length")
		}
		headers.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	hash := func(b []byte) string { sum := sha256.Sum256(b); return hex.EncodeToString(sum[:]) }
	canonical := strings.Join([]string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, headers.String(), parts["SignedHeaders"], hash(body)}, "\n")
	toSign := strings.Join([]string{"AWS4-HMAC-SHA256", date, scope, hash([]byte(canonical))}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range append(strings.Split(scope, "/"), toSign) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	if got := hex.EncodeToString(key); got != parts["Signature"] {
		return errors.New("the signature is " + parts["Signature"] + ", computed " + got)
	}
	return nil
}

func TestSigner_NoCredentials_NotSent(t *testing.T) {
	c := collector(t, func(http.ResponseWriter, *http.Request) { t.Error("an unsigned request was sent") }, func(c *Config) {
		c.Signer = NewSigner("xray", "eu-west-1", aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errors.New("no role")
		}))
	})
	_, err := c.Send(t.Context(), []byte("x"))
	if e, ok := errors.AsType[*export.Error](err); !ok || e.Reason != semconv.DropCredentials || !strings.Contains(err.Error(), "no role") {
		t.Errorf("got %v", err)
	}
}

func TestCloudWatch(t *testing.T) {
	tests := map[string]string{ // host: service/region, or nothing
		"xray.eu-west-1.amazonaws.com":                           "xray/eu-west-1",
		"XRAY.eu-west-1.amazonaws.com.":                          "xray/eu-west-1",
		"logs.us-gov-west-1.amazonaws.com":                       "logs/us-gov-west-1",
		"monitoring.us-east-1.amazonaws.com":                     "monitoring/us-east-1",
		"monitoring-fips.us-east-1.amazonaws.com":                "monitoring/us-east-1",
		"logs.us-east-2.api.aws":                                 "logs/us-east-2",
		"logs.cn-north-1.amazonaws.com.cn":                       "logs/cn-north-1",
		"vpce-0123-abcd.xray.eu-west-1.vpce.amazonaws.com":       "xray/eu-west-1",
		"vpce-0123-abcd.logs.cn-north-1.vpce.amazonaws.com.cn":   "logs/cn-north-1",
		"sqs.eu-west-1.amazonaws.com":                            "",
		"xray.amazonaws.com":                                     "",
		"collector.internal":                                     "",
		"localhost":                                              "",
		"":                                                       "",
		"xray.eu-west-1.amazonaws.com.example.org":               "",
		"evil.xray.eu-west-1.amazonaws.com":                      "",
		"vpce-0123.evil.xray.eu-west-1.vpce.amazonaws.com":       "",
		"monitoring.eu-west-1.elb.amazonaws.com":                 "",
		"my-xray.eu-west-1.amazonaws.com":                        "",
		"xray.eu-west-1.amazonaws.com.cn.vpce.amazonaws.com.cn.": "",
	}
	for host, want := range tests {
		service, region, ok := CloudWatch(host)
		got := ""
		if ok {
			got = service + "/" + region
		}
		if got != want {
			t.Errorf("%s is %q, want %q", host, got, want)
		}
	}
}
