package alblog_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tracehaul/tracehaul/internal/localcloud/alb"
)

// The local balancer writes the format by itself. What it writes of requests
// that try to break out of their field is read, and written the same.
func TestParse_LocalBalancer_WrittenTheSame(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	defer target.Close()
	for name, targets := range map[string][]string{"Target": {target.URL}, "NoTarget": nil} {
		balancer, err := alb.New(alb.Config{Targets: targets})
		if err != nil {
			t.Fatal(err)
		}
		for _, agent := range []string{"", "curl/8.4.0", `a" "b" - - "`, `c\" \x22`, "d\\", "\xff\xc3\xa9 e"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, `http://pay.example.com/v1/events?a="%20b"`, http.NoBody)
			r.Header.Set("User-Agent", agent)
			r.Header.Set("X-Amzn-Trace-Id", `Root=1-67891233-abcdef012345678912345678;X="y`)
			balancer.ServeHTTP(httptest.NewRecorder(), r)
			log := balancer.AccessLog()
			line := log[len(log)-1].Line
			e := parse(t, line)
			if e.UserAgent != agent || e.More != "" || e.TraceID != log[len(log)-1].TraceHeader {
				t.Errorf("%s: user agent %q, trace header %q and %q beyond; want %q and %q", name, e.UserAgent, e.TraceID, e.More, agent, log[len(log)-1].TraceHeader)
			}
			if got := written(&e); got != line {
				t.Errorf("%s\nis written as\n%s", line, got)
			}
		}
		balancer.Close()
	}
}
