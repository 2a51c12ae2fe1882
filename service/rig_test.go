package service

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/tracehaul/tracehaul/internal/bare"
	"github.com/tracehaul/tracehaul/internal/memory"
	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/awssdk"
)

// rig is a service under load as it runs in production: its own HTTP server,
// the real SDK client over HTTP, and, instrumented, everything that
// cmd/service switches on, every request sampled, with a collector that takes
// whatever comes.
type rig struct {
	*Service

	addr  string
	calls atomic.Int64 // of PublishBatch
	close func()
}

// newRig starts a rig. latency is what SNS takes for a call.
func newRig(tb testing.TB, instrumented bool, latency time.Duration) *rig {
	tb.Helper()
	percent := debug.SetGCPercent(memory.Percent) // as in cmd/service
	r := &rig{}
	server := httptest.NewServer(confirmingSNS(&r.calls, latency))
	cfg := aws.Config{
		Region: "eu-west-1", BaseEndpoint: &server.URL, HTTPClient: awshttp.NewBuildableClient(),
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	}
	c := Config{TopicARN: testTopic, MeterProvider: bare.MeterProvider{}, DrainGrace: -1, Logger: slog.New(slog.DiscardHandler)}
	stopTelemetry := func() {}
	if instrumented {
		var tel *telemetry.Telemetry
		tel, stopTelemetry = newTelemetry(tb)
		awssdk.Instrument(&cfg, awssdk.Config{TracerProvider: tel.TracerProvider(), MeterProvider: tel.MeterProvider()})
		c.TracerProvider, c.MeterProvider, c.Propagator, c.Logger = tel.TracerProvider(), tel.MeterProvider(), tel.Propagator(), tel.Logger()
	}
	c.SNS = NewSNS(cfg)
	s, err := New(c)
	if err != nil {
		tb.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, l) }()
	r.Service, r.addr = s, l.Addr().String()
	r.close = func() {
		stop()
		if err := <-done; err != nil {
			tb.Error(err)
		}
		debug.SetGCPercent(percent)
		stopTelemetry()
		server.CloseClientConnections()
		server.Close()
	}
	return r
}

// newTelemetry is the telemetry of cmd/service.
func newTelemetry(tb testing.TB) (tel *telemetry.Telemetry, stop func()) {
	tb.Helper()
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	cfg, err := telemetry.ConfigFromEnv(func(name string) string {
		return map[string]string{
			"OTEL_SERVICE_NAME": "bench", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_LOGS_EXPORTER": "none",
		}[name]
	})
	if err != nil {
		tb.Fatal(err)
	}
	cfg.LogWriter = io.Discard
	tel, err = telemetry.Setup(context.Background(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return tel, func() {
		_ = tel.Shutdown(context.Background())
		collector.CloseClientConnections()
		collector.Close()
	}
}

// confirmingSNS answers PublishBatch, in SNS's wire format, at little cost.
func confirmingSNS(calls *atomic.Int64, latency time.Duration) http.Handler {
	var answers [maxEntries + 1]string
	for n := range answers {
		var b strings.Builder
		b.WriteString(`<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Failed/><Successful>`)
		for i := range n {
			fmt.Fprintf(&b, `<member><MessageId>m</MessageId><Id>%d</Id></member>`, i)
		}
		b.WriteString(`</Successful></PublishBatchResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishBatchResponse>`)
		answers[n] = b.String()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		body, _ := io.ReadAll(r.Body)
		if latency > 0 {
			time.Sleep(latency)
		}
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, answers[bytes.Count(body, []byte(".Id="))])
	})
}

// load posts requests over a number of connections, n in all, and returns how
// long each took. The client is as cheap as it can be: it shares the machine
// with what is measured.
func (r *rig) load(tb testing.TB, connections, n int) []time.Duration {
	tb.Helper()
	took := make([]time.Duration, n)
	var next atomic.Int64
	var group sync.WaitGroup
	for range connections {
		group.Go(func() {
			c, err := newCheapClient(r.addr)
			if err != nil {
				tb.Error(err)
				return
			}
			defer c.Close()
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				began := time.Now()
				if err := c.post(); err != nil {
					tb.Error(err)
					return
				}
				took[i] = time.Since(began)
			}
		})
	}
	group.Wait()
	return took
}

// cheapClient posts the same request over one connection.
type cheapClient struct {
	net.Conn

	r       *bufio.Reader
	request []byte
	status  string // of the answers
}

func newCheapClient(addr string) (*cheapClient, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	body := cloudEvent("0191f6a0-5f3c-7c30-9d0f-0a1b2c3d4e5f")
	request := fmt.Sprintf("POST /v1/events HTTP/1.1\r\nHost: ingest.example\r\nUser-Agent: bench\r\nContent-Type: application/cloudevents+json\r\n"+
		"X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n"+
		"X-Amzn-Trace-Id: %s\r\nContent-Length: %d\r\n\r\n%s", albHeader, len(body), body)
	return &cheapClient{Conn: c, r: bufio.NewReader(c), request: []byte(request), status: "HTTP/1.1 202"}, nil
}

var errStatus = errors.New("the answer is another one")

func (c *cheapClient) post() error {
	if _, err := c.Write(c.request); err != nil {
		return err
	}
	status, err := c.r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(status, []byte(c.status)) {
		return fmt.Errorf("%w: %s", errStatus, status)
	}
	length := 0
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == 2 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(value)))
		}
	}
	_, err = c.r.Discard(length)
	return err
}

// quietSNS confirms everything and remembers nothing.
type quietSNS struct{}

func (quietSNS) PublishBatch(_ context.Context, in *sns.PublishBatchInput, _ ...func(*sns.Options)) (*sns.PublishBatchOutput, error) {
	return confirm(in), nil
}
