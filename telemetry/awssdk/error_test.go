package awssdk_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/auth"
	"go.opentelemetry.io/otel/codes"

	"github.com/tracehaul/tracehaul/telemetry/awssdk"
)

func TestInstrument_Errors_HaveShortTypes(t *testing.T) {
	t.Parallel()
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancelLate := context.WithTimeout(context.Background(), time.Nanosecond)
	t.Cleanup(cancelLate)
	plain := func(status int, body string) func(int, received) answer {
		return func(int, received) answer { return answer{status: status, body: body} }
	}
	answered := func(err error) func(*aws.Config) {
		return func(c *aws.Config) {
			c.HTTPClient = clientFunc(func(*http.Request) (*http.Response, error) { return nil, err })
		}
	}
	credentials := func(err error) func(*aws.Config) {
		return func(c *aws.Config) {
			c.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, err })
		}
	}
	for name, test := range map[string]struct {
		ctx     context.Context
		respond func(int, received) answer
		change  func(*aws.Config)
		client  func(*sqs.Options)
		want    string
	}{
		"service's code":    {respond: plain(400, `{"__type":"com.amazonaws.sqs#QueueDoesNotExist"}`), want: "QueueDoesNotExist"},
		"no code":           {respond: plain(502, `<html>secret</html>`), want: "502"},
		"odd code":          {respond: plain(400, `{"__type":"sorry, secret"}`), want: "400"},
		"unreadable answer": {respond: plain(200, `<html>secret</html>`), want: "invalid_response"},
		"canceled":          {ctx: canceled, want: "canceled"},
		"deadline":          {ctx: late, want: "deadline_exceeded"},
		"timeout":           {change: answered(timeoutError{}), want: "timeout"},
		// As net and net/http make it: it says that it is a context's.
		"timeout of a client": {change: answered(fmt.Errorf("secret: %w", context.DeadlineExceeded)), want: "timeout"},
		"no connection":       {change: func(c *aws.Config) { c.BaseEndpoint = new("http://127.0.0.1:1") }, want: "connection_failed"},
		"unknown host":        {change: answered(&net.DNSError{Err: "no such host", Name: "secret", IsNotFound: true}), want: "connection_failed"},
		"no region":           {change: func(c *aws.Config) { c.Region, c.BaseEndpoint = "", nil }, want: "no_endpoint"},
		"bad endpoint":        {change: func(c *aws.Config) { c.BaseEndpoint = new("::secret::") }, want: "no_endpoint"},
		"no credentials":      {change: credentials(errors.New("secret")), want: "no_credentials"},
		"credentials of a role that is refused": {
			change: credentials(&smithy.OperationError{ServiceID: "STS", Err: &smithy.GenericAPIError{Code: "AccessDenied", Message: "secret"}}),
			want:   "no_credentials",
		},
		"signer fails":      {client: func(o *sqs.Options) { o.HTTPSignerV4 = brokenSigner{} }, want: "signing_failed"},
		"nobody who signs":  {client: func(o *sqs.Options) { o.AuthSchemeResolver = schemes{} }, want: "signing_failed"},
		"schemes not found": {client: func(o *sqs.Options) { o.AuthSchemeResolver = schemes{errors.New("secret")} }, want: "signing_failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := awssdk.Config{}
			respond := test.respond
			if respond == nil {
				respond = plain(200, `{}`)
			}
			b := newBundle(t, &c, respond)
			b.cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
			if test.change != nil {
				test.change(&b.cfg)
			}
			awssdk.Instrument(&b.cfg, c)
			ctx := test.ctx
			if ctx == nil {
				ctx = context.Background()
			}
			var options []func(*sqs.Options)
			if test.client != nil {
				options = append(options, test.client)
			}
			_, err := sqs.NewFromConfig(b.cfg, options...).ListQueues(ctx, &sqs.ListQueuesInput{})
			if err == nil {
				t.Fatal("no error")
			}
			span := b.span(t, "SQS.ListQueues")
			if got := attributes(span)["error.type"]; got != test.want {
				t.Errorf("error.type = %q, want %q, of %v", got, test.want, err)
			}
			if span.Status().Code != codes.Error || span.Status().Description != "" || len(span.Events()) != 0 {
				t.Errorf("status %+v, events %v", span.Status(), span.Events())
			}
		})
	}
}

func TestInstrument_InputThatSDKRefuses_IsTold(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(_ int, r received) answer { return snsOK(r) })
	if _, err := sns.NewFromConfig(b.cfg).PublishBatch(context.Background(), &sns.PublishBatchInput{}); err == nil {
		t.Fatal("no error")
	}
	if got := attributes(b.span(t, "send"))["error.type"]; got != "invalid_input" {
		t.Errorf("error.type = %q", got)
	}
	b.received(t, 0)
}

// S3 asks for its endpoint when it chooses how to sign.
func TestInstrument_CallsOfS3ThatGoNowhere_AreTold(t *testing.T) {
	t.Parallel()
	for want, test := range map[string]struct{ region, key string }{
		"no_endpoint":   {region: "", key: "secret"},
		"invalid_input": {region: "eu-west-1", key: ""},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			c := awssdk.Config{}
			b := newBundle(t, &c, func(int, received) answer { return answer{} })
			b.cfg.Region, b.cfg.BaseEndpoint = test.region, nil
			awssdk.Instrument(&b.cfg, c)
			_, err := s3.NewFromConfig(b.cfg).GetObject(context.Background(), &s3.GetObjectInput{Bucket: new("uploads"), Key: new(test.key)})
			if got := attributes(b.span(t, "S3.GetObject"))["error.type"]; got != want {
				t.Errorf("error.type = %q, of %v", got, err)
			}
			b.received(t, 0)
		})
	}
}

type clientFunc func(*http.Request) (*http.Response, error)

func (f clientFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

type brokenSigner struct{}

func (brokenSigner) SignHTTP(context.Context, aws.Credentials, *http.Request, string, string, string, time.Time, ...func(*v4.SignerOptions)) error {
	return errors.New("secret")
}

// schemes resolves no way to sign.
type schemes struct{ err error }

func (s schemes) ResolveAuthSchemes(context.Context, *sqs.AuthResolverParameters) ([]*auth.Option, error) {
	return nil, s.err
}

type timeoutError struct{}

func (timeoutError) Error() string   { return "secret" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

var _ net.Error = timeoutError{}
