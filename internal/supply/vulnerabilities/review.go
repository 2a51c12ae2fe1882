package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// longestReview is how long a review may hold: then somebody looks again.
const longestReview = 92 * 24 * time.Hour

// review is a vulnerability that somebody looked at, and why it may stay for now.
type review struct {
	ID     string `yaml:"id"`     // GO-2026-1234
	Module string `yaml:"module"` // the directory of ours that has it
	Reason string `yaml:"reason"`
	Until  string `yaml:"until"` // the last day, 2006-01-02

	until time.Time
}

// readReviews reads the file of reviews. What is missing in one is an error: an
// exception nobody explains is none.
func readReviews(file string) ([]review, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reviews: %w", err)
	}
	var reviews []review
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&reviews); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reviews in %s: %w", file, err)
	}
	var problems []error
	for i := range reviews {
		r := &reviews[i]
		if !strings.HasPrefix(r.ID, "GO-") || r.Module == "" || len(strings.Fields(r.Reason)) < 3 {
			problems = append(problems, fmt.Errorf("review %d, of %q: want id (GO-...), module (a directory) and a reason of a few words", i+1, r.ID))
		}
		if r.until, err = time.Parse(time.DateOnly, r.Until); err != nil {
			problems = append(problems, fmt.Errorf("review of %s: until is %q, want a day such as 2026-02-28", r.ID, r.Until))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("reviews in %s:\n%w", file, err)
	}
	return reviews, nil
}

// judge shows what was found, and says what of it must not stay: what is called
// and has no review, a review that has expired or holds too long, and one of
// something that is no longer there.
func judge(w io.Writer, found []finding, reviews []review, today time.Time) error {
	var problems []error
	used := make([]bool, len(reviews))
	for _, f := range found {
		where := fmt.Sprintf("%s in %s of module %s", f.id, f.in, f.module)
		i := reviewOf(reviews, f)
		switch {
		case i >= 0:
			used[i] = true
			_, _ = fmt.Fprintf(w, "  reviewed %s, until %s: %s\n", where, reviews[i].Until, reviews[i].Reason)
		case f.call == "":
			_, _ = fmt.Fprintf(w, "  linked   %s: %s%s\n", where, f.title, remedy(f))
		default:
			problems = append(problems, fmt.Errorf("%s: %s\n    called: %s%s\n    https://pkg.go.dev/vuln/%s", where, f.title, f.call, remedy(f), f.id))
		}
	}
	for i, r := range reviews {
		switch {
		case !used[i]:
			problems = append(problems, fmt.Errorf("the review of %s in %s: it is not there any more, take the review out", r.ID, r.Module))
		case today.After(r.until.AddDate(0, 0, 1)):
			problems = append(problems, fmt.Errorf("the review of %s in %s expired on %s: look again", r.ID, r.Module, r.Until))
		case r.until.Sub(today) > longestReview:
			problems = append(problems, fmt.Errorf("the review of %s in %s holds until %s: want three months at most", r.ID, r.Module, r.Until))
		}
	}
	return errors.Join(problems...)
}

func reviewOf(reviews []review, f finding) int {
	for i, r := range reviews {
		if r.ID == f.id && r.Module == f.module {
			return i
		}
	}
	return -1
}

func remedy(f finding) string {
	if f.fixed == "" {
		return "; no version is without it"
	}
	return "; fixed in " + f.fixed
}
