//go:build unix

package collectorcheck_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	credentialsPath  = "/credentials"
	credentialsToken = "token-of-the-task"
)

// role is what the task's role has for credentials.
var role = aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI", SessionToken: "session"}

// taskRole are the variables by which ECS says where a task gets credentials. In a
// task it is a path on an address of its own; the SDKs take one on loopback, too:
// see "Container credential provider" in AWS's "SDKs and Tools Reference Guide".
func (r *receiver) taskRole() map[string]string {
	return map[string]string{
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": r.URL + credentialsPath,
		"AWS_CONTAINER_AUTHORIZATION_TOKEN":  credentialsToken,
	}
}

func giveCredentials(w http.ResponseWriter, q *http.Request) {
	if q.Header.Get("Authorization") != credentialsToken {
		http.Error(w, "who are you?", http.StatusForbidden)
		return
	}
	_, _ = fmt.Fprintf(w, `{"AccessKeyId": %q, "SecretAccessKey": %q, "Token": %q, "Expiration": %q}`,
		role.AccessKeyID, role.SecretAccessKey, role.SessionToken, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}

// signed checks a request's signature, Version 4, by signing it once more.
func signed(q *http.Request, body []byte) error {
	service := map[string]string{"/v1/traces": "xray", "/v1/metrics": "monitoring"}[q.URL.Path]
	at, err := time.Parse("20060102T150405Z", q.Header.Get("X-Amz-Date"))
	if err != nil {
		return fmt.Errorf("it is not signed: %w", err)
	}
	got := q.Header.Get("Authorization")
	_, headers, _ := strings.Cut(got, "SignedHeaders=")
	headers, _, _ = strings.Cut(headers, ",")

	again := q.Clone(q.Context())
	again.URL.Scheme, again.URL.Host = "http", q.Host
	again.Header = http.Header{}
	again.ContentLength = 0
	for name := range strings.SplitSeq(headers, ";") {
		switch name {
		case "host":
		case "content-length":
			again.ContentLength = q.ContentLength
		default:
			again.Header[http.CanonicalHeaderKey(name)] = q.Header.Values(name)
		}
	}
	hash := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(q.Context(), role, again, hex.EncodeToString(hash[:]), service, region, at); err != nil {
		return err
	}
	if again := again.Header.Get("Authorization"); got != again {
		return fmt.Errorf("its signature is %q, want %q", got, again)
	}
	return nil
}
