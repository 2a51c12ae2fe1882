package alb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// forwarding is one request on its way to a target and back.
type forwarding struct {
	balancer *Balancer
	record   *record
	response http.ResponseWriter
	request  *http.Request
	sentAt   atomic.Int64 // Unix nanoseconds; a goroutine of the transport sets it
}

// hopByHop are the header fields that belong to one connection (RFC 9110,
// section 7.6.1).
var hopByHop = []string{"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

func (f *forwarding) forward(ctx context.Context, target *url.URL) {
	body := &countingReader{from: f.request.Body}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:      func(c httptrace.GotConnInfo) { f.record.target = c.Conn.RemoteAddr().String() },
		WroteRequest: func(httptrace.WroteRequestInfo) { f.sentAt.Store(time.Now().UnixNano()) },
	})
	out := f.outgoing(ctx, target, body)
	answer, err := f.balancer.transport.RoundTrip(out)
	f.record.receivedBytes = requestBytes(f.request) + body.read.Load()
	if err != nil {
		f.answer(f.statusFor(err))
		return
	}
	defer answer.Body.Close()
	f.record.answered = time.Now()
	f.record.sent = f.record.answered // a target may answer before it has read all
	if at := f.sentAt.Load(); at != 0 {
		f.record.sent = time.Unix(0, at)
	}
	f.record.targetStatus, f.record.elbStatus = answer.StatusCode, answer.StatusCode
	f.copy(answer)
}

// outgoing is the request as the target sees it. traceparent and everything
// else passes untouched.
func (f *forwarding) outgoing(ctx context.Context, target *url.URL, body *countingReader) *http.Request {
	out := f.request.Clone(ctx)
	out.URL.Scheme, out.URL.Host = target.Scheme, target.Host
	out.RequestURI = ""
	out.Body = io.NopCloser(body)
	if f.request.ContentLength == 0 {
		out.Body = http.NoBody
	}
	for name := range strings.SplitSeq(f.request.Header.Get("Connection"), ",") {
		out.Header.Del(strings.TrimSpace(name))
	}
	for _, name := range hopByHop {
		out.Header.Del(name)
	}
	out.Header.Set(traceHeader, f.record.traceHeader)
	f.setForwarded(out.Header)
	if out.UserAgent() == "" {
		out.Header["User-Agent"] = nil // do not add Go's
	}
	return out
}

// setForwarded appends the client's address and states protocol and port
// ("HTTP headers and Application Load Balancers", X-Forwarded headers).
func (f *forwarding) setForwarded(h http.Header) {
	client, _, err := net.SplitHostPort(f.request.RemoteAddr)
	if err != nil {
		client = f.request.RemoteAddr
	}
	h.Set("X-Forwarded-For", strings.Join(append(h.Values("X-Forwarded-For"), client), ", "))
	h.Set("X-Forwarded-Proto", "http")
	if _, port, err := net.SplitHostPort(hostPort(f.request)); err == nil {
		h.Set("X-Forwarded-Port", port)
	}
}

// statusFor is what the client is told when no response came ("Troubleshoot
// your Application Load Balancers", HTTP 460, 502 and 504). A client that has
// gone is told nothing; the log keeps its 460.
func (f *forwarding) statusFor(err error) int {
	var timeout net.Error
	switch {
	case f.request.Context().Err() != nil:
		return statusClientClosed
	case errors.As(err, &timeout) && timeout.Timeout():
		return http.StatusGatewayTimeout
	case strings.Contains(err.Error(), "timeout awaiting response headers"):
		return http.StatusGatewayTimeout
	default:
		return http.StatusBadGateway
	}
}

// answer is the balancer's own response.
func (f *forwarding) answer(status int) {
	f.record.elbStatus = status
	if f.record.receivedBytes == 0 {
		f.record.receivedBytes = requestBytes(f.request)
	}
	text := http.StatusText(status)
	if text == "" {
		text = "Error"
	}
	body := fmt.Sprintf("<html>\n<head><title>%d %s</title></head>\n<body><h1>%d %s</h1></body>\n</html>\n", status, text, status, text)
	h := f.response.Header()
	h.Set("Server", "awselb/2.0")
	h.Set("Content-Type", "text/html")
	f.record.sentBytes = headerBytes(h) + int64(len(body))
	f.response.WriteHeader(status)
	_, _ = io.WriteString(f.response, body) // the client may have gone
}

func (f *forwarding) copy(answer *http.Response) {
	h := f.response.Header()
	maps.Copy(h, answer.Header)
	for _, name := range hopByHop {
		h.Del(name)
	}
	f.response.WriteHeader(answer.StatusCode)
	n, err := io.Copy(flusher{f.response}, answer.Body)
	f.record.sentBytes = headerBytes(h) + n
	if err != nil && f.request.Context().Err() != nil {
		f.record.elbStatus = statusClientClosed
	}
}

// flusher sends on what it is given at once.
type flusher struct{ to http.ResponseWriter }

func (w flusher) Write(b []byte) (int, error) {
	n, err := w.to.Write(b)
	if err == nil {
		_ = http.NewResponseController(w.to).Flush() // not every writer can
	}
	return n, err
}

type countingReader struct {
	from io.Reader
	read atomic.Int64 // a goroutine of the transport reads
}

func (r *countingReader) Read(b []byte) (int, error) {
	n, err := r.from.Read(b)
	r.read.Add(int64(n))
	return n, err
}

// requestBytes is the size of the request's line and header.
func requestBytes(r *http.Request) int64 {
	return int64(len(r.Method)+len(r.RequestURI)+len(r.Proto)+4) + headerBytes(r.Header)
}
