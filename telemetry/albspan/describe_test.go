package albspan_test

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/telemetry/alblog"
	"github.com/tracehaul/tracehaul/telemetry/albspan"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// write shows all that a span holds.
func write(b *strings.Builder, s albspan.Span) {
	fmt.Fprintf(b, "%s %s-%s parent %s failed %v\n", s.Name, s.TraceID, s.SpanID, s.Parent, s.Failed)
	fmt.Fprintf(b, "  %s for %v\n", s.Start.Format(time.RFC3339Nano), s.End.Sub(s.Start))
	for _, e := range s.Events {
		fmt.Fprintf(b, "  at %v %s\n", e.Time.Sub(s.Start), e.Name)
	}
	all := attributesOf(s)
	for _, key := range keys(all) {
		fmt.Fprintf(b, "  %s = %s\n", key, all[key])
	}
	b.WriteByte('\n')
}

func TestDescribe_DocumentedEntries(t *testing.T) {
	var got strings.Builder
	for _, line := range documented(t) {
		write(&got, albspan.Describe(parse(t, line)))
	}
	const golden = "testdata/documented.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the spans are\n%s\nwant, as in %s,\n%s", got.String(), golden, want)
	}
}

func TestDescribe_Outcomes(t *testing.T) {
	none := func(*alblog.Entry) {}
	unreached := func(e *alblog.Entry) {
		e.Target, e.TargetStatus, e.TargetList, e.TargetStatusList = netip.AddrPort{}, 0, "", ""
		e.RequestProcessing, e.TargetProcessing, e.ResponseProcessing = alblog.NotMeasured, alblog.NotMeasured, alblog.NotMeasured
	}
	for name, test := range map[string]struct {
		elb, target     int
		actions, reason string
		change          func(*alblog.Entry)
		want            string // error.type; "" if the request did not fail
	}{
		"TargetsOK":               {200, 200, "forward", "", none, ""},
		"TargetsNotFound":         {404, 404, "forward", "", none, ""},
		"TargetsError":            {500, 500, "forward", "", none, "500"},
		"TargetsOwnBadGateway":    {502, 502, "forward", "", none, "502"},
		"TargetBrokeOff":          {502, 200, "forward", "", none, semconv.ErrorALBBadGateway},
		"ClientLeft":              {460, 0, "forward", "", unreached, semconv.ErrorALBClientClosed},
		"ClientLeftMidResponse":   {460, 200, "forward", "", none, semconv.ErrorALBClientClosed},
		"TooManyForwardedFor":     {463, 0, "-", "", unreached, semconv.ErrorALBForwardedFor},
		"ProtocolOfTheGroup":      {464, 0, "forward", "", unreached, semconv.ErrorALBProtocol},
		"ExecutionOfRules":        {500, 0, "-", "", unreached, semconv.ErrorALBInternal},
		"TransferEncoding":        {501, 0, "-", "", unreached, semconv.ErrorALBTransferEncoding},
		"NoConnection":            {502, 0, "forward", "", unreached, semconv.ErrorALBBadGateway},
		"NoTargets":               {503, 0, "forward", "", unreached, semconv.ErrorALBNoTarget},
		"TargetTooSlow":           {504, 0, "forward", "", unreached, semconv.ErrorALBTimeout},
		"HTTPVersion":             {505, 0, "-", "", unreached, semconv.ErrorALBVersion},
		"IdentityProvider":        {561, 0, "authenticate", "", unreached, semconv.ErrorALBIdentityProvider},
		"IdentityProvidersReason": {561, 0, "authenticate", "AuthInvalidGrantError", unreached, "AuthInvalidGrantError"},
		"NewStatusFrom500":        {599, 0, "-", "", unreached, semconv.ErrorALBOther},
		"LambdaFailed":            {502, 0, "forward", "LambdaInvalidResponse", none, "LambdaInvalidResponse"},
		"FirewallBlocked":         {403, 0, "waf", "", unreached, semconv.ErrorALBFirewallBlocked},
		"FirewallAway":            {500, 0, "waf-failed", "", unreached, semconv.ErrorALBFirewallFailed},
		"FirewallAwayReason":      {500, 0, "waf-failed", "WAFConnectionTimeout", unreached, "WAFConnectionTimeout"},
		"FirewallPassedIt":        {200, 200, "waf,forward", "", none, ""},
		"FirewallsChallenge":      {202, 0, "waf", "", unreached, ""},
		"SentToLogin":             {302, 0, "authenticate", "AuthInvalidCookie", unreached, ""},
		"NotLoggedIn":             {401, 0, "authenticate", "", unreached, ""},
		"Redirected":              {301, 0, "redirect", "", unreached, ""},
		"FixedNotFound":           {404, 0, "fixed-response", "", unreached, ""},
		"FixedMaintenance":        {503, 0, "fixed-response", "", unreached, "503"},
		"MalformedRequest":        {400, 0, "-", "", unreached, ""},
		"Trace":                   {405, 0, "-", "", unreached, ""},
		"NoStatus":                {0, 0, "-", "", unreached, semconv.ErrorALBNoResponse},
		"Upgraded":                {101, 101, "forward", "", none, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := entry(t, func(e *alblog.Entry) {
				test.change(e)
				e.ELBStatus, e.TargetStatus, e.ErrorReason = test.elb, test.target, test.reason
				if e.Actions = test.actions; test.actions == "-" {
					e.Actions = ""
				}
			})
			s := albspan.Describe(e)
			all := attributesOf(s)
			if got := all["error.type"]; got != test.want || s.Failed != (test.want != "") {
				t.Errorf("error.type %q, failed %v; want %q", got, s.Failed, test.want)
			}
			if reached := all[string(semconv.ALBTargetReachedKey)]; reached != strconv.FormatBool(test.target != 0) {
				t.Errorf("target reached: %s; want %v", reached, test.target != 0)
			}
		})
	}
}

func TestDescribe_WhatIsSecret_StaysInTheLog(t *testing.T) {
	const secret = "hunter2"
	for name, request := range map[string]string{
		"Query":       "GET https://www.example.com:443/a?token=hunter2 HTTP/1.1",
		"Fragment":    "GET https://www.example.com:443/a#hunter2 HTTP/1.1",
		"QueryOnly":   "GET https://www.example.com:443?hunter2 HTTP/1.1",
		"User":        "GET https://me:hunter2@www.example.com:443/a HTTP/1.1",
		"SecondQuery": "GET https://www.example.com:443/a?b?hunter2 HTTP/1.1",
		"Spaces":      "GET https://www.example.com:443/a?b c=hunter2 HTTP/1.1",
		"NoURL":       "GET /a?token=hunter2 HTTP/1.1",
		"NoScheme":    "GET www.example.com:443/a?token=hunter2 HTTP/1.1",
		"URLAlone":    "https://www.example.com:443/a?token=hunter2",
		"PathAlone":   "/a?token=hunter2 HTTP/1.1",
		"NoMethod":    "- https://www.example.com:443/a?token=hunter2 HTTP/1.1",
		"WordAlone":   "hunter2",
		"OddScheme":   "GET a?hunter2://www.example.com:443/a HTTP/1.1",
		"OddPort":     "GET https://www.example.com:hunter2/a HTTP/1.1",
		"NoScheme2":   "GET hunter2://www.example.com/a HTTP/1.1",
		"SchemeEqual": "GET token=hunter2://h/ HTTP/1.1",
		"OddHost":     "GET https://www.example.com&token=hunter2:443/a HTTP/1.1",
		"OddIPv6":     "GET https://[2001:db8::1%hunter2]:443/a HTTP/1.1",
		"LongHost":    "GET https://" + strings.Repeat("a.", 150) + "hunter2:443/a HTTP/1.1",
		"UserOfPath":  "GET https://www.example.com:443//me:hunter2@h/x HTTP/1.1",
		"MoreSlashes": "GET https://www.example.com:443///me:hunter2@h/x HTTP/1.1",
	} {
		s := albspan.Describe(entry(t, func(e *alblog.Entry) {
			e.Request = request
			e.RedirectURL = "https://me:hunter2@login.example.com/oauth?state=hunter2"
			e.TransformedURI = "/b?token=hunter2"
			e.TransformedHost = "me:hunter2@h"
			e.DomainName = "h&token=hunter2"
			e.TraceID += ";CalledFrom=hunter2;Lineage=hunter2"
			e.More = secret
		}))
		var b strings.Builder
		write(&b, s)
		if strings.Contains(b.String(), secret) {
			t.Errorf("%s: the span holds what nobody must see:\n%s", name, b.String())
		}
		all := attributesOf(s)
		if got := all[string(semconv.ALBRedirectKey)]; got != "https://login.example.com/oauth" {
			t.Errorf("%s: redirected to %q, want it without user and query", name, got)
		}
		if got := all[string(semconv.ALBTransformPathKey)]; got != "/b" {
			t.Errorf("%s: path %q after transforms, want /b", name, got)
		}
		if got := all[string(semconv.ALBTransformHostKey)]; got != "h" {
			t.Errorf("%s: host %q after transforms, want h", name, got)
		}
		if got := all[string(semconv.AmznTraceIDKey)]; got != "Root=1-58337281-1d84f3d73c47ec4e58577259" {
			t.Errorf("%s: header %q, want it without what a client added", name, got)
		}
	}
}

func TestDescribe_Attributes(t *testing.T) {
	for name, test := range map[string]struct {
		change    func(*alblog.Entry)
		key, want string
	}{
		"IPv6Host":         {func(e *alblog.Entry) { e.Request = "GET https://[2001:db8::1]:8443/a HTTP/1.1" }, "server.address", "2001:db8::1"},
		"OtherPort":        {func(e *alblog.Entry) { e.Request = "GET https://[2001:db8::1]:8443/a HTTP/1.1" }, "server.port", "8443"},
		"UsualPort":        {func(e *alblog.Entry) { e.Request = "GET https://a:443/ HTTP/1.1" }, "server.port", ""},
		"NoPath":           {func(e *alblog.Entry) { e.Request = "GET https://a:443 HTTP/1.1" }, "url.path", "/"},
		"Malformed":        {func(e *alblog.Entry) { e.Request = "- http://a:80- -" }, "http.request.method", "_OTHER"},
		"MalformedPort":    {func(e *alblog.Entry) { e.Request = "- http://a:80- -" }, "server.address", "a"},
		"InventedMethod":   {func(e *alblog.Entry) { e.Request = "BREW http://a:80/ HTTP/1.1" }, "http.request.method_original", "BREW"},
		"LongMethod":       {func(e *alblog.Entry) { e.Request = strings.Repeat("A", 24) + " http://a:80/ HTTP/1.1" }, "http.request.method_original", strings.Repeat("A", 24)},
		"NoMethod":         {func(e *alblog.Entry) { e.Request = strings.Repeat("A", 25) + " http://a:80/ HTTP/1.1" }, "http.request.method_original", ""},
		"NotUTF8":          {func(e *alblog.Entry) { e.UserAgent = "a\xff" }, "user_agent.original", "a\uFFFD"},
		"Long":             {func(e *alblog.Entry) { e.UserAgent = strings.Repeat("a", 5000) }, "user_agent.original", strings.Repeat("a", 1024)},
		"Resumed":          {func(e *alblog.Entry) { e.ChosenCertARN = "session-reused" }, "tls.resumed", "true"},
		"SNIOfAnotherName": {func(e *alblog.Entry) { e.DomainName = "other.example.com" }, "tracehaul.alb.server_name", "other.example.com"},
		"SeveralTargets":   {func(e *alblog.Entry) { e.TargetList = "10.0.0.1:80 10.0.0.2:80" }, "tracehaul.alb.target.addresses", `["10.0.0.1:80","10.0.0.2:80"]`},
		"ManyTargets":      {func(e *alblog.Entry) { e.TargetStatusList = strings.Repeat("200 ", 17) + "200" }, "tracehaul.alb.target.status_codes", "[" + strings.Repeat(`"200",`, 15) + `"200"]`},
		"NoRule":           {func(e *alblog.Entry) { e.RulePriority = alblog.RuleNone }, "tracehaul.alb.rule_priority", ""},
		"Classified":       {func(e *alblog.Entry) { e.ClassificationReason = "SpaceInUri" }, "tracehaul.alb.classification_reason", "SpaceInUri"},
		"TransformedUser":  {func(e *alblog.Entry) { e.TransformedURI = "//me:pw@h/x" }, "tracehaul.alb.transform.path", "//h/x"},
		"TransformedRest":  {func(e *alblog.Entry) { e.TransformedURI = "token=X" }, "tracehaul.alb.transform.path", ""},
		"TransformedHost":  {func(e *alblog.Entry) { e.TransformedHost = "h&token=X" }, "tracehaul.alb.transform.host", ""},
		"HostWithPort":     {func(e *alblog.Entry) { e.TransformedHost = "m.example.com:8443" }, "tracehaul.alb.transform.host", "m.example.com"},
		"UpperScheme":      {func(e *alblog.Entry) { e.Request = "GET HTTPS://a:443/ HTTP/1.1" }, "url.scheme", "https"},
		"OddScheme":        {func(e *alblog.Entry) { e.Request = "GET token=X://a:443/ HTTP/1.1" }, "url.scheme", ""},
		"OddHost":          {func(e *alblog.Entry) { e.Request = "GET https://a&b:443/c HTTP/1.1" }, "server.address", ""},
		"PathOfOddHost":    {func(e *alblog.Entry) { e.Request = "GET https://a&b:443/c HTTP/1.1" }, "url.path", "/c"},
		"RedirectNowhere":  {func(e *alblog.Entry) { e.RedirectURL = "https://a&b/c" }, "tracehaul.alb.redirect_url", ""},
		"DoubleSlash":      {func(e *alblog.Entry) { e.Request = "GET https://a:443//b/c@d HTTP/1.1" }, "url.path", "//b/c@d"},
		"HeaderNoRoot":     {func(e *alblog.Entry) { e.TraceID = "CalledFrom=app;Sampled=1" }, "tracehaul.amzn_trace_id", "Sampled=1"},
		"TransformedURL":   {func(e *alblog.Entry) { e.TransformedURI = "https://a:443/b?c" }, "tracehaul.alb.transform.path", "/b"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := attributesOf(albspan.Describe(entry(t, test.change)))[test.key]; got != test.want {
				t.Errorf("%s = %q, want %q", test.key, got, test.want)
			}
		})
	}
}

func TestDescribe_Times(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ms := time.Millisecond
	for name, test := range map[string]struct {
		total, request, target, response time.Duration
		events                           []time.Duration // after the start
		lasts                            time.Duration
		skew, out                        string
	}{
		"AllMeasured":         {100 * ms, 5 * ms, 80 * ms, 10 * ms, []time.Duration{5 * ms, 85 * ms, 95 * ms}, 100 * ms, "", ""},
		"RoundedBeyondTheEnd": {95*ms + 500*time.Microsecond, 5 * ms, 81 * ms, 10 * ms, []time.Duration{5 * ms, 86 * ms, 95*ms + 500*time.Microsecond}, 95*ms + 500*time.Microsecond, "", "500"},
		"NothingMeasured":     {100 * ms, -1, -1, -1, nil, 100 * ms, "", ""},
		"TargetTooSlow":       {100 * ms, 5 * ms, -1, -1, []time.Duration{5 * ms}, 100 * ms, "", ""},
		"ClockWasSetBack":     {-2 * time.Second, 0, 0, 0, []time.Duration{0, 0, 0}, 0, "2000", ""},
		"ClockWasSetBackALot": {-2 * time.Second, 5 * ms, 80 * ms, 10 * ms, []time.Duration{0, 0, 0}, 0, "2000", "95000"},
		"ClockWasSetMidway":   {10 * ms, 5 * ms, 80 * ms, -1, []time.Duration{5 * ms, 10 * ms}, 10 * ms, "", "75000"},
	} {
		t.Run(name, func(t *testing.T) {
			s := albspan.Describe(entry(t, func(e *alblog.Entry) {
				e.Created, e.Time = start, start.Add(test.total)
				e.RequestProcessing, e.TargetProcessing, e.ResponseProcessing = test.request, test.target, test.response
			}))
			var events []time.Duration
			for _, e := range s.Events {
				events = append(events, e.Time.Sub(s.Start))
			}
			if fmt.Sprint(events) != fmt.Sprint(test.events) || !s.Start.Equal(start) || s.End.Sub(s.Start) != test.lasts {
				t.Errorf("starts %v, lasts %v, events %v; want %v, %v", s.Start, s.End.Sub(s.Start), events, test.lasts, test.events)
			}
			if got := attributesOf(s)[string(semconv.ClockSkewKey)]; got != test.skew {
				t.Errorf("skew %q, want %q", got, test.skew)
			}
			if got := attributesOf(s)[string(semconv.ALBEventsClampedKey)]; got != test.out {
				t.Errorf("events clamped by %q, want %q", got, test.out)
			}
		})
	}
}

// A line with one odd number is a span still, with the ids that the service
// counts on, and says nothing of what the number would have told.
func TestDescribe_FaultyFields_SpanWithoutThem(t *testing.T) {
	for name, test := range map[string]struct {
		old, replacement, faulty string
		gone                     []string
	}{
		"Received": {" 0 57 ", " -1 57 ", `["received_bytes"]`, []string{"http.request.size"}},
		"Sent":     {" 0 57 ", " 0 -1 ", `["sent_bytes"]`, []string{"http.response.size"}},
		"Target":   {" 200 200 ", " 200 20 ", `["target_status_code"]`, []string{"tracehaul.alb.target.reached", "tracehaul.alb.target.status_code", "error.type"}},
		"Status":   {" 200 200 ", " 20 200 ", `["elb_status_code"]`, []string{"http.response.status_code", "error.type"}},
		"Client":   {"192.168.131.39:2817", "-:-", `["client:port"]`, []string{"client.address", "client.port"}},
		"Two":      {"0.086 0.048", "x x", `["request_processing_time","target_processing_time"]`, []string{"tracehaul.alb.request_ms"}},
	} {
		line := documented(t)[1]
		if strings.Count(line, test.old) != 1 {
			t.Fatalf("%s: %q is %d times in the line", name, test.old, strings.Count(line, test.old))
		}
		whole := albspan.Describe(parse(t, line))
		s := albspan.Describe(parse(t, strings.Replace(line, test.old, test.replacement, 1)))
		if s.TraceID != whole.TraceID || s.SpanID != whole.SpanID || s.Failed {
			t.Errorf("%s: %v-%v, failed %v; want %v-%v", name, s.TraceID, s.SpanID, s.Failed, whole.TraceID, whole.SpanID)
		}
		all := attributesOf(s)
		if got := all[string(semconv.ALBFaultyFieldsKey)]; got != test.faulty {
			t.Errorf("%s: faulty fields %s, want %s", name, got, test.faulty)
		}
		for _, key := range test.gone {
			if got, ok := all[key]; ok {
				t.Errorf("%s: %s is %s, and the log does not say", name, key, got)
			}
		}
	}
}

func TestDescribe_FaultyTargetStatus_ErrorIsNobodys(t *testing.T) {
	line := strings.Replace(documented(t)[1], " 200 200 ", " 502 20 ", 1)
	if got := attributesOf(albspan.Describe(parse(t, line)))["error.type"]; got != "502" {
		t.Errorf("error.type %q, want 502: it may be the target's", got)
	}
}

func TestDescribe_NoRoot_SameIDsEachTimeAndOthersForOthers(t *testing.T) {
	first := albspan.Describe(entry(t, func(e *alblog.Entry) { e.TraceID = "" }))
	again := albspan.Describe(entry(t, func(e *alblog.Entry) { e.TraceID = "nonsense" }))
	other := albspan.Describe(entry(t, func(e *alblog.Entry) { e.TraceID, e.Time = "", e.Time.Add(time.Microsecond) }))
	if !first.TraceID.IsValid() || !first.SpanID.IsValid() || first.TraceID != again.TraceID || first.SpanID != again.SpanID {
		t.Errorf("ids %v-%v and %v-%v; want the same, valid ones", first.TraceID, first.SpanID, again.TraceID, again.SpanID)
	}
	if other.TraceID == first.TraceID || other.SpanID == first.SpanID {
		t.Errorf("another entry has %v-%v as well", other.TraceID, other.SpanID)
	}
}
