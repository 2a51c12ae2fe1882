package snippet_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/tracehaul/tracehaul/alarms/snippet"
)

const home = "https://us-west-2.console.aws.amazon.com/cloudwatch/home?region=us-west-2"

var (
	from = time.Date(2025, 5, 30, 4, 0, 0, 0, time.UTC)
	to   = time.Date(2025, 5, 30, 5, 0, 0, 0, time.UTC)
)

// The console's own address of its default query, without the id that it gives to
// a query; and the log groups as in the README of
// https://github.com/CharlesStover/logs-insights-hash.
func TestInsightsURL_AsTheConsoleMakesIt(t *testing.T) {
	const query = "fields @timestamp, @message, @logStream, @log\n| sort @timestamp desc\n| limit 10000"
	const want = home + "#logsV2:logs-insights$3FqueryDetail$3D~(end~'2025-05-30T05*3a00*3a00.000Z~start~'2025-05-30T04*3a00*3a00.000Z~timeType~'ABSOLUTE~tz~'UTC" +
		"~editorString~'fields*20*40timestamp*2c*20*40message*2c*20*40logStream*2c*20*40log*0a*7c*20sort*20*40timestamp*20desc*0a*7c*20limit*2010000" +
		"~source~(~'*2faws*2flambda*2fmy-function)~lang~'CWLI)"
	if got := snippet.InsightsURL(home, "/aws/lambda/my-function", query, from, to.In(time.FixedZone("", 3600))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Whatever a query holds comes back out of its address, and is one address to
// whoever finds addresses in a text.
func TestInsightsURL_AnyQuery_ComesBack(t *testing.T) {
	for _, query := range []string{
		`filter msg = "refused" and status >= 500 | stats count(*) as lines by code, bin(1m)`,
		"fields `service.version` | filter @message like /a|b$/ | parse x '*~*' as a, b",
		"ärger € 100 %  \t😀 <b>&amp;</b> #?!$",
		"",
	} {
		address := snippet.InsightsURL(home, "/ecs/prod-orders-intake", query, from, to)
		if u, err := url.Parse(address); err != nil || strings.ContainsAny(address, " \"<>|`\n") || u.Fragment == "" {
			t.Errorf("%s: %v", address, err)
		}
		_, rest, _ := strings.Cut(address, "~editorString~'")
		encoded, _, _ := strings.Cut(rest, "~source~")
		if got := decode(t, encoded); got != query {
			t.Errorf("%q came back as %q", query, got)
		}
	}
}

// decode reads a text of JSURL. (https://github.com/Sage/jsurl)
func decode(t *testing.T, s string) string {
	t.Helper()
	var units []uint16
	for i := 0; i < len(s); i++ {
		var digits string
		switch {
		case strings.HasPrefix(s[i:], "**"):
			digits = s[i+2 : i+6]
			i += 5
		case s[i] == '*':
			digits = s[i+1 : i+3]
			i += 2
		case s[i] == '!':
			units = append(units, '$')
			continue
		default:
			units = append(units, uint16(s[i]))
			continue
		}
		n, err := strconv.ParseUint(digits, 16, 16)
		if err != nil {
			t.Fatal(err)
		}
		units = append(units, uint16(n))
	}
	return string(utf16.Decode(units))
}
