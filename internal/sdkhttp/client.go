// Package sdkhttp keeps the AWS SDK's requests from ending the connection that
// their answer comes on.
//
// The SDK closes the body of a request as soon as the answer begins, and net/http
// may then still have to look whether anything comes after what it has sent: on a
// busy machine, or one that is throttled, the answer is quicker. From a body of
// the SDK that is closed, Read returns 0 and [io.EOF], as it should. But most are
// an [io.WriterTo] as well, of which [io.EOF] is a failure, and net/http closes
// the connection: the rest of the answer is lost. What a queue has received by
// it is then hidden, and what a topic has published is published again.
package sdkhttp

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// Client is an HTTP client that reads bodies by Read alone.
type Client struct{ aws.HTTPClient }

// New returns a client that calls another one: for nil, one with the SDK's
// settings.
func New(inner aws.HTTPClient) Client {
	if inner == nil {
		inner = awshttp.NewBuildableClient()
	}
	return Client{inner}
}

// Do sends a request, whose body it wraps.
func (c Client) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = body{r.Body}
	}
	return c.HTTPClient.Do(r)
}

// body hides all other methods.
type body struct{ io.ReadCloser }
