package service

import (
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/service/bearer"
)

// What a problem's type leads to must be there and say the right status.
func TestProblems_EveryCode_IsDescribed(t *testing.T) {
	text, err := os.ReadFile("PROBLEMS.md")
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^## ([a-z_]+)\n\n(\d+)\. `).FindAllStringSubmatch(string(text), -1) {
		described[m[1]] = m[2]
	}
	for code, kind := range problemKinds {
		if described[code] != strconv.Itoa(kind.status) {
			t.Errorf("PROBLEMS.md says status %q for %s, want %d", described[code], code, kind.status)
		}
		delete(described, code)
	}
	if len(described) > 0 {
		t.Errorf("PROBLEMS.md describes what does not exist: %v", described)
	}
}

func TestProblems_WorthAnotherTry_SayWhen(t *testing.T) {
	for code, kind := range problemKinds {
		unavailable := kind.status == http.StatusServiceUnavailable || kind.status == http.StatusGatewayTimeout
		if unavailable != (kind.retryAfter > 0) {
			t.Errorf("%s: status %d with Retry-After %d", code, kind.status, kind.retryAfter)
		}
	}
}

func TestConfig_AllWrong_AllReportedAtOnce(t *testing.T) {
	_, err := New(Config{
		TopicARN: "orders", Source: "/", MaxBodyBytes: -1, MaxBufferedBytes: -2, MaxPending: 10, PublishConcurrency: -1, EntryAttempts: -1,
		Bearer:      &bearer.Config{Issuer: "issuer"},
		ReadTimeout: -1, IdleTimeout: -1, RequestTimeout: -1, PublishTimeout: -1, PublishDelay: -1, DrainGrace: 5, ShutdownTimeout: 5,
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, field := range []string{
		"TopicARN", "SNS", "Source and Type", "MaxBodyBytes", "MaxBufferedBytes", "MaxPending", "PublishConcurrency", "EntryAttempts",
		"Bearer", "ReadTimeout", "IdleTimeout", "RequestTimeout", "PublishTimeout", "PublishDelay", "ShutdownTimeout",
	} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("the error does not name %s:\n%v", field, err)
		}
	}
}

func TestValidateTopicARN_NotStandardTopic_Refused(t *testing.T) {
	for arn, ok := range map[string]bool{
		testTopic: true,
		"arn:aws-cn:sns:cn-north-1:123456789012:t": true,
		"":       false,
		"orders": false,
		"arn:aws:sqs:eu-west-1:000000000000:orders":         false,
		"arn:aws:sns::000000000000:orders":                  false,
		testTopic + ".fifo":                                 false,
		testTopic + ":0aa6d4a1-8a3c-4a35-b6c1-5e7c4b3e2b11": false, // a subscription
	} {
		if err := ValidateTopicARN(arn); (err == nil) != ok {
			t.Errorf("%q: %v, want ok: %v", arn, err, ok)
		}
	}
}
