package insights_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms/internal/insights"
)

func line(t *testing.T, text string) map[string]any {
	t.Helper()
	var l map[string]any
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestParse_Fields_AreThoseOfLines(t *testing.T) {
	for query, want := range map[string][]string{
		`filter msg = "refused" and status >= 500 | stats count(*) as lines, sum(omitted) as left_out by code, bin(1m)`:                 {"code", "msg", "omitted", "status"},
		"fields `service.version` as version | stats count(*) as lines, max(@timestamp) as last by version | sort last desc | limit 10": {"@timestamp", "service.version"},
		`filter level in ["WARN", "ERROR"] | stats count(*) by msg, reason | sort msg | limit 3`:                                        {"level", "msg", "reason"},
		`filter @message like /a|b/ | fields @timestamp, (a + b) / 2 as mean | sort mean desc, @timestamp | dedup mean`:                 {"@message", "@timestamp", "a", "b"},
		`filter not ispresent(trace_id) and x not like "y" or z not in ["1"]`:                                                           {"trace_id", "x", "z"},
		`parse @logStream "[*]" as version | parse a /(?<b>.) (?<c>.)/ | stats count(*) by version, b, c`:                               {"@logStream", "a"},
		`stats max(a) / min(b + 1) * 2, count() by floor(c) | sort count() desc`:                                                        {"a", "b", "c"},
		`stats sum(a), pct(a, 99) by bin(5m) | sort sum(a) desc, pct(a, 99) | filter sum(a) > 2`:                                        {"a"},
		`fields a as x | stats count(*) as n by x | sort x | filter n > 1 | stats sum(n) as m | sort m`:                                 {"a"},
	} {
		q, err := insights.Parse(query)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		if diff := cmp.Diff(want, q.Fields()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestParse_Faults_AreNamed(t *testing.T) {
	for query, want := range map[string]string{
		"":                                  "the end: want a command",
		`filter msg = "a" |`:                "the end: want a command",
		`filtr msg = "a"`:                   `"filtr": want one of the commands`,
		`filter msg = "a`:                   `" is not closed`,
		`filter msg == "a"`:                 `"=": want a field`,
		`filter msg = "a" stats count(*)`:   `"stats": want |`,
		`filter level in "WARN"`:            `"WARN": want [`,
		`filter level in ["WARN"`:           "the end: want ]",
		`filter a not = 1`:                  `"=": want like or in`,
		`filter @message like error`:        `"error": want a text, or a regular expression`,
		`filter @message like /(/`:          "missing closing",
		`stats total(a)`:                    "there is no function total",
		`stats pct(a)`:                      "pct has 1 arguments: want 2",
		`stats sum()`:                       "sum has 0 arguments: want 1",
		`stats count(a, b)`:                 "count has 2 arguments: want 0 to 1",
		`fields strlen(a, b, c)`:            "strlen has 3 arguments: want 1",
		`fields substr(a)`:                  "substr has 1 arguments: want 2 to 3",
		`fields concat()`:                   "concat has 0 arguments: want 1 at least",
		`fields now(1)`:                     "now has 1 arguments: want none",
		`stats foo by bar`:                  `"foo": want it in an aggregate`,
		`stats sum(a) + b`:                  `"b": want it in an aggregate`,
		`stats floor(a)`:                    `"a": want it in an aggregate`,
		`stats 1 by bar`:                    "sums nothing up",
		`stats sum(count(*))`:               "count(*): want it among what stats sums up",
		`stats count(*) by max(a)`:          "max(a): want it among what stats sums up",
		`fields a | sort count(*)`:          "count(*): want it among what stats sums up",
		`filter max(a) > 1`:                 "max(a): want it among what stats sums up",
		`stats count(*) by a | sort sum(b)`: "sum(b): want it among what stats sums up",
		`fields a | sort max(a`:             "the end: want )",
		`stats count(*) as n by a | sort b`: `"b": there is no such name after stats: want one of a, count(*), n`,
		`fields a as 1`:                     `"1": want a name behind as`,
		`fields a | limit 0`:                `"0": want a limit`,
		`fields a | limit 1m`:               `"1m": want a limit`,
		`fields a | limit 10001`:            `"10001": want a limit of 1 to 10000`,
		`fields a ; b`:                      `';' has no meaning here`,
		`parse a "* *" as b`:                "parse has 2 stars and 1 names",
		`parse a b as c`:                    `"b": want a text with stars`,
		`parse a "*" b`:                     `"b": want as`,
		`filter (a = 1`:                     "the end: want )",
	} {
		if _, err := insights.Parse(query); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", query, err, want)
		}
	}
}

func TestMatches_AsTheFiltersSay(t *testing.T) {
	l := line(t, `{"level": "WARN", "msg": "refused", "status": 503, "code": "publish_failed", "omitted": 2, "open": true, "bytes": 3000000}`)
	for filter, want := range map[string]bool{
		`msg = "refused" and status >= 500`:       true,
		`msg = "refused" and status < 500`:        false,
		`level in ["WARN", "ERROR"]`:              true,
		`level not in ["WARN", "ERROR"]`:          false,
		`code like /publish/`:                     true,
		`code like "publish"`:                     true,
		`code =~ /^failed/`:                       false,
		`code not like /sns/`:                     true,
		`code like "publish.failed"`:              false,
		`code like /publish.failed/`:              true,
		`trace_id in [""]`:                        false,
		`trace_id not in [""]`:                    true,
		`ispresent(trace_id)`:                     false,
		`not ispresent(trace_id)`:                 true,
		`trace_id = "a"`:                          false,
		`trace_id != "a"`:                         true,
		`omitted + 1 > 2 and omitted * 2 - 1 = 3`: true,
		`status % 100 = 3`:                        true,
		`bytes = "3000000"`:                       true,
		`bytes like /^3000000$/`:                  true,
		`nothing > 0`:                             false,
		`msg > 0`:                                 false,
		`status = 404 or status <= 503 and (code = "x" or omitted / 2 = 1)`: true,
		`open = "true"`:                          true,
		`status != 503 | filter msg = "refused"`: false,
	} {
		q, err := insights.Parse("filter " + filter)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		if got := q.Matches(l); got != want {
			t.Errorf("%s is %v, want %v", filter, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`filter msg = "refused" and status >= 500 | stats count(*) as lines by code, bin(1m) | sort lines desc | limit 20`)
	f.Add("fields `a.b` as c | filter @message like /x/ or not d in [1, \"2\"]")
	f.Add(`stats pct(@duration, 99), max(a / (b + 1)) by bin(5m)`)
	f.Fuzz(func(t *testing.T, query string) {
		q, err := insights.Parse(query)
		if err != nil {
			return
		}
		q.Matches(map[string]any{"a": 1.0, "msg": "refused"})
		for _, name := range q.Fields() {
			if !strings.Contains(query, name) {
				t.Errorf("%q reads %q, which is not in it", query, name)
			}
		}
	})
}

func TestTry_SaysWhatLinesLack(t *testing.T) {
	lines := []map[string]any{line(t, `{"msg": "refused", "status": 503}`), line(t, `{"msg": "refused", "status": 400, "code": "x"}`)}
	for query, want := range map[string]string{
		`filter msg = "refused" | stats count(*) by code, bin(1m)`: "",
		`filter msg = "refuses"`:                                   "none of 2 lines passes",
		`filter status >= 500 | stats count(*) by code`:            "none of the 1 lines that pass has a field code",
		`filter status >= 500 | fields @timestamp, msg`:            "",
		`filtr a`: "want one of the commands",
	} {
		err := insights.Try(query, lines)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", query, err, want)
		}
	}
}
