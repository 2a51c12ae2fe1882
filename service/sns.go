package service

import (
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/tracehaul/tracehaul/internal/sdkhttp"
	"github.com/tracehaul/tracehaul/service/internal/snsform"
)

const (
	// attemptTimeout bounds one attempt at a call: SNS answers within some
	// 10 ms, and what hangs should be tried elsewhere while there is time.
	attemptTimeout = 3 * time.Second
	dialTimeout    = 2 * time.Second

	// maxBackoff bounds the wait between attempts. The SDK's own, 20 s, is
	// longer than any request waits.
	maxBackoff = 2 * time.Second

	// idleConnections is how many connections are kept. With the SDK's own
	// limit, 10 to a host, more calls at once than that would each pay for a
	// TLS handshake.
	idleConnections = 100
)

// NewSNS makes the SNS client that suits the service: attempts that end soon,
// short waits between them, connections for many calls at once, and a
// serializer that takes a tenth of the SDK's time. The number of attempts is the
// SDK's, see AWS_MAX_ATTEMPTS; [Config.PublishTimeout] bounds them all together.
// A retryer, the adaptive retry mode and an HTTP client that is not the SDK's own
// are taken over from cfg as they are.
func NewSNS(cfg aws.Config) *sns.Client {
	return sns.NewFromConfig(cfg, func(o *sns.Options) {
		if cfg.Retryer == nil && cfg.RetryMode != aws.RetryModeAdaptive {
			o.Retryer = retry.NewStandard(retryPolicy)
		}
		if client, ok := o.HTTPClient.(*awshttp.BuildableClient); ok {
			o.HTTPClient = httpClient(client)
		}
		o.HTTPClient = sdkhttp.New(o.HTTPClient)
		o.APIOptions = append(slices.Clip(o.APIOptions), snsform.Use)
	})
}

// retryPolicy is the SDK's standard one, bounded, plus SNS's own codes for
// throttling. The standard one does not know them: it gives up at once when
// KMS throttles the key of an encrypted topic, which comes with status 400.
func retryPolicy(o *retry.StandardOptions) {
	o.MaxBackoff = maxBackoff
	o.Retryables = append(o.Retryables, retry.RetryableErrorCode{Codes: throttles})
	o.Throttles = append(o.Throttles, retry.ThrottleErrorCode{Codes: throttles})
}

func httpClient(c *awshttp.BuildableClient) *awshttp.BuildableClient {
	if c.GetTimeout() == 0 {
		c = c.WithTimeout(attemptTimeout)
	}
	return c.
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConns, t.MaxIdleConnsPerHost = idleConnections, idleConnections
		})
}
