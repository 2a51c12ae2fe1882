package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// database is one of two made-up vulnerabilities, of which the program in testdata
// calls the first.
func database(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", "database"))
	if err != nil {
		t.Fatal(err)
	}
	return "file://" + path
}

// small is for the database of testdata, which is smaller than a real one.
func small(args ...string) []string {
	return append([]string{"-modules", "1", "-canary", "stdlib GO-1970-0001"}, args...)
}

func reviewFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "reviews.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const first = "- id: GO-1970-0001\n  module: .\n  reason: nobody gives it a table\n  "

func until(days int) string { return "until: " + time.Now().AddDate(0, 0, days).Format(time.DateOnly) }

// govulncheck itself, on a program that calls what a database says is vulnerable.
func TestRun_VulnerableProgram(t *testing.T) {
	t.Parallel()
	for reviews, want := range map[string]int{"[]": exitFailed, first + until(7): exitOK} {
		var out bytes.Buffer
		code := run(t.Context(), small("-db", database(t), "-C", filepath.Join("testdata", "program"), "-reviews", reviewFile(t, reviews)), &out, &out)
		if code != want {
			t.Errorf("with the reviews %s: exit code %d, want %d:\n%s", reviews, code, want, out.String())
		}
	}
}

// What is found, and what reviews of it come to.
func TestJudge_Reviews(t *testing.T) {
	t.Parallel()
	found, err := scan(t.Context(), database(t), filepath.Join("testdata", "program"), ".")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		reviews string
		fails   bool
		says    []string
		saysNot []string
	}{
		"no review": {
			fails: true,
			says: []string{
				"GO-1970-0001 in stdlib", "Made up: all of a table is read at once", "called: encoding/csv.Reader.ReadAll, from example.com/program.main", "no version is without it",
				"linked   GO-1970-0002", "Made up: a writer is slow; fixed in",
			},
		},
		"a review":                   {reviews: first + until(7), says: []string{"reviewed GO-1970-0001", "nobody gives it a table"}, saysNot: []string{"called: encoding"}},
		"a review, on its last day":  {reviews: first + until(0)},
		"a review that has expired":  {reviews: first + until(-2), fails: true, says: []string{"expired on", "look again"}},
		"a review for ever":          {reviews: first + until(400), fails: true, says: []string{"three months at most"}},
		"a review of another module": {reviews: strings.Replace(first, "module: .", "module: tools", 1) + until(7), fails: true, says: []string{"called: encoding/csv.Reader.ReadAll", "take the review out"}},
		"a review of what is not there": {
			reviews: first + until(7) + "\n" + strings.Replace(first, "0001", "0003", 1) + until(7), fails: true,
			says: []string{"the review of GO-1970-0003 in .: it is not there any more"},
		},
		"a review without reason": {reviews: "- {id: GO-1970-0001, module: ., until: 2026-01-01}", fails: true, says: []string{"want id (GO-...), module (a directory) and a reason"}},
		"a review without end":    {reviews: strings.TrimSpace(first), fails: true, says: []string{`until is ""`}},
		"a review with a typo":    {reviews: first + "expires: 2026-01-01", fails: true, says: []string{"expires"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			reviews, err := readReviews(reviewFile(t, test.reviews))
			if err == nil {
				err = judge(&out, found, reviews, time.Now())
			}
			if (err != nil) != test.fails {
				t.Errorf("error %v, want one: %v", err, test.fails)
			}
			said := fmt.Sprint(out.String(), err)
			for _, want := range test.says {
				if !strings.Contains(said, want) {
					t.Errorf("does not say %q:\n%s", want, said)
				}
			}
			for _, not := range test.saysNot {
				if strings.Contains(said, not) {
					t.Errorf("says %q:\n%s", not, said)
				}
			}
		})
	}
}

// Where the database cannot be had, that is said twice, and fails if it must.
func TestRun_NoDatabase_IsSkippedLoudlyOrFails(t *testing.T) {
	t.Parallel()
	refuses := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(refuses.Close)
	for name, url := range map[string]string{
		"nobody answers":       "http://127.0.0.1:1",
		"something else there": refuses.URL,
		"no file":              "file:///nonexistent/database",
		"no URL":               "vuln.go.dev",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			skipped := filepath.Join(t.TempDir(), "dist", "skipped")
			args := []string{"-db", url, "-C", filepath.Join("testdata", "program"), "-reviews", reviewFile(t, "[]"), "-skipped", skipped}
			var out bytes.Buffer
			if code := run(t.Context(), args, &out, &out); code != exitOK {
				t.Errorf("exit code %d, want %d: %s", code, exitOK, out.String())
			}
			noted, err := os.ReadFile(skipped)
			if err != nil {
				t.Fatal(err)
			}
			for where, text := range map[string]string{"the output": out.String(), "the file": string(noted)} {
				if !strings.Contains(text, "NOT CHECKED: known vulnerabilities") || !strings.Contains(text, url) {
					t.Errorf("%s says %q", where, text)
				}
			}
			out.Reset()
			if code := run(t.Context(), append(args, "-required"), &out, &out); code != exitFailed || !strings.Contains(out.String(), "is required") {
				t.Errorf("required: exit code %d, want %d: %s", code, exitFailed, out.String())
			}
			if _, err := os.Stat(skipped); err == nil {
				t.Error("what failed is noted as skipped")
			}
		})
	}
}

// A database that is there takes the note of the last run away.
func TestRun_Database_NoNoteIsLeft(t *testing.T) {
	t.Parallel()
	skipped := filepath.Join(t.TempDir(), "skipped")
	if err := os.WriteFile(skipped, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	run(t.Context(), small("-db", database(t), "-C", filepath.Join("testdata", "program"), "-reviews", reviewFile(t, "[]"), "-skipped", skipped), &out, &out)
	if _, err := os.Stat(skipped); err == nil {
		t.Errorf("the note is still there: %s", out.String())
	}
}

// What is committed can be read, whether the database can be had or not.
func TestReviews_OfThisRepository_AreWellFormed(t *testing.T) {
	t.Parallel()
	reviews, err := readReviews(filepath.Join("..", "..", "..", "build", "vulnerabilities.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	modules, err := modulesBelow(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if len(modules) < 4 || modules[0] != "." {
		t.Errorf("modules are %v, want this one, the collector's and those of tools", modules)
	}
	for _, r := range reviews {
		if time.Now().After(r.until.AddDate(0, 0, 1)) {
			t.Errorf("the review of %s in %s expired on %s: look again", r.ID, r.Module, r.Until)
		}
	}
}
