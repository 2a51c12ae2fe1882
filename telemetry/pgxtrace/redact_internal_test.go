package pgxtrace

import (
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"
)

func TestRedact(t *testing.T) {
	for sql, want := range map[string]string{
		"ALTER USER app PASSWORD 'hunter2'":                  "ALTER USER app PASSWORD ?",
		"SELECT a FROM b WHERE c = $1 AND d_2 IS NULL":       "SELECT a FROM b WHERE c = $1 AND d_2 IS NULL",
		"SELECT 1, -2.5e-3,.5,0xFF, 1_000,a[1:2], x1, y$2":   "SELECT ?, -?,?,?, ?,a[?:?], x1, y$2",
		"SELECT true, False, 'true', truest":                 "SELECT ?, ?, ?, truest",
		"SELECT '', 'it''s', 'a' 'b'":                        "SELECT ?, ?, ? ?",
		`SELECT E'it\'s', e'\\', E'a''b\\''c'`:               "SELECT ?, ?, ?",
		"SELECT E'a' -- and\n  '\\'b' , 'c'":                 "SELECT ? , ?",
		"SELECT E'a' '\\'b' , 'c'":                           "SELECT ? ?",
		`SELECT U&'\0061''b' UESCAPE '!', u&"d\0061ta"`:      `SELECT ? UESCAPE ?, u&"d\0061ta"`,
		"SELECT B'01', x'1F', N'n'":                          "SELECT ?, ?, ?",
		"SELECT $$a'b$$, $t$ $$ $tt$ $t$, $1, $1$$a$$":       "SELECT ?, ?, $1, $1?",
		"DO $$BEGIN PERFORM 'hunter2'; END$$":                "DO ?",
		"SELECT interval '1 day', date '2026-01-01'::text":   "SELECT interval ?, date ?::text",
		`SELECT "it's", "a""b", 'c' AS "d"`:                  `SELECT "it's", "a""b", ? AS "d"`,
		"SELECT/* it's /* 'a' */ hunter2 */a--it's\r\n, 'b'": "SELECT a \r\n, ?",
		"SELECT 'é', é":                                      "SELECT ?, é",
		`SELECT 'C:\', hunter2`:                              "SELECT ?",
		`SELECT 'C:\\', a`:                                   "SELECT ?, a",
		"SELECT 1e'\\', hunter2'":                            "SELECT ?",
		"SELECT 'not closed, hunter2":                        "SELECT ?",
		`SELECT "not closed, 'hunter2'`:                      "SELECT ?",
		"SELECT $t$ not closed, hunter2":                     "SELECT ?",
		"SELECT /* not closed, hunter2":                      "SELECT  ",
		"SELECT data ? 'a', a @> '{}' , b->>'c'":             "SELECT data ? ?, a @> ? , b->>?",
		"":                                                   "",
	} {
		if got := redact(sql, false); got != want {
			t.Errorf("%q\nbecame %q\nwant   %q", sql, got, want)
		}
	}
}

func TestRedact_Long_WholeTokensUpToTheLimit(t *testing.T) {
	for _, sql := range []string{
		"INSERT INTO t VALUES ('" + strings.Repeat("hunter2", 100_000) + "', abc)",
		"INSERT INTO t VALUES " + strings.Repeat("('hunter2', abc),", 100_000),
		"SELECT " + strings.Repeat("x", 100_000),
	} {
		if got := redact(sql, false); len(got) > statementBytes || strings.Contains(got, "hunter2") || got != redact(got, false) {
			t.Errorf("%.40q became %d bytes, ... %q", sql, len(got), got[max(0, len(got)-40):])
		}
	}
}

// forms are ways to write a string that holds content.
var forms = []func(content string) string{
	func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" },
	func(s string) string { return "E'" + strings.NewReplacer("'", `\'`, `\`, `\\`).Replace(s) + "'" },
	func(s string) string { return "e'" + strings.NewReplacer("'", `''`, `\`, `\\`).Replace(s) + "'" },
	func(s string) string {
		return "e'x'\r\n -- it's\n '" + strings.NewReplacer("'", `\'`, `\`, `\\`).Replace(s) + "'"
	},
	func(s string) string { return "U&'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(s) + "'" },
	func(s string) string { return "n'" + strings.ReplaceAll(s, "'", "''") + "'" },
	func(s string) string { return "$$" + strings.ReplaceAll(s, "$", "") + "$$" },
	func(s string) string { return "$ä_1$" + strings.ReplaceAll(s, "$", "") + "$ä_1$" },
	func(s string) string { return "/* '" + strings.NewReplacer("*", "", "/", "").Replace(s) + "/* */ */" },
	func(s string) string { return "-- '" + strings.NewReplacer("\n", "", "\r", "").Replace(s) + "\n" },
}

// What comes out of a statement does not depend on what is in a literal. Only
// where standard_conforming_strings decides and is not known to be on, all
// behind it is missing, as the table is behind a long one.
func FuzzRedact_Literal_NothingOfItGetsOut(f *testing.F) {
	contents := []string{"hunter2", "it's FROM hunter2", `\`, `\'`, `'; --`, "$a$", "$$", "*/", "/*", `"`, "é\x80", "\x00", "\n'", "ä_1$"}
	for i, content := range contents {
		f.Add(content, byte(i), byte(i))
	}
	before := []string{"SELECT ", "SELECT a FROM b WHERE c =", `SELECT "it's", `, "/* it's /* */ */ SELECT ", "-- it's\nSELECT 1+", "SELECT E'\\'',", "SELECT a$b$ ||", "SELECT $1 || "}
	after := []string{"", " FROM t WHERE d = $1", ", e FROM t", "\n-- it's", " \"it's\" FROM t", ", $$'$$, f FROM t"}
	f.Fuzz(func(t *testing.T, content string, form, around byte) {
		b, a := before[int(around)%len(before)], after[int(around)/len(before)%len(after)]
		write := forms[int(form)%len(forms)]
		sql := b + write(content) + a
		whole, ended := b+write("x")+a, b+"'"
		for _, conforming := range []bool{false, true} {
			want, wanted := redact(whole, conforming), parseOperation(whole, conforming)
			if got := redact(sql, conforming); got != want && (conforming || got != redact(ended, false)) {
				t.Errorf("%q became %q, want %q", sql, got, want)
			}
			if got := parseOperation(sql, conforming); got != wanted && got != parseOperation(ended, conforming) {
				t.Errorf("%q is %q, want %q", sql, got.summary(), wanted.summary())
			}
		}
	})
}

func FuzzRedact_AnySQL_Stable(f *testing.F) {
	for _, sql := range []string{"SELECT 1", "E'a'\n'b", "$a$'$a$", "/*/**/", "1e'", `U&"a"`, "a.5", "-/**/-", "$true$", "'\\'"} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		for _, conforming := range []bool{false, true} {
			got := redact(sql, conforming)
			if again := redact(got, conforming); again != got || len(got) > statementBytes || strings.Contains(got, "'") && !strings.Contains(sql, `"`) {
				t.Errorf("%q became %q, then %q", sql, got, again)
			}
		}
	})
}

func TestCut_NeverInsideOfACharacterAndNothingElseKept(t *testing.T) {
	s := strings.Repeat("é", 10)
	for n := range len(s) + 2 {
		got := cut(s, n)
		if len(got) > n || !utf8.ValidString(got) {
			t.Errorf("cut(%d) = %q", n, got)
		}
		if got != "" && got != s && unsafe.StringData(got) == unsafe.StringData(s) {
			t.Errorf("cut(%d) keeps all of it in memory", n)
		}
	}
}
