package service

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tracehaul/tracehaul/service/bearer"
	"github.com/tracehaul/tracehaul/service/bearer/bearertest"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// authenticated asks for tokens of an issuer.
func authenticated(issuer *bearertest.Issuer) func(*Config) {
	return func(c *Config) {
		c.Bearer = &bearer.Config{Issuer: issuer.URL, Scopes: []string{bearertest.Scope}, JWKS: string(issuer.JWKS())}
	}
}

// attributes are those of the span of the only request.
func (b *bundle) attributes(tb testing.TB) map[attribute.Key]string {
	tb.Helper()
	for _, span := range b.spans.Ended() {
		if strings.HasPrefix(span.Name(), "POST") {
			m := map[attribute.Key]string{}
			for _, a := range span.Attributes() {
				m[a.Key] = a.Value.String()
			}
			return m
		}
	}
	tb.Fatal("there is no span")
	return nil
}

func TestEvents_GoodToken_AcceptedAndSpanNamesClient(t *testing.T) {
	issuer := bearertest.New(t)
	b := setup(t, authenticated(issuer))
	for range 2 { // new, then known
		b.spans.Reset()
		r := post(cloudEvent("1"))
		r.Header.Set("Authorization", "Bearer "+issuer.Token(nil))
		if w := b.do(r); w.Code != http.StatusAccepted || w.Header().Get("WWW-Authenticate") != "" {
			t.Fatalf("status = %d; body %s", w.Code, w.Body)
		}
		if got := b.attributes(t)["enduser.id"]; got != bearertest.ClientID {
			t.Errorf("enduser.id = %q, want the client", got)
		}
	}
}

// unread is a body that must not be read.
type unread struct{ reads int }

func (u *unread) Read([]byte) (int, error) { u.reads++; return 0, io.EOF }
func (u *unread) Close() error             { return nil }

func TestEvents_WithoutGoodToken_RefusedBeforeBodyIsRead(t *testing.T) {
	issuer := bearertest.New(t)
	token := issuer.Token(nil)
	away := func(c *Config) {
		c.Bearer = &bearer.Config{Issuer: issuer.URL + "/away", Scopes: []string{bearertest.Scope}}
	}
	for name, tc := range map[string]struct {
		config    func(*Config)
		query     string
		header    []string
		status    int
		code      string
		challenge string
		client    string
	}{
		"none": {status: 401, code: bearer.CodeUnauthenticated, challenge: `Bearer realm="events", scope="` + bearertest.Scope + `"`},
		"two headers": {
			header: []string{"Bearer " + token, "Bearer " + token}, status: 400, code: bearer.CodeInvalidAuthorization, challenge: `Bearer error="invalid_request"`,
		},
		"query":   {query: "?access_token=" + token, status: 400, code: bearer.CodeInvalidAuthorization, challenge: `Bearer error="invalid_request"`},
		"garbage": {header: []string{"Bearer x"}, status: 401, code: bearer.CodeInvalidToken, challenge: `Bearer error="invalid_token"`},
		"expired": {
			header: []string{"Bearer " + issuer.Token(func(c map[string]any) { c["exp"] = 1 })},
			status: 401, code: bearer.CodeInvalidToken, challenge: `Bearer error="invalid_token"`,
		},
		"scope": {
			header: []string{"Bearer " + issuer.Token(func(c map[string]any) { c["scope"] = "x" })},
			status: 403, code: bearer.CodeInsufficientScope, challenge: `Bearer error="insufficient_scope", scope="` + bearertest.Scope + `"`,
			client: bearertest.ClientID,
		},
		"no keys": {config: away, header: []string{"Bearer " + token}, status: 503, code: bearer.CodeKeysUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			config := authenticated(issuer)
			if tc.config != nil {
				config = tc.config
			}
			b, body := setup(t, config), &unread{}
			r := httptest.NewRequest(http.MethodPost, "/v1/events"+tc.query, body)
			r.Header["Authorization"] = tc.header
			r.Header.Set("Content-Encoding", "gzip") // who may not come need not know what is wrong
			w := b.do(r)
			p := wantProblem(t, w, tc.status, tc.code)
			if body.reads > 0 {
				t.Errorf("the body was read %d times", body.reads)
			}
			if got := w.Header().Get("WWW-Authenticate"); got != tc.challenge {
				t.Errorf("WWW-Authenticate = %s, want %s", got, tc.challenge)
			}
			if retry := w.Header().Get("Retry-After") != ""; retry != (tc.status == 503) || w.Header().Get("Connection") != "close" {
				t.Errorf("headers = %v", w.Header())
			}
			if n := b.counted(t, semconv.MetricRefused, tc.code); n != 1 {
				t.Errorf("counted %d times as %s", n, tc.code)
			}
			a := b.attributes(t)
			if len(p.TraceID) != 32 || a["enduser.id"] != tc.client || a["tracehaul.reason"] != tc.code {
				t.Errorf("trace %q, attributes %v", p.TraceID, a)
			}
			log := b.log.String()
			if !strings.Contains(log, `"code":"`+tc.code+`"`) {
				t.Errorf("the log does not tell: %s", log)
			}
			for _, secret := range append(strings.Split(token, "."), tc.header...) {
				if text := log + fmt.Sprint(p, a); len(secret) > 20 && strings.Contains(text, secret) {
					t.Errorf("a token is repeated: %s", text)
				}
			}
			if n := len(b.sns.sizes()); n != 0 {
				t.Errorf("%d calls of SNS", n)
			}
		})
	}
}

// Over a real connection: the answer is there although not a byte of the body
// was sent, and nothing invites it.
func TestServer_NoToken_RefusedBeforeBodyIsSent(t *testing.T) {
	r := start(t, authenticated(bearertest.New(t)))
	for name, expect := range map[string]string{"at once": "", "when asked to": "Expect: 100-continue\r\n"} {
		t.Run(name, func(t *testing.T) {
			res, _ := r.raw(t, "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\n"+
				"Content-Length: 1000000\r\n"+expect+"\r\n")
			defer res.Body.Close()
			if p := decode[Problem](t, res.Body); res.StatusCode != http.StatusUnauthorized || !res.Close || p.Code != bearer.CodeUnauthenticated {
				t.Errorf("status %d, close %v, problem %+v", res.StatusCode, res.Close, p)
			}
		})
	}
}

// Only events need a token.
func TestOtherPaths_NoToken_Answered(t *testing.T) {
	b := setup(t, authenticated(bearertest.New(t)))
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/elsewhere": 404, "/v1/events": 405} {
		if w := b.do(httptest.NewRequest(http.MethodGet, path, http.NoBody)); w.Code != want {
			t.Errorf("%s: status %d, want %d", path, w.Code, want)
		}
	}
}

// A process that starts while the issuer is away says so, and is ready as soon
// as the keys are there.
func TestReady_IssuerAwayAtStart_NotUntilKeysAreThere(t *testing.T) {
	issuer := bearertest.New(t)
	issuer.Serve(http.NotFoundHandler())
	r := start(t, func(c *Config) {
		c.Bearer = &bearer.Config{Issuer: issuer.URL, Scopes: []string{bearertest.Scope}}
	})
	eventually(t, "/readyz says why it is not ready", func() bool {
		w := r.do(httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody))
		p := wantProblem(t, w, http.StatusServiceUnavailable, bearer.CodeKeysUnavailable)
		return strings.Contains(p.Detail, "status 404")
	})
	if status := r.get(t, "/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: status %d, but restarting helps nobody", status)
	}
	if log := r.log.String(); !strings.Contains(log, "the issuer's keys cannot be fetched") {
		t.Errorf("the service's log does not tell: %s", log)
	}
	issuer.Serve(nil)
	eventually(t, "ready", func() bool { return r.get(t, "/readyz") == http.StatusOK })
}
