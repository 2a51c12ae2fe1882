package bucket_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/tracehaul/tracehaul/internal/localcloud/bucket"
)

func setup(t *testing.T, c bucket.Config) (*bucket.Store, *s3.Client) {
	t.Helper()
	store := bucket.New(c)
	server := httptest.NewServer(store)
	t.Cleanup(server.Close)
	return store, s3.New(s3.Options{
		Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		RetryMaxAttempts: 1, DisableLogOutputChecksumValidationSkipped: true,
	})
}

func get(t *testing.T, c *s3.Client, name, key string) (string, error) {
	t.Helper()
	out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &name, Key: &key})
	if err != nil {
		return "", err
	}
	defer func() { _ = out.Body.Close() }()
	b, err := io.ReadAll(out.Body)
	if err != nil || aws.ToString(out.ETag) == "" || out.LastModified == nil {
		t.Errorf("read %v with ETag %v of %v", err, out.ETag, out.LastModified)
	}
	return string(b), nil
}

func TestStore_GetObject_IsWhatWasPut(t *testing.T) {
	store, client := setup(t, bucket.Config{})
	const key = "AWSLogs/000000000000/a b+c/x_20260102T0305Z.log.gz"
	for _, content := range []string{"first", "second", ""} {
		store.Put("logs", key, []byte(content))
		if got, err := get(t, client, "logs", key); err != nil || got != content {
			t.Errorf("got %q, %v; want %q", got, err, content)
		}
	}
}

func TestStore_GetObject_NoSuchKey(t *testing.T) {
	store, client := setup(t, bucket.Config{})
	store.Put("logs", "a", nil)
	for _, n := range [][2]string{{"logs", "b"}, {"other", "a"}} {
		_, err := get(t, client, n[0], n[1])
		if _, ok := errors.AsType[*types.NoSuchKey](err); !ok {
			t.Errorf("got %v, want NoSuchKey", err)
		}
	}
}

func TestStore_TooManyObjects_OldestGoes(t *testing.T) {
	store, client := setup(t, bucket.Config{KeepObjects: 2})
	for _, key := range []string{"a", "b", "a", "c"} {
		store.Put("logs", key, []byte(key))
	}
	if _, err := get(t, client, "logs", "a"); err == nil {
		t.Error("the oldest of three is still there, where two are kept")
	}
	for _, key := range []string{"b", "c"} {
		if got, err := get(t, client, "logs", key); err != nil || got != key {
			t.Errorf("got %q, %v; want %q", got, err, key)
		}
	}
}

func TestStore_OtherCalls_NotImplemented(t *testing.T) {
	_, client := setup(t, bucket.Config{})
	name, key := "logs", "a"
	_, put := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &name, Key: &key})
	_, list := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &name})
	_, part := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &name, Key: &key, Range: aws.String("bytes=0-9")})
	for _, err := range []error{put, list, part} {
		if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != "NotImplemented" {
			t.Errorf("got %v, want NotImplemented", err)
		}
	}
}
