package sdkhttp_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tracehaul/tracehaul/internal/sdkhttp"
)

// lateWriter is a connection whose writes return later than they are done, as on
// a machine that does other things meanwhile.
type lateWriter struct {
	net.Conn

	until <-chan struct{}
}

func (c lateWriter) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if strings.Contains(string(p), "QueueUrl") { // the body
		<-c.until
	}
	return n, err
}

// receive receives a message of which the end arrives after net/http has learnt
// that the request is sent.
func receive(t *testing.T, wrap func(aws.HTTPClient) aws.HTTPClient) error {
	t.Helper()
	sent := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"Messages":[{"Body":"`)
		_ = http.NewResponseController(w).Flush()
		time.Sleep(200 * time.Millisecond) // the SDK closes the body
		close(sent)
		time.Sleep(200 * time.Millisecond) // net/http looks for more of it
		_, _ = fmt.Fprint(w, strings.Repeat("x", 100_000), `"}]}`)
	}))
	t.Cleanup(server.Close)
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		return lateWriter{c, sent}, err
	}}
	t.Cleanup(transport.CloseIdleConnections)
	client := sqs.New(sqs.Options{
		Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient: wrap(&http.Client{Transport: transport}), RetryMaxAttempts: 1, DisableMessageChecksumValidation: true,
	})
	out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String("http://q")})
	if err == nil && (len(out.Messages) != 1 || len(aws.ToString(out.Messages[0].Body)) != 100_000) {
		t.Error("the message is not what was sent")
	}
	return err
}

func TestClient_AnswerBeforeTheRequestIsOver_IsRead(t *testing.T) {
	t.Parallel()
	if err := receive(t, func(inner aws.HTTPClient) aws.HTTPClient { return sdkhttp.New(inner) }); err != nil {
		t.Error(err)
	}
}

// When the SDK no longer needs this package, this says so.
func TestSDK_AnswerBeforeTheRequestIsOver_IsCutOff(t *testing.T) {
	t.Parallel()
	for range 20 { // on a busy machine the SDK may be too slow to close the body
		if receive(t, func(inner aws.HTTPClient) aws.HTTPClient { return inner }) != nil {
			return
		}
	}
	t.Error("the SDK alone reads the whole answer: package sdkhttp can go")
}
