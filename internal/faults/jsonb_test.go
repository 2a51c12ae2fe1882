//go:build unix

package main

import (
	"strings"
	"testing"
)

// What PostgreSQL 15 has given back.
func TestJSONB_IsWhatPostgreSQLKeeps(t *testing.T) {
	for data, want := range map[string]string{
		`{"amount":1,"amount":2}`:                                          `{"amount": 2}`,
		`{"\u0061":1,"a":2}`:                                               `{"a": 2}`,
		`{"a":{"x":1,"x":{"y":2}},"a":{"z":1}}`:                            `{"a": {"z": 1}}`,
		`{"b":1,"aa":2,"a":3,"":4,"é":5}`:                                  `{"": 4, "a": 3, "b": 1, "aa": 2, "é": 5}`,
		`[-0,-0.0,0e5,0.00e1,-0e-3]`:                                       `[0, 0.0, 0, 0.0, 0.000]`,
		`[1.50,1e2,1.50e1,-1.5e-3,100e-2,0.1e1]`:                           `[1.50, 100, 15.0, -0.0015, 1.00, 1]`,
		`[12345678901234567890.10,1E+2,0.001E3,-7]`:                        `[12345678901234567890.10, 100, 1, -7]`,
		`[1, {} ,[],null,true,false]`:                                      `[1, {}, [], null, true, false]`,
		"\"\\u00fc\\/\\b\\f\\n\\r\\t\\u001f\x7f\\u2028<>&\\ud83d\\ude00\"": "\"ü/\\b\\f\\n\\r\\t\\u001f\x7f\u2028<>&😀\"",
		`1e400`: "1" + strings.Repeat("0", 400),
	} {
		if got, ok := jsonb([]byte(data)); !ok || got != want {
			t.Errorf("%s is kept as %s (%v), want %s", data, got, ok, want)
		}
	}
	for _, data := range []string{"", "\x00\xff", `{"a":1`, `1 2`, `{1:2}`} {
		if got, ok := jsonb([]byte(data)); ok {
			t.Errorf("%q is JSON, and kept as %s", data, got)
		}
	}
}
