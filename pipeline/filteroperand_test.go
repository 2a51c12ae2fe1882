package pipeline

import (
	"os"
	"strings"
	"testing"
)

func TestParse_FilterOperands_AreThoseOfSNS(t *testing.T) {
	base, err := os.ReadFile("testdata/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ condition, want string }{
		{`{exists: false}`, ""},
		{`{exists: 5}`, "must be true or false"},
		{`{numeric: ["=", 3.5]}`, ""},
		{`{numeric: [">", 0, "<=", 150]}`, ""},
		{`{numeric: [">", a]}`, `must be such as ["=", 100]`},
		{`{numeric: ["~", 1]}`, "must be such as"},
		{`{numeric: [">"]}`, "must be such as"},
		{`{numeric: [1, ">"]}`, "must be such as"},
		{`{numeric: ["<", 1, ">", 0]}`, "must be such as"},
		{`{numeric: [">", 3, "<", 1]}`, "must be such as"},
		{`{numeric: [">", 0, "<", 1, "=", 5]}`, "must be such as"},
		{`{numeric: ["=", 1000000000]}`, ""},
		{`{numeric: ["=", -1000000001]}`, "at most 10^9"},
		{`{numeric: []}`, "must be such as"},
		{`{numeric: 3}`, "must be such as"},
		{`{cidr: 10.0.0.0/24}`, ""},
		{`{cidr: nope}`, "must be a range of addresses"},
		{`{prefix: com.}`, ""},
		{`{prefix: [1]}`, "must be a string"},
		{`{suffix: ""}`, "must be a string"},
		{`{equals-ignore-case: 3}`, "must be a string"},
		{`{wildcard: "a*b*"}`, ""},
		{`{wildcard: "a**b"}`, "two asterisks"},
		{`{anything-but: x}`, ""},
		{`{anything-but: [x, y]}`, ""},
		{`{anything-but: [1, 2.5]}`, ""},
		{`{anything-but: 7}`, ""},
		{`{anything-but: [x, 1]}`, "a list of either"},
		{`{anything-but: {prefix: x}}`, ""},
		{`{anything-but: {suffix: x}}`, "or {prefix: ...}"},
		{`{anything-but: null}`, "must be a string, a number"},
		{`{anything-but: []}`, "must be a string, a number"},
		{`{anything-but: [[x]]}`, "must be a string, a number"},
		{`{anything-but: {foo: 1}}`, "must be a string, a number"},
		{`{anything-but: {prefix: x, suffix: y}}`, "must be a string, a number"},
		{`{anything-but: {prefix: 1}}`, "or {prefix: ...}"},
	} {
		text := strings.Replace(string(base), "consumers:", "consumers:\n  filtered: {filter_policy: {event-type: ["+tt.condition+"]}}", 1)
		_, err := Parse("tracehaul.yaml", []byte(text))
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.condition, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), "consumers.filtered.filter_policy.event-type[0].") || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: error %v, want %s", tt.condition, err, tt.want)
		}
	}
}
