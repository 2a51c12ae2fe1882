package alb

import (
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Balancer is a load balancer with one listener and one target group. It is an
// [http.Handler]; whoever serves it binds loopback and gives the server
// [MaxHeaderBytes].
type Balancer struct {
	cfg       Config
	id        string // resource id: app/<name>/<16 hex>
	groupARN  string
	group     group
	transport *http.Transport
	seed      maphash.Seed // of connection ids
	stop      context.CancelFunc
	watchers  sync.WaitGroup

	mu      sync.Mutex
	entries []Entry // a ring
	written int     // entries ever written
}

// The limits of headers ("Quotas for your Application Load Balancers", HTTP
// headers). A server should accept a little more than MaxHeaderBytes, so
// that the balancer itself can refuse.
const (
	MaxHeaderBytes      = 64 * 1024
	maxResponseHeader   = 32 * 1024
	maxSingleHeader     = 16 * 1024
	maxRequestLine      = 16 * 1024
	maxForwardedFor     = 30 // addresses; more are answered 463
	statusClientClosed  = 460
	statusTooManyClient = 463
)

// New makes a balancer and starts to check its targets' health. It is to be
// closed.
func New(c Config) (*Balancer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.WithDefaults()
	const resource = "50dc6c495c0c9188"
	ctx, stop := context.WithCancel(context.Background())
	b := &Balancer{
		cfg:      c,
		id:       "app/" + c.Name + "/" + resource,
		groupARN: fmt.Sprintf("arn:aws:elasticloadbalancing:%s:%s:targetgroup/%s/73e2d6bc24d8a067", c.Region, c.AccountID, c.TargetGroup),
		transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: c.ConnectTimeout}).DialContext,
			ResponseHeaderTimeout:  c.IdleTimeout,
			MaxIdleConnsPerHost:    256,
			IdleConnTimeout:        c.IdleTimeout,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxResponseHeader,
		},
		seed:    maphash.MakeSeed(),
		stop:    stop,
		entries: make([]Entry, 0, c.KeepEntries),
	}
	for _, base := range c.Targets {
		u, err := url.Parse(base)
		if err != nil {
			stop()
			return nil, fmt.Errorf("alb: target: %w", err)
		}
		t := &target{url: u, unhealthy: c.HealthPath != ""}
		b.group.targets = append(b.group.targets, t)
		if c.HealthPath != "" {
			b.watchers.Go(func() { b.watch(ctx, t) })
		}
	}
	return b, nil
}

// Close ends the health checks and the idle connections to the targets.
func (b *Balancer) Close() {
	b.stop()
	b.watchers.Wait()
	b.transport.CloseIdleConnections()
}

// ID is the balancer's resource id, as its metrics and its log name it.
func (b *Balancer) ID() string { return b.id }

// HealthyTargets is the number of targets that pass their health check.
func (b *Balancer) HealthyTargets() int { return b.group.healthy() }

// AccessLog returns the kept entries, the oldest first.
func (b *Balancer) AccessLog() []Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.written <= len(b.entries) {
		return append([]Entry(nil), b.entries...)
	}
	oldest := b.written % len(b.entries)
	return append(append([]Entry(nil), b.entries[oldest:]...), b.entries[:oldest]...)
}

func (b *Balancer) log(r record) {
	e := Entry{TraceHeader: r.traceHeader, Line: r.line(b.id, b.groupARN)}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.entries) < b.cfg.KeepEntries {
		b.entries = append(b.entries, e)
	} else {
		b.entries[b.written%b.cfg.KeepEntries] = e
	}
	b.written++
	if b.cfg.AccessLog != nil {
		_, _ = io.WriteString(b.cfg.AccessLog, e.Line+"\n") // best effort, as a balancer's log is: see Config.AccessLog
	}
}

// refusal is the status for a request that no target gets to see, or 0
// ("Troubleshoot your Application Load Balancers", HTTP 400, 405, 414 and 463).
func refusal(r *http.Request) int {
	if r.Method == http.MethodTrace {
		return http.StatusMethodNotAllowed
	}
	if len(r.Method)+len(r.RequestURI)+len(r.Proto)+2 > maxRequestLine {
		return http.StatusRequestURITooLong
	}
	for name, values := range r.Header {
		for _, v := range values {
			if len(name)+len(v) > maxSingleHeader {
				return http.StatusBadRequest
			}
		}
	}
	if headerBytes(r.Header) > MaxHeaderBytes {
		return http.StatusBadRequest
	}
	if strings.Count(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",") >= maxForwardedFor {
		return statusTooManyClient
	}
	return 0
}

// ServeHTTP forwards one request and logs it.
func (b *Balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	rec := record{
		client: r.RemoteAddr, created: now,
		method: r.Method, url: "http://" + hostPort(r) + r.URL.RequestURI(), proto: r.Proto,
		userAgent: r.UserAgent(), traceHeader: nextTraceHeader(r.Header, now), connection: b.connectionID(r.RemoteAddr),
	}
	f := forwarding{balancer: b, record: &rec, response: w, request: r}
	defer func() {
		rec.done = time.Now()
		b.log(rec)
	}()
	if status := refusal(r); status != 0 {
		f.answer(status)
		return
	}
	rec.forwarded = true
	target := b.group.pick()
	if target == nil {
		f.answer(http.StatusServiceUnavailable) // "HTTP 503: the target groups have no registered targets"
		return
	}
	f.forward(r.Context(), target)
}

// connectionID is the same for all requests on a connection, by which the
// access log is joined with the connection log.
func (b *Balancer) connectionID(client string) string {
	return fmt.Sprintf("TID_%016x%016x", maphash.String(b.seed, client), maphash.String(b.seed, "\x00"+client))
}

// hostPort is the host the client named, with the port, as the log shows it.
func hostPort(r *http.Request) string {
	if _, _, err := net.SplitHostPort(r.Host); err == nil {
		return r.Host
	}
	return net.JoinHostPort(r.Host, "80")
}
