package snsform_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/tracehaul/tracehaul/service/internal/snsform"
)

// serializers returns the SDK's own serializer of PublishBatch, and ours.
func serializers(tb testing.TB) (sdk, ours middleware.SerializeMiddleware) {
	tb.Helper()
	errSeen := errors.New("seen")
	client := sns.New(sns.Options{Region: "eu-west-1", Credentials: aws.AnonymousCredentials{}, APIOptions: []func(*middleware.Stack) error{
		func(stack *middleware.Stack) error {
			sdk, _ = stack.Serialize.Get("OperationSerializer") //nolint:misspell // smithy's
			if err := snsform.Use(stack); err != nil {
				return err
			}
			ours, _ = stack.Serialize.Get("OperationSerializer") //nolint:misspell // smithy's
			return errSeen
		},
	}})
	if _, err := client.PublishBatch(context.Background(), &sns.PublishBatchInput{}); !errors.Is(err, errSeen) {
		tb.Fatal(err)
	}
	if sdk == ours {
		tb.Fatal("the SDK's serializer was not replaced")
	}
	return sdk, ours
}

// request is what a serializer makes of an input.
type request struct {
	method, path, rawPath, query, contentType string
	length                                    int64
	streamLength                              int64
	seekable                                  bool
	body, again                               string // read twice
}

// made runs a serializer on a request for an endpoint with a path and a
// query of its own.
func made(tb testing.TB, m middleware.SerializeMiddleware, in *sns.PublishBatchInput, path, query string) (got request) {
	tb.Helper()
	r, ok := smithyhttp.NewStackRequest().(*smithyhttp.Request)
	if !ok {
		tb.Fatal("not smithy's request")
	}
	r.URL.Path, r.URL.RawQuery = path, query
	_, _, err := m.HandleSerialize(context.Background(), middleware.SerializeInput{Parameters: in, Request: r},
		middleware.SerializeHandlerFunc(func(_ context.Context, in middleware.SerializeInput) (out middleware.SerializeOutput, metadata middleware.Metadata, err error) {
			sent, ok := in.Request.(*smithyhttp.Request)
			if !ok {
				return out, metadata, errors.New("not smithy's request")
			}
			got = request{
				method: sent.Method, path: sent.URL.Path, rawPath: sent.URL.RawPath, query: sent.URL.RawQuery,
				contentType: sent.Header.Get("Content-Type"), length: sent.ContentLength, seekable: sent.IsStreamSeekable(),
			}
			got.streamLength, _, err = sent.StreamLength()
			for _, to := range []*string{&got.body, &got.again} {
				text, readErr := io.ReadAll(sent.GetStream())
				*to = string(text)
				err = errors.Join(err, readErr, sent.RewindStream())
			}
			return out, metadata, err
		}))
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

func newRequest() any { return smithyhttp.NewStackRequest() }
