package snsform

import (
	"context"
	"fmt"
	"path"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// serializerID is how the SDK calls its own, which this one replaces.
const serializerID = "OperationSerializer"

// Use makes a client's PublishBatch serialise with this package: it belongs
// into the client's Options.APIOptions. Other operations are left alone, and so
// is a serializer that somebody else has put in the place of the SDK's.
func Use(stack *middleware.Stack) error {
	if stack.ID() != "PublishBatch" {
		return nil
	}
	sdk, found := stack.Serialize.Get(serializerID) //nolint:misspell // smithy's
	if !found || !isSDKs(sdk) {
		return nil
	}
	if _, err := stack.Serialize.Swap(serializerID, &serializer{sdk: sdk}); err != nil { //nolint:misspell // likewise
		return fmt.Errorf("replace the SDK's serializer: %w", err)
	}
	return nil
}

// isSDKs reports whether a serializer is of a type that the SDK's package
// declares.
func isSDKs(m middleware.SerializeMiddleware) bool {
	t := reflect.TypeOf(m)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath() == reflect.TypeFor[sns.Client]().PkgPath()
}

// serializer writes a PublishBatchInput into the request's body.
type serializer struct {
	sdk middleware.SerializeMiddleware // for what is unusual
}

// ID implements middleware.SerializeMiddleware.
func (*serializer) ID() string { return serializerID }

// HandleSerialize implements middleware.SerializeMiddleware.
func (s *serializer) HandleSerialize(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (
	out middleware.SerializeOutput, metadata middleware.Metadata, err error,
) {
	request, isHTTP := in.Request.(*smithyhttp.Request)
	input, isBatch := in.Parameters.(*sns.PublishBatchInput)
	if !isHTTP || !isBatch || request.URL.RawQuery != "" {
		return s.sdk.HandleSerialize(ctx, in, next)
	}
	b := newBody(input)

	u := request.URL
	u.Path = rooted(u.Path)
	u.RawPath = u.Path
	request.Method = "POST"
	// Before the clone that SetStream makes, so that it is made of little.
	if in.Request, err = withBody(request, b); err != nil {
		return out, metadata, &smithy.SerializationError{Err: err}
	}
	out, metadata, err = next.HandleSerialize(ctx, in)
	// After a panic, whoever panicked may still read: the body is left to the
	// garbage collector then.
	b.release()
	return out, metadata, err
}

func withBody(request *smithyhttp.Request, b *body) (*smithyhttp.Request, error) {
	request, err := request.SetStream(b)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return request, nil
}

// rooted is the path of an endpoint that has one, with a slash at its end.
func rooted(p string) string {
	if p == "" || p == "/" {
		return "/"
	}
	if p = path.Join(p, "/"); p != "/" {
		p += "/"
	}
	return p
}
