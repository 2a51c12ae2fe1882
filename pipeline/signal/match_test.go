package signal_test

import (
	"math"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/pipeline/signal"
)

func TestMatch_Patterns_AsCloudWatchReadsThem(t *testing.T) {
	const line = `{"msg":"batch settled","failed":3,"zero":0,"small":1.5e-3,"text":"3","on":true,"none":null,"list":[1],
		"user":{"id":1,"e-mail":"a@b"},"a":{"b":{"c_1":"deep"}}}`
	for pattern, want := range map[string]bool{
		`{ $.msg = "batch settled" }`:                     true,
		`{$.msg="batch settled"}`:                         true,
		` { $.msg = "batch" } `:                           false,
		`{ $.msg = "Batch settled" }`:                     false, // case counts
		`{ $.msg != "batch" }`:                            true,
		`{ $.failed = 3 }`:                                true,
		`{ $.failed = 3.0e0 }`:                            true,
		`{ $.failed = +3 }`:                               true,
		`{ $.failed != 3 }`:                               false,
		`{ $.failed > 2 }`:                                true,
		`{ $.failed > 3 }`:                                false,
		`{ $.failed >= 3 }`:                               true,
		`{ $.failed < 3 }`:                                false,
		`{ $.failed <= 3 }`:                               true,
		`{ $.small < 10e-3 }`:                             true,
		`{ $.zero > -1 }`:                                 true,
		`{ $.failed = "3" }`:                              false, // a number is no text
		`{ $.text = 3 }`:                                  false,
		`{ $.text != 3 }`:                                 false,
		`{ $.zero = * }`:                                  true,
		`{ $.msg = * }`:                                   true,
		`{ $.absent = * }`:                                false,
		`{ $.absent != 1 }`:                               false,
		`{ $.none = * }`:                                  false,
		`{ $.on = * }`:                                    false,
		`{ $.list != 1 }`:                                 false, // "JSON special considerations"
		`{ $.list = * }`:                                  false,
		`{ $.user = * }`:                                  false,
		`{ $.user.id = 1 }`:                               true,
		`{ $.user.e-mail = "a@b" }`:                       true,
		`{ $.a.b.c_1 = "deep" }`:                          true,
		`{ $.msg.id = 1 }`:                                false,
		`{ $.msg = "batch settled" && $.failed = * }`:     true,
		`{ $.msg = "x" || $.failed = 3 }`:                 true,
		`{ $.msg = "x" && $.failed = 3 || $.zero = 0 }`:   true, // && binds closer
		`{ $.zero = 0 || $.msg = "x" && $.failed = 4 }`:   true,
		`{ ($.zero = 0 || $.msg = "x") && $.failed = 4 }`: false,
		`{ ( ($.user.id = 1) && ($.failed = 3 || $.absent = "nobody")) }`: true,
	} {
		f := signal.LogFilter{Pattern: pattern, Value: "1"}
		if _, err := f.Parse(); err != nil {
			t.Errorf("%v", err)
		}
		if value, ok := f.Match([]byte(line)); ok != want || ok && value != 1 {
			t.Errorf("%s: %v, %t, want %t", pattern, value, ok, want)
		}
	}
}

func TestMatch_Value_IsTheNumberInTheLine(t *testing.T) {
	for name, test := range map[string]struct {
		value, line string
		want        float64
		ok          bool
	}{
		"fixed":            {"2.5", `{"msg":"m"}`, 2.5, true},
		"key":              {"$.items", `{"msg":"m","items":41}`, 41, true},
		"zero":             {"$.items", `{"msg":"m","items":0}`, 0, true},
		"nested":           {"$.a.b", `{"msg":"m","a":{"b":-1e3}}`, -1000, true},
		"key that is gone": {"$.items", `{"msg":"m"}`, 0, false},
		"no number":        {"$.items", `{"msg":"m","items":"41"}`, 0, false},
		"other line":       {"$.items", `{"msg":"n","items":41}`, 0, false},
		"no JSON":          {"1", `msg=m`, 0, false},
		"no object":        {"1", `["m"]`, 0, false},
		"two objects":      {"1", `{"msg":"m"}{"msg":"m"}`, 0, false},
		"empty":            {"1", ``, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := signal.LogFilter{Pattern: `{ $.msg = "m" }`, Value: test.value}
			if got, ok := f.Match([]byte(test.line)); got != test.want || ok != test.ok {
				t.Errorf("got %v, %t, want %v, %t", got, ok, test.want, test.ok)
			}
		})
	}
}

func TestParse_Bad_SaysWhereAndWhatIsWanted(t *testing.T) {
	for pattern, want := range map[string]string{
		``:                                      `at 0: want {, got the end`,
		`ERROR`:                                 `at 0: want {, got "ERROR"`,
		`{ }`:                                   `at 2: want a key, such as $.msg, got "}"`,
		`{ $msg = 1 }`:                          `at 3: want . and a key, got "msg = 1 }"`,
		`{ $. = 1 }`:                            `at 4: want letters or digits of a key`,
		`{ $.users[0] = 1 }`:                    `at 9: want one of = != < <= > >=, got "[0] = 1 }"`,
		`{ $.a IS NULL }`:                       `at 6: want one of = != < <= > >=, got "IS NULL }"`,
		`{ $.a NOT EXISTS }`:                    `want one of = != < <= > >=`,
		`{ $.a = b }`:                           `at 8: want a number, * or a text in double quotes (the latter two after = or !=), got "b }"`,
		`{ $.a = 'b' }`:                         `want a number, *`,
		`{ $.a < "b" }`:                         `want a number, *`,
		`{ $.a != * }`:                          `want a number, *`,
		`{ $.a = 1e999 }`:                       `want a number, *`,
		`{ $.a = %b% }`:                         `want a number, *`,
		`{ $.a = "b }`:                          `want a closing "`,
		`{ $.a = "b*" }`:                        `want a text without * and \`,
		`{ $.a = 1`:                             `at 9: want &&, || or }, got the end`,
		`{ $.a = 1 & $.b = 1 }`:                 `want &&, || or }, got "& $.b = 1 }"`,
		`{ ($.a = 1 }`:                          `want &&, || or ), got "}"`,
		`{ $.a = 1 } x`:                         `at 12: want the end, got "x"`,
		`{ $.a = 1 && }`:                        `want a key, such as $.msg, got "}"`,
		`{ ` + strings.Repeat("(", 2000) + ` }`: `want at most 1024 characters`,
	} {
		f := signal.LogFilter{Pattern: pattern, Value: "1"}
		if _, err := f.Parse(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gave %v, want %s", pattern[:min(40, len(pattern))], err, want)
		}
		if _, ok := f.Match([]byte(`{"a":1}`)); ok {
			t.Errorf("%s matches", pattern)
		}
	}
	for _, value := range []string{"", "items", "$", "$.items ", "1 ", "0x1", "NaN", "1_000"} {
		if _, err := (signal.LogFilter{Pattern: `{ $.a = 1 }`, Value: value}).Parse(); err == nil || !strings.Contains(err.Error(), "want a number, or a key such as $.items") {
			t.Errorf("value %q gave %v", value, err)
		}
	}
}

// Whatever a pattern and a line are: no panic, and no value that CloudWatch
// would not take.
func FuzzMatch(f *testing.F) {
	for _, pattern := range []string{
		`{ $.msg = "batch settled" && $.failed = * }`, `{ ($.a.b >= 1.5e3 || $.c != 0) && $.n < -1 }`, `{ $.a = "`, `{((((`, `{ $.a = 1 } }`,
	} {
		f.Add(pattern, "$.failed", `{"msg":"batch settled","failed":3,"a":{"b":2000},"n":-2}`)
	}
	f.Add(`{ $.a = * }`, "1", `{"a":[]}`)
	f.Fuzz(func(t *testing.T, pattern, value, line string) {
		filter := signal.LogFilter{Pattern: pattern, Value: value}
		m, err := filter.Parse()
		got, ok := filter.Match([]byte(line))
		switch {
		case err != nil && ok:
			t.Fatalf("%q was refused with %v, and matches", pattern, err)
		case math.IsNaN(got) || math.IsInf(got, 0) || !ok && got != 0:
			t.Fatalf("the value is %v", got)
		case err == nil:
			if again, same := m.Match([]byte(line)); same != ok || again != got {
				t.Fatalf("the same line gave %v, %t and %v, %t", got, ok, again, same)
			}
			// What matches still does in parentheses, or beside what never matches.
			inner := strings.TrimSpace(pattern)
			inner = inner[1 : len(inner)-1]
			longer := signal.LogFilter{Pattern: "{ $.never = 1 && $.never = 2 || (" + inner + ") }", Value: value}
			if _, err := longer.Parse(); err == nil {
				if again, same := longer.Match([]byte(line)); same != ok || again != got {
					t.Fatalf("%q gave %v, %t, and in parentheses %v, %t", pattern, got, ok, again, same)
				}
			}
		}
	})
}
