package alblog_test

import (
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/telemetry/alblog"
)

// documented returns the lines of a file of testdata, see its README.
func documented(tb testing.TB, file string) []string {
	tb.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		tb.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) != 7 {
		tb.Fatalf("%s has %d lines, want the 7 of the page", file, len(lines))
	}
	return lines
}

func parse(tb testing.TB, line string) alblog.Entry {
	tb.Helper()
	var e alblog.Entry
	if err := alblog.Parse(line, &e); err != nil {
		tb.Fatalf("%v, in %s", err, line)
	}
	return e
}

// https is the documented entry of HTTPS: every field but error_reason,
// redirect_url and the classification has a value.
var https = alblog.Entry{
	Type: alblog.TypeHTTPS,
	Time: time.Date(2018, 7, 2, 22, 23, 0, 186641000, time.UTC), Created: time.Date(2018, 7, 2, 22, 22, 48, 364000000, time.UTC),
	ELB:    "app/my-loadbalancer/50dc6c495c0c9188",
	Client: netip.MustParseAddrPort("192.168.131.39:2817"), Target: netip.MustParseAddrPort("10.0.0.1:80"),
	RequestProcessing: 86 * time.Millisecond, TargetProcessing: 48 * time.Millisecond, ResponseProcessing: 37 * time.Millisecond,
	ELBStatus: 200, TargetStatus: 200, SentBytes: 57,
	Request: "GET https://www.example.com:443/ HTTP/1.1", UserAgent: "curl/7.46.0",
	SSLCipher: "ECDHE-RSA-AES128-GCM-SHA256", SSLProtocol: "TLSv1.2",
	TargetGroupARN: "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067",
	TraceID:        "Root=1-58337281-1d84f3d73c47ec4e58577259", DomainName: "www.example.com",
	ChosenCertARN: "arn:aws:acm:us-east-2:123456789012:certificate/12345678-1234-1234-1234-123456789012",
	RulePriority:  1, Actions: "authenticate,forward",
	TargetList: "10.0.0.1:80", TargetStatusList: "200",
	ConnTraceID: "TID_1234abcd5678ef90", TransformedHost: "m.example.com", TransformStatus: "TransformSuccess",
}

func TestParse_DocumentedHTTPS_EveryField(t *testing.T) {
	if got := parse(t, documented(t, "documented.log")[1]); !reflect.DeepEqual(got, https) {
		t.Errorf("read as\n%+v, want\n%+v", got, https)
	}
}

func TestParse_Documented_WrittenTheSame(t *testing.T) {
	for _, line := range documented(t, "documented.log") {
		e := parse(t, line)
		if got := written(&e); got != line {
			t.Errorf("%s\nis written as\n%s", line, got)
		}
	}
}

func TestParse_OlderPages_SameEntries(t *testing.T) {
	for file, forget := range map[string]func(*alblog.Entry){
		"documented-2023.log": func(e *alblog.Entry) { e.ConnTraceID, e.TransformedHost, e.TransformStatus = "", "", "" },
		"documented-2018.log": func(e *alblog.Entry) {
			e.ConnTraceID, e.TransformedHost, e.TransformStatus = "", "", ""
			e.TargetList, e.TargetStatusList = "", ""
		},
	} {
		older := documented(t, file)
		for i, line := range documented(t, "documented.log") {
			want := parse(t, line)
			forget(&want)
			if got := parse(t, older[i]); !reflect.DeepEqual(got, want) {
				t.Errorf("%s, line %d: read as\n%+v, want\n%+v", file, i+1, got, want)
			}
		}
	}
}

// edit returns the documented HTTPS line with one field, or the text of it,
// replaced.
func edit(t *testing.T, old, replacement string) string {
	t.Helper()
	line := documented(t, "documented.log")[1]
	if strings.Count(line, old) != 1 {
		t.Fatalf("%q is %d times in the line", old, strings.Count(line, old))
	}
	return strings.Replace(line, old, replacement, 1)
}

func TestParse_Fields(t *testing.T) {
	const agent, target = `"curl/7.46.0"`, " 10.0.0.1:80 "
	for name, test := range map[string]struct {
		old, replacement string
		get              func(*alblog.Entry) any
		want             any
	}{
		"AnotherType_IsKept":           {"https 2018", "h3 2018", func(e *alblog.Entry) any { return e.Type }, "h3"},
		"IPv6_NoBrackets":              {"192.168.131.39:2817", "2001:db8::39:2817", func(e *alblog.Entry) any { return e.Client }, netip.MustParseAddrPort("[2001:db8::39]:2817")},
		"IPv6_Brackets":                {"192.168.131.39:2817", "[2001:db8::39]:2817", func(e *alblog.Entry) any { return e.Client }, netip.MustParseAddrPort("[2001:db8::39]:2817")},
		"NoTarget":                     {target, " - ", func(e *alblog.Entry) any { return e.Target.IsValid() }, false},
		"NotMeasured":                  {" 0.086 0.048 0.037 ", " -1 -1 -1 ", func(e *alblog.Entry) any { return e.ResponseProcessing }, alblog.NotMeasured},
		"Microseconds":                 {" 0.086 ", " 12.000086 ", func(e *alblog.Entry) any { return e.RequestProcessing }, 12*time.Second + 86*time.Microsecond},
		"NoTargetStatus":               {" 200 200 0 ", " 460 - 0 ", func(e *alblog.Entry) any { return e.TargetStatus }, 0},
		"HexEscapes":                   {agent, `"a \x22b\x22 \x5Cc\xC3\xA9\xzz"`, func(e *alblog.Entry) any { return e.UserAgent }, `a "b" \cé\xzz`},
		"BackslashEscapes":             {agent, `"a \"b\" \\"`, func(e *alblog.Entry) any { return e.UserAgent }, `a "b" \`},
		"LoneQuote_IsOfTheField":       {agent, `"19"rack"`, func(e *alblog.Entry) any { return e.UserAgent }, `19"rack`},
		"EmptyQuotes":                  {agent, `""`, func(e *alblog.Entry) any { return e.UserAgent }, ""},
		"RuleError":                    {` 1 2018-07-02T22:22`, ` -1 2018-07-02T22:22`, func(e *alblog.Entry) any { return e.RulePriority }, alblog.RuleError},
		"LastRule":                     {` 1 2018-07-02T22:22`, ` 50000 2018-07-02T22:22`, func(e *alblog.Entry) any { return e.RulePriority }, 50_000},
		"NoRule":                       {` 1 2018-07-02T22:22`, ` - 2018-07-02T22:22`, func(e *alblog.Entry) any { return e.RulePriority }, alblog.RuleNone},
		"LastAction":                   {`"authenticate,forward"`, `"authenticate,waf"`, func(e *alblog.Entry) any { return e.LastAction() }, alblog.ActionWAF},
		"NoAction":                     {`"authenticate,forward"`, `"-"`, func(e *alblog.Entry) any { return e.LastAction() }, ""},
		"SeveralTargets":               {`"10.0.0.1:80"`, `"10.0.0.1:80 10.0.0.2:80"`, func(e *alblog.Entry) any { return e.TargetList }, "10.0.0.1:80 10.0.0.2:80"},
		"FieldsOfTomorrow_AreKept":     {`"TransformSuccess"`, `"TransformSuccess" 10.0.0.9 "a b"`, func(e *alblog.Entry) any { return e.More }, `10.0.0.9 "a b"`},
		"SeveralSpacesBetween":         {target, "   10.0.0.1:80  ", func(e *alblog.Entry) any { return e.Target }, netip.MustParseAddrPort("10.0.0.1:80")},
		"QuotedWhereItIsNotDocumented": {" TLSv1.2 ", ` "TLSv1.2" `, func(e *alblog.Entry) any { return e.SSLProtocol }, "TLSv1.2"},
	} {
		t.Run(name, func(t *testing.T) {
			e := parse(t, edit(t, test.old, test.replacement))
			if got := test.get(&e); got != test.want {
				t.Errorf("read as %#v, want %#v", got, test.want)
			}
		})
	}
}

func TestParse_BadLine_NamesTheFieldAndNothingOfIt(t *testing.T) {
	for name, test := range map[string]struct{ old, replacement, want string }{
		"Empty":      {"", "", "alblog: field 1 (type): want a value: the line ends too early"},
		"Time":       {"2018-07-02T22:23:00.186641Z", "secret", "alblog: field 2 (time): want a time, such as 2018-07-02T22:23:00.186641Z"},
		"ZonedTime":  {"00.186641Z", "00.186641+01:00", "alblog: field 2 (time): want a time, such as 2018-07-02T22:23:00.186641Z"},
		"OpenQuote":  {`"TransformSuccess"`, `"secret`, "alblog: field 33 (request_transform_status): want a quote at its end"},
		"Connection": {` TID_1234abcd5678ef90 `, ` "" `, "alblog: field 30 (conn_trace_id): want a value, or -"},
	} {
		t.Run(name, func(t *testing.T) {
			line := ""
			if test.old != "" {
				line = edit(t, test.old, test.replacement)
			}
			err := alblog.Parse(line, new(alblog.Entry))
			if err == nil || err.Error() != test.want {
				t.Errorf("Parse = %v, want %s", err, test.want)
			}
		})
	}
}

func TestParse_FaultyNumber_CostsItselfAlone(t *testing.T) {
	for name, test := range map[string]struct {
		old, replacement, faulty string
		want                     func(*alblog.Entry)
	}{
		"Client":   {"192.168.131.39:2817", "secret:1", "client:port", func(e *alblog.Entry) { e.Client = netip.AddrPort{} }},
		"Port":     {"192.168.131.39:2817", "192.168.131.39:70000", "client:port", func(e *alblog.Entry) { e.Client = netip.AddrPort{} }},
		"NoPort":   {"192.168.131.39:2817", "192.168.131.39", "client:port", func(e *alblog.Entry) { e.Client = netip.AddrPort{} }},
		"Zone":     {"192.168.131.39:2817", "[fe80::1%secret]:2817", "client:port", func(e *alblog.Entry) { e.Client = netip.AddrPort{} }},
		"Dashes":   {"192.168.131.39:2817", "-:-", "client:port", func(e *alblog.Entry) { e.Client = netip.AddrPort{} }},
		"Target":   {" 10.0.0.1:80 ", " secret ", "target:port", func(e *alblog.Entry) { e.Target = netip.AddrPort{} }},
		"Seconds":  {" 0.048 ", " NaN ", "target_processing_time", func(e *alblog.Entry) { e.TargetProcessing = alblog.NotMeasured }},
		"Status":   {" 200 200 0 ", " 20 200 0 ", "elb_status_code", func(e *alblog.Entry) { e.ELBStatus = 0 }},
		"Status0":  {" 200 200 0 ", " 099 200 0 ", "elb_status_code", func(e *alblog.Entry) { e.ELBStatus = 0 }},
		"NoStatus": {" 200 200 0 ", " 000 000 0 ", "", func(e *alblog.Entry) { e.ELBStatus, e.TargetStatus = 0, 0 }},
		"Bytes":    {" 0 57 ", " 0 -1 ", "sent_bytes", func(e *alblog.Entry) { e.SentBytes = 0 }},
		"Rule":     {` 1 2018-07-02T22:22`, ` secret 2018-07-02T22:22`, "matched_rule_priority", func(e *alblog.Entry) { e.RulePriority = alblog.RuleNone }},
		"RuleHigh": {` 1 2018-07-02T22:22`, ` 50001 2018-07-02T22:22`, "matched_rule_priority", func(e *alblog.Entry) { e.RulePriority = alblog.RuleNone }},
		"Everything": {"0.086 0.048 0.037 200 200 0 57", "x x x x x x x", "request_processing_time,target_processing_time,response_processing_time,elb_status_code,target_status_code,received_bytes,sent_bytes", func(e *alblog.Entry) {
			e.RequestProcessing, e.TargetProcessing, e.ResponseProcessing = alblog.NotMeasured, alblog.NotMeasured, alblog.NotMeasured
			e.ELBStatus, e.TargetStatus, e.SentBytes = 0, 0, 0
		}},
	} {
		t.Run(name, func(t *testing.T) {
			want := https
			test.want(&want)
			want.Faulty = test.faulty
			got := parse(t, edit(t, test.old, test.replacement))
			if !reflect.DeepEqual(got, want) {
				t.Errorf("read as\n%+v, want\n%+v", got, want)
			}
			if got.IsFaulty(strings.Split(test.faulty, ",")[0]) != (test.faulty != "") || got.IsFaulty("code") {
				t.Errorf("IsFaulty does not go by %q", test.faulty)
			}
		})
	}
}

// A field too many or too few is no faulty field: what follows would be taken
// for what it is not, and a URL be told as a user agent.
func TestParse_ShiftedLine_IsBad(t *testing.T) {
	for name, line := range map[string]string{
		"TooMany": edit(t, " 0.048 ", " 0.048 0.048 "),
		"TooFew":  edit(t, " 0.048 ", " "),
	} {
		if err := alblog.Parse(line, new(alblog.Entry)); err == nil {
			t.Errorf("%s: read, though fields are not where they belong", name)
		}
	}
}

func TestParse_CutOffLine_IsBad(t *testing.T) {
	line := documented(t, "documented-2018.log")[1]
	for n := range len(line) - 1 {
		if err := alblog.Parse(line[:n], new(alblog.Entry)); err == nil {
			t.Fatalf("%s was read: it is cut off", line[:n])
		}
	}
}

func TestEntryRequestLine(t *testing.T) {
	for request, want := range map[string][3]string{
		"GET https://www.example.com:443/ HTTP/1.1": {"GET", "https://www.example.com:443/", "HTTP/1.1"},
		"GET http://a:80/a b?c d HTTP/1.1":          {"GET", "http://a:80/a b?c d", "HTTP/1.1"},
		"- http://a.example.com:80- -":              {"", "http://a.example.com:80-", ""},
		"- - - ":                                    {},
		"-":                                         {},
		"":                                          {},
		"GET":                                       {"GET", "", ""},
	} {
		e := alblog.Entry{Request: request}
		method, url, version := e.RequestLine()
		if got := [3]string{method, url, version}; got != want {
			t.Errorf("%q is split into %q, want %q", request, got, want)
		}
	}
}
