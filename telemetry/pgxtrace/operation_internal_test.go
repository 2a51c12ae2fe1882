package pgxtrace

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseOperation(t *testing.T) {
	for sql, want := range map[string]string{
		"INSERT INTO events (id) VALUES ($1)":                           "INSERT events",
		"  insert into\n\tpublic.events(id) select * from x":            "INSERT public.events",
		"SELECT a, b FROM orders WHERE x = $1":                          "SELECT orders",
		"select count(*) from (select 1) s":                             "SELECT",
		"SELECT 1":                                                      "SELECT",
		"SELECT 'from secret'":                                          "SELECT",
		"UPDATE ONLY events SET a = 1":                                  "UPDATE events",
		`DELETE FROM "Odd table" WHERE true`:                            "DELETE Odd table",
		"TRUNCATE TABLE events":                                         "TRUNCATE events",
		"MERGE INTO events e USING x ON true":                           "MERGE events",
		"-- who asks\n/* and why */ SELECT * FROM events":               "SELECT events",
		"WITH new AS (INSERT INTO events VALUES (1)) SELECT * FROM new": "WITH",
		"begin":             "BEGIN",
		"":                  "QUERY",
		";":                 "QUERY",
		"$1":                "QUERY",
		"'secret'":          "QUERY",
		"-- only a comment": "QUERY",
		"SELECT * FROM " + strings.Repeat("x", 200):                  "SELECT",
		"SELECT " + strings.Repeat("x, ", 1000) + " FROM far_behind": "SELECT",
	} {
		if got := parseOperation(sql).summary(); got != want {
			t.Errorf("%.60q: %q, want %q", sql, got, want)
		}
	}
}

func FuzzParseOperation(f *testing.F) {
	for _, sql := range []string{"INSERT INTO events", "SELECT * FROM \"a\"\"b\"", "--", "/*", "\"", "copy from copy", "é"} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		o := parseOperation(sql)
		if strings.ContainsAny(o.name+o.collection, "'\"\n") || len(o.summary()) > nameBytes+21 {
			t.Errorf("%q became %q", sql, o.summary())
		}
	})
}

func TestCut_NeverInsideOfACharacter(t *testing.T) {
	s := strings.Repeat("é", 10)
	for n := range len(s) + 2 {
		if got := cut(s, n); len(got) > n || !utf8.ValidString(got) {
			t.Errorf("cut(%d) = %q", n, got)
		}
	}
}
