package snsform

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// serializerID is how the SDK calls its own, which this one replaces.
const serializerID = "OperationSerializer"

// Use makes a client's PublishBatch serialise with this package: it belongs
// into the client's Options.APIOptions. Other operations are left alone.
func Use(stack *middleware.Stack) error {
	if stack.ID() != "PublishBatch" {
		return nil
	}
	s := &serializer{}
	sdk, err := stack.Serialize.Swap(serializerID, s) //nolint:misspell // smithy's
	if err != nil {
		return fmt.Errorf("replace the SDK's serializer: %w", err)
	}
	s.sdk = sdk
	return nil
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
	b := bodies.Get().(*body) //nolint:forcetypeassert // the pool holds nothing else
	b.text = appendInput(b.text[:0], input)
	b.Reset(b.text)

	u := request.URL
	u.Path = rooted(u.Path)
	u.RawPath = u.Path
	request.Method = "POST"
	// Before the clone that SetStream makes, so that it is made of little.
	if in.Request, err = withBody(request, b); err != nil {
		return out, metadata, &smithy.SerializationError{Err: err}
	}
	out, metadata, err = next.HandleSerialize(ctx, in)
	// Nobody reads the body any more, whatever the HTTP client still does:
	// smithy closes the client's view of it after each attempt. After a panic it
	// may not have, and the body is left to the garbage collector.
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

// body is what is sent. Retries and the signer read it from the start, and ask
// for its length.
type body struct {
	bytes.Reader
	text []byte
}

var bodies = sync.Pool{New: func() any { return new(body) }}

// maxPooled is the largest buffer that is kept for the next call: a full batch
// of small events takes some 20 KiB.
const maxPooled = 128 << 10

func (b *body) release() {
	b.Reset(nil)
	if cap(b.text) <= maxPooled {
		bodies.Put(b)
	}
}
