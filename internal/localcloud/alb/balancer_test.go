package alb_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tracehaul/tracehaul/internal/localcloud/alb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is for what should happen, on a machine however busy.
const patience = 30 * time.Second

const root = "Root=1-67891233-abcdef012345678912345678"

// bundle is a balancer with a client before and a target behind it.
type bundle struct {
	t        *testing.T
	balancer *alb.Balancer
	front    *httptest.Server
	client   *http.Client
}

func setup(t *testing.T, c alb.Config, target http.HandlerFunc) bundle {
	t.Helper()
	if target != nil {
		back := httptest.NewServer(target)
		t.Cleanup(back.Close)
		c.Targets = append(c.Targets, back.URL)
	}
	b, err := alb.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	front := httptest.NewUnstartedServer(b)
	front.Config.MaxHeaderBytes = 2 * alb.MaxHeaderBytes
	front.Start()
	t.Cleanup(front.Close)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return bundle{t, b, front, client}
}

func (b bundle) do(method, path string, body io.Reader, header http.Header) (int, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.front.URL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	maps.Copy(r.Header, header)
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return response.StatusCode, string(got)
}

// entry waits for the access log to hold n entries and returns the last one.
func (b bundle) entry(n int) alb.Entry {
	b.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if log := b.balancer.AccessLog(); len(log) >= n {
			return log[n-1]
		}
	}
	b.t.Fatalf("no entry %d in the access log", n)
	return alb.Entry{}
}

// healthy waits until so many targets are.
func (b bundle) healthy(want int) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); b.balancer.HealthyTargets() != want; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("%d healthy targets, want %d", b.balancer.HealthyTargets(), want)
		}
	}
}

func echo(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header.Get(name)) }
}

// The table of "Request tracing for your Application Load Balancer".
func TestTraceHeader_ByTheGuide(t *testing.T) {
	const id = `1-[0-9a-f]{8}-[0-9a-f]{24}`
	tests := map[string]struct{ came, want string }{
		"none":                    {"", `^Root=` + id + `$`},
		"root":                    {root, `^Self=` + id + `;` + root + `$`},
		"root and a custom field": {root + ";CalledFrom=app", `^Self=` + id + `;` + root + `;CalledFrom=app$`},
		"self and root":           {"Self=1-67891234-12456789abcdef012345678;" + root, `^Self=1-[^1].*;` + root + `$`},
		"custom field before":     {"CalledFrom=app; " + root, `^Self=` + id + `;` + root + `;CalledFrom=app$`},
		"no root":                 {"CalledFrom=app", `^Root=` + id + `;CalledFrom=app$`},
		"parent and sampled":      {root + ";Parent=53995c3f42cd8ad8;Sampled=1", `^Self=` + id + `;` + root + `;Parent=53995c3f42cd8ad8;Sampled=1$`},
	}
	b := setup(t, alb.Config{}, echo("X-Amzn-Trace-Id"))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			header := http.Header{}
			if tt.came != "" {
				header.Set("X-Amzn-Trace-Id", tt.came)
			}
			_, got := b.do("GET", "/", nil, header)
			if !regexp.MustCompile(tt.want).MatchString(got) {
				t.Errorf("target got %q, want %s", got, tt.want)
			}
		})
	}
}

// "If the HTTP headers are greater than 7 KB, the load balancer rewrites the
// X-Amzn-Trace-Id header with a Root field."
func TestTraceHeader_HeadersOver7KB_NewRoot(t *testing.T) {
	b := setup(t, alb.Config{}, echo("X-Amzn-Trace-Id"))
	_, got := b.do("GET", "/", nil, http.Header{"X-Amzn-Trace-Id": {root}, "X-Large": {strings.Repeat("x", 7*1024)}})
	if !strings.HasPrefix(got, "Root=1-") || strings.Contains(got, root) {
		t.Errorf("target got %q, want a new Root alone", got)
	}
}

func TestForward_OtherHeaders_AsTheyShouldBe(t *testing.T) {
	seen := make(chan http.Header, 1)
	b := setup(t, alb.Config{}, func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header.Clone() })
	const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	b.do("POST", "/v1/events", strings.NewReader("{}"), http.Header{
		"Traceparent": {traceparent}, "Tracestate": {"a=b"}, "X-Forwarded-For": {"203.0.113.7"}, "Connection": {"X-Drop"}, "X-Drop": {"1"},
	})
	got := <-seen
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(b.front.URL, "http://"))
	for name, want := range map[string]string{
		"Traceparent": traceparent, "Tracestate": "a=b", "X-Forwarded-For": "203.0.113.7, 127.0.0.1",
		"X-Forwarded-Proto": "http", "X-Forwarded-Port": port, "X-Drop": "",
	} {
		if got.Get(name) != want {
			t.Errorf("%s = %q, want %q", name, got.Get(name), want)
		}
	}
}

var logLine = regexp.MustCompile(`^http \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z app/dev-api/[0-9a-f]{16} 127\.0\.0\.1:\d+ (127\.0\.0\.1:\d+|-) ` +
	`(-1|\d+\.\d{3}) (-1|\d+\.\d{3}) (-1|\d+\.\d{3}) (\d{3}) (\d{3}|-) \d+ \d+ ` +
	`"(?P<request>[^"]*)" "(?P<agent>[^"]*)" - - (arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/dev-api/[0-9a-f]{16}|-) ` +
	`"(?P<trace>[^"]*)" "-" "-" (?P<rule>0|-) \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z "(?P<action>forward|-)" "-" "-" "(127\.0\.0\.1:\d+|-)" "(\d{3}|-)" "-" "-" ` +
	`(?P<conn>TID_[0-9a-f]{32}) "-" "-" "-"$`)

func TestAccessLog_OneRequest_EveryFieldInOrder(t *testing.T) {
	b := setup(t, alb.Config{Name: "dev-api", TargetGroup: "dev-api"}, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the target's time begins when it has all
		time.Sleep(20 * time.Millisecond)
		w.WriteHeader(http.StatusAccepted)
	})
	b.do("POST", "/v1/events?x=1", strings.NewReader(`{"a":1}`), http.Header{"User-Agent": {`odd "agent" \ ü`}, "X-Amzn-Trace-Id": {root}})
	e := b.entry(1)
	m := logLine.FindStringSubmatch(e.Line)
	if m == nil {
		t.Fatalf("entry does not have the documented form: %s", e.Line)
	}
	if took := m[3]; took < "0.020" {
		t.Errorf("target processing time %s, want at least 0.020", took)
	}
	got := map[string]string{"elb": m[5], "target": m[6], "request": m[logLine.SubexpIndex("request")], "agent": m[logLine.SubexpIndex("agent")]}
	want := map[string]string{
		"elb": "202", "target": "202",
		"request": "POST " + b.front.URL + "/v1/events?x=1 HTTP/1.1",
		"agent":   `odd \x22agent\x22 \x5C \xC3\xBC`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if trace := m[logLine.SubexpIndex("trace")]; trace != e.TraceHeader || !strings.HasSuffix(trace, root) {
		t.Errorf("trace_id %q, entry's %q", trace, e.TraceHeader)
	}
}

// Until a body has ended it is the client who takes its time, if it does not say
// before how long the body is.
func TestAccessLog_SlowUpload_IsNotTheTargetsTime(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	b := setup(t, alb.Config{Name: "dev-api", TargetGroup: "dev-api"}, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadFull(r.Body, make([]byte, 1))
		close(begun)
		_, _ = io.Copy(io.Discard, r.Body)
	})
	body, in := io.Pipe()
	go func() {
		_, _ = io.WriteString(in, "x")
		<-begun
		time.Sleep(300 * time.Millisecond)
		in.Close()
	}()
	b.do("POST", "/", body, nil)
	m := logLine.FindStringSubmatch(b.entry(1).Line)
	if m == nil || m[2] < "0.300" {
		t.Errorf("request processing time is not that of the upload, at least 0.300: %s", b.entry(1).Line)
	}
}

func TestAccessLog_Ring_KeepsTheLatest(t *testing.T) {
	var lines strings.Builder
	b := setup(t, alb.Config{KeepEntries: 3, AccessLog: &lines}, echo(""))
	for i := range 5 {
		b.do("GET", fmt.Sprintf("/%d", i), nil, nil)
		b.entry(min(i+1, 3))
	}
	b.front.Close()
	var got []string
	for _, e := range b.balancer.AccessLog() {
		got = append(got, regexp.MustCompile(`/(\d) HTTP`).FindStringSubmatch(e.Line)[1])
	}
	if diff := cmp.Diff([]string{"2", "3", "4"}, got); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	if n := strings.Count(lines.String(), "\n"); n != 5 {
		t.Errorf("%d lines written, want 5", n)
	}
}

func TestNew_BadSettings_AreReportedTogether(t *testing.T) {
	_, err := alb.New(alb.Config{Targets: []string{"https://x", "nowhere"}, HealthInterval: -1, HealthTimeout: -1, UnhealthyThreshold: -1})
	for _, want := range []string{`"https://x"`, `"nowhere"`, "HealthInterval -1ns", "HealthTimeout -1ns", "UnhealthyThreshold -1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in %v", want, err)
		}
	}
}

func TestConfig_HealthTimeout_IsTheIntervalUnlessSet(t *testing.T) {
	c := alb.Config{HealthInterval: 7 * time.Second}
	if got := c.WithDefaults().HealthTimeout; got != 7*time.Second {
		t.Errorf("a check may take %v, want the interval of 7s", got)
	}
	c.HealthTimeout = time.Second
	if got := c.WithDefaults().HealthTimeout; got != time.Second {
		t.Errorf("a check may take %v, want 1s as was set", got)
	}
}

func TestForward_ResponseInPieces_NotHeldBack(t *testing.T) {
	b := setup(t, alb.Config{}, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "first")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.front.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	piece := make([]byte, 5)
	if n, err := io.ReadFull(response.Body, piece); err != nil || string(piece[:n]) != "first" {
		t.Errorf("first piece %q, %v", piece[:n], err)
	}
}

func TestAccessLog_OneConnection_HasOneID(t *testing.T) {
	b := setup(t, alb.Config{Name: "dev-api", TargetGroup: "dev-api"}, echo(""))
	id := func(n int) string {
		m := logLine.FindStringSubmatch(b.entry(n).Line)
		if m == nil {
			t.Fatalf("entry %s", b.entry(n).Line)
		}
		return m[logLine.SubexpIndex("conn")]
	}
	b.do("GET", "/", nil, nil)
	b.do("GET", "/", nil, nil)
	b.client.CloseIdleConnections()
	b.do("GET", "/", nil, nil)
	if id(1) != id(2) || id(1) == id(3) {
		t.Errorf("ids %s, %s and, on another connection, %s", id(1), id(2), id(3))
	}
}
