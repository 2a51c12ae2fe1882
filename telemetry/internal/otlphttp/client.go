package otlphttp

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/tracehaul/tracehaul/telemetry/internal/export"
	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Config says where a Client sends, and how.
type Config struct {
	URL       *url.URL
	Header    http.Header
	Gzip      bool
	TLS       *tls.Config // nil for the system's roots
	UserAgent string
	Signer    *Signer // nil for none
}

// Client sends the requests of one signal. It is used by one goroutine.
type Client struct {
	c    Config
	http http.Client

	compressed bytes.Buffer
	gzip       *gzip.Writer
}

// maxResponse is how much of a response is read.
const maxResponse = 64 << 10

// New returns a client. It does not connect.
func New(c Config) *Client {
	return &Client{c: c, http: http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSClientConfig:     c.TLS,
			TLSHandshakeTimeout: 5 * time.Second,
			ForceAttemptHTTP2:   true,
			MaxIdleConns:        2,
			IdleConnTimeout:     60 * time.Second,
			// Responses are tiny; not asking for gzip means that none can
			// turn out huge.
			DisableCompression:     true,
			MaxResponseHeaderBytes: 64 << 10,
		},
		// Headers may hold keys, which must not follow a redirect elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close closes idle connections.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// Send makes one attempt at a request. Errors are of type [export.Error] where
// the collector answered.
func (c *Client) Send(ctx context.Context, request []byte) ([]byte, error) {
	request, err := c.compress(request)
	if err != nil {
		return nil, fmt.Errorf("compress the request: %w", err)
	}
	body := newBody(request)
	defer body.release()
	req, err := c.request(ctx, body)
	if err != nil {
		return nil, err
	}
	if c.c.Signer != nil {
		if err := c.c.Signer.sign(ctx, req, request); err != nil {
			return nil, &export.Error{Reason: semconv.DropCredentials, Err: fmt.Errorf("sign the request: %w", err)}
		}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.redact(err)
	}
	defer resp.Body.Close()
	response, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil && resp.StatusCode/100 == 2 {
		return nil, fmt.Errorf("read the response of %s: %w", c.name(), err)
	}
	return c.judge(resp, response)
}

func (c *Client) compress(request []byte) ([]byte, error) {
	if !c.c.Gzip {
		return request, nil
	}
	c.compressed.Reset()
	if c.gzip == nil {
		// The fastest level: OTLP repeats itself so much that the slower
		// ones gain little.
		w, err := gzip.NewWriterLevel(&c.compressed, gzip.BestSpeed)
		if err != nil {
			return nil, err
		}
		c.gzip = w
	} else {
		c.gzip.Reset(&c.compressed)
	}
	if _, err := c.gzip.Write(request); err != nil {
		return nil, err
	}
	if err := c.gzip.Close(); err != nil {
		return nil, err
	}
	return c.compressed.Bytes(), nil
}

func (c *Client) request(ctx context.Context, body *body) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.c.URL.String(), body.reader())
	if err != nil {
		return nil, c.redact(err)
	}
	req.ContentLength = int64(len(body.data))
	req.GetBody = func() (io.ReadCloser, error) { return body.reader(), nil }
	maps.Copy(req.Header, c.c.Header)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("User-Agent", c.c.UserAgent)
	if c.c.Gzip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	return req, nil
}

const contentType = "application/x-protobuf"

// judge says what a response means: see OTLP's specification, "OTLP/HTTP
// Response".
func (c *Client) judge(resp *http.Response, response []byte) ([]byte, error) {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode/100 == 2 {
		switch {
		case len(response) > maxResponse:
			return nil, &export.Error{
				Reason: semconv.DropGarbled,
				Err:    fmt.Errorf("%s answered with more than %d bytes: is it an OTLP endpoint?", c.name(), maxResponse),
			}
		case media == contentType:
			return response, nil
		case media == "text/html":
			return nil, &export.Error{
				Reason: semconv.DropGarbled,
				Err:    fmt.Errorf("%s answered with a web page: is it an OTLP endpoint?", c.name()),
			}
		default:
			return nil, nil // some collectors answer in JSON, or nothing
		}
	}
	e := &export.Error{Reason: semconv.DropRefused, Err: fmt.Errorf("%s answered %s%s", c.name(), resp.Status, detail(media, response))}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		e.Reason, e.Retry = semconv.DropUnavailable, true
		e.After = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	case http.StatusRequestEntityTooLarge:
		e.Reason = semconv.DropTooLarge
	}
	return nil, e
}

// detail is what the collector says about a refusal: the message of a
// google.rpc.Status, or the beginning of a text.
func detail(media string, response []byte) string {
	message := string(response)
	switch media {
	case contentType:
		status, err := otlp.ParseStatus(response)
		if err != nil {
			return ""
		}
		message = status
	case "text/plain", "application/json", "application/x-amz-json-1.1":
	default:
		return ""
	}
	if message == "" {
		return ""
	}
	return ": " + export.Quote(message)
}

// retryAfter reads a Retry-After header: seconds, or a date. Nonsense is no
// wish.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(now), 0)
	}
	return 0
}

// name is the endpoint without what may be secret in a URL.
func (c *Client) name() string {
	return c.c.URL.Scheme + "://" + c.c.URL.Host + c.c.URL.Path
}

// redact takes the URL out of an error, as it may hold a key.
func (c *Client) redact(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return fmt.Errorf("send to %s: %w", c.name(), err)
}
