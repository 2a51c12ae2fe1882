package pgxtrace

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseOperation(t *testing.T) {
	for sql, want := range map[string]string{
		"INSERT INTO events (id) VALUES ($1)":                                       "INSERT events",
		"  insert into\n\tpublic.events(id) select * from x":                        "INSERT public.events",
		"SELECT a, b FROM orders WHERE x = $1":                                      "SELECT orders",
		"select count(*) from (select 1) s":                                         "SELECT",
		"SELECT 1":                                                                  "SELECT",
		"SELECT 'from secret'":                                                      "SELECT",
		"UPDATE ONLY events SET a = 1":                                              "UPDATE events",
		`DELETE FROM "Odd table" WHERE true`:                                        "DELETE Odd table",
		"TRUNCATE TABLE events":                                                     "TRUNCATE events",
		"MERGE INTO events e USING x ON true":                                       "MERGE events",
		"upsert into events VALUES (1)":                                             "UPSERT events", // CockroachDB
		"-- who asks\n/* and why */ SELECT * FROM events":                           "SELECT events",
		"SELECT extract(epoch FROM created_at), trim(both from a) FROM orders":      "SELECT orders",
		"SELECT a IS NOT DISTINCT /* of */ FROM b, ARRAY[(SELECT 1 FROM c)] FROM t": "SELECT t",
		`SELECT a AS from, b.from, "from" FROM t`:                                   "SELECT t",
		`SELECT E'it\'s FROM hunter2' FROM t`:                                       "SELECT t",
		"SELECT e'it'\n--\n'\\' FROM hunter2' FROM t":                               "SELECT t",
		`SELECT U&'it''s FROM hunter2' UESCAPE '!', n'FROM hunter2' FROM t`:         "SELECT t",
		`SELECT 'C:\' FROM t WHERE a = ' FROM hunter2'`:                             "SELECT", // standard_conforming_strings is not known
		"SELECT $$pw FROM hunter2$$, $a$ $$ FROM hunter2 $a$ FROM t":                "SELECT t",
		"SELECT a$$ FROM t WHERE b$$ = 1":                                           "SELECT t",
		"SELECT /* a /* b */ FROM hunter2 */ 1 FROM t":                              "SELECT t",
		"SELECT 1 -- FROM hunter2\rFROM t":                                          "SELECT t",
		"SELECT 1e5, 0x1F, .5, 1_000 FROM t":                                        "SELECT t",
		"SELECT 1e'\\' FROM hunter2' FROM t":                                        "SELECT",
		"SELECT 1 UNION SELECT 2 FROM b":                                            "SELECT",
		"SELECT 1; DELETE FROM b":                                                   "SELECT",
		"SELECT 1) FROM b":                                                          "SELECT",
		"SELECT * FROM generate_series(1, 10)":                                      "SELECT",
		"SELECT * FROM pg_catalog.generate_series (1, 10)":                          "SELECT",
		"SELECT * FROM ROWS FROM (f(1), g(2))":                                      "SELECT",
		"SELECT * FROM LATERAL f(1)":                                                "SELECT",
		"SELECT * FROM current_date":                                                "SELECT",
		"SELECT * FROM 'hunter2'":                                                   "SELECT",
		"SELECT * FROM $1":                                                          "SELECT",
		"SELECT * FROM @hunter2":                                                    "SELECT",
		`SELECT * FROM "user" . "Odd" WHERE a`:                                      "SELECT user.Odd",
		`SELECT * FROM "a""b"`:                                                      "SELECT",
		`SELECT * FROM U&"d\0061ta"`:                                                "SELECT",
		`SELECT * FROM "not closed`:                                                 "SELECT",
		"DELETE FROM ONLY events":                                                   "DELETE events",
		"DELETE FROM WHERE":                                                         "DELETE",
		"TRUNCATE events":                                                           "TRUNCATE events",
		"COPY events FROM STDIN":                                                    "COPY events",
		"COPY (SELECT 1 FROM events) TO STDOUT":                                     "COPY",
		"TABLE events":                                                              "TABLE events",
		"EXPLAIN SELECT * FROM events":                                              "EXPLAIN",
		"get_user_by_email":                                                         "QUERY", // of a prepared statement
		"SELECT_USER":                                                               "QUERY",
		"hunter":                                                                    "QUERY",
		"(SELECT 1 FROM a)":                                                         "QUERY",
		"WITH new AS (INSERT INTO events VALUES (1)) SELECT * FROM new":             "WITH",
		"begin":             "BEGIN",
		"":                  "QUERY",
		";":                 "QUERY",
		"$1":                "QUERY",
		"'secret'":          "QUERY",
		"-- only a comment": "QUERY",
		"SELECT * FROM " + strings.Repeat("x", 200):                  "SELECT",
		"SELECT " + strings.Repeat("x, ", 1000) + " FROM far_behind": "SELECT",
		"SELECT '" + strings.Repeat("x", 1000) + "' FROM at_the_end": "SELECT at_the_end",
	} {
		if got := parseOperation(sql, false).summary(); got != want {
			t.Errorf("%.60q: %q, want %q", sql, got, want)
		}
	}
}

// A name that begins in time is read to its end: what a dot or a bracket makes
// of it is no doubt that may be left.
func TestParseOperation_NameAcrossTheBound_WholeOrNone(t *testing.T) {
	for tail, want := range map[string]string{
		"tenant.orders":             "SELECT tenant.orders",
		"orders":                    "SELECT orders",
		`"tenant" /* of */ .orders`: "SELECT tenant.orders",
		"generate_series(1, 2)":     "SELECT",
		"pg_catalog.unnest ($1)":    "SELECT",
		"ROWS FROM (f(1))":          "SELECT",
		"tenant." + strings.Repeat("x.", nameBytes) + "x": "SELECT",
	} {
		for begin := parsedBytes - len(tail) - 1; begin <= parsedBytes+1; begin++ {
			sql := fmt.Sprintf("SELECT %*s FROM %s", begin-len("SELECT  FROM "), "1", tail)
			if begin >= parsedBytes {
				want = "SELECT"
			}
			if got := parseOperation(sql, true).summary(); got != want {
				t.Errorf("%.30q at byte %d: %q, want %q", tail, begin, got, want)
			}
		}
	}
}

func FuzzParseOperation(f *testing.F) {
	for _, sql := range []string{"INSERT INTO events", "SELECT * FROM \"a\"\"b\"", "--", "/*", "\"", "copy from copy", "é"} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		for _, conforming := range []bool{false, true} {
			o := parseOperation(sql, conforming)
			if strings.ContainsAny(o.name+o.collection, "'\"\n") || len(o.summary()) > nameBytes+21 {
				t.Errorf("%q became %q", sql, o.summary())
			}
		}
	})
}
