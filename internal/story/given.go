package story

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// Kind is what something that was given is.
type Kind string

// Kinds of what can be given.
const (
	KindTrace Kind = "trace" // a trace id in any of its forms
	KindEvent Kind = "event" // an event by its id, which is its row's primary key with the source
	KindSNS   Kind = "sns"   // a message by the id that SNS gave it
	KindSQS   Kind = "sqs"   // a message by the id that SQS gave it

	// KindSubject is what an event is about (CloudEvents' subject): an order, a
	// customer. Several events may be about the same.
	KindSubject Kind = "subject"
)

// Kinds are all kinds.
func Kinds() []Kind { return []Kind{KindTrace, KindEvent, KindSNS, KindSQS, KindSubject} }

// Candidate is one thing that what was given can be.
type Candidate struct {
	Kind  Kind
	Clues Clues
}

const (
	traceIDForm = `[0-9a-fA-F]{32}`
	// maxGiven is the longest text that is looked at: a line of an access log
	// has kilobytes.
	maxGiven = 32 << 10
)

var (
	rootForm        = regexp.MustCompile(`1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}`)
	rootField       = regexp.MustCompile(`(?i)(?:^|[;"\s])Root=(1-[0-9a-f]{8}-[0-9a-f]{24})`)
	traceparentForm = regexp.MustCompile(`(?:^|[\s"'=:])[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:$|[\s"',-])`)
	logField        = regexp.MustCompile(`(?i)"?trace_?id"?\s*[:=]\s*"?(` + traceIDForm + `)\b`)
	idForm          = regexp.MustCompile(`^` + traceIDForm + `$`)
	uuidForm        = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// Read says what a text can be, the likeliest first. source is the event's, if
// that is known, and as the only kind that it may be, or "".
func Read(given, source string, as Kind) ([]Candidate, error) {
	given = strings.TrimSpace(given)
	if given == "" {
		return nil, errors.New("nothing was given: want a trace id, an X-Amzn-Trace-Id, a traceparent, an event's id or subject, a message's id of SNS or SQS")
	}
	if len(given) > maxGiven {
		return nil, fmt.Errorf("%d bytes were given: want an id, or a line of at most %d bytes that holds one", len(given), maxGiven)
	}
	if as != "" && !slices.Contains(Kinds(), as) {
		return nil, fmt.Errorf("kind %q: want one of %v", as, Kinds())
	}
	all := candidates(given, source, as)
	switch {
	case len(all) > 0:
		return all, nil
	case source != "":
		return nil, fmt.Errorf("source %q: want it with an event's id alone, and nothing else has one", source)
	}
	return nil, fmt.Errorf("%.60q is no %s: want 32 hexadecimal digits, 1-67891233-abcdef012345678912345678, or a text with Root= or a traceparent in it", given, KindTrace)
}

// candidates are what a text can be, of a kind if that is forced. What has a
// source is an event.
func candidates(given, source string, as Kind) (all []Candidate) {
	plain := canBeAnID(given)
	if source == "" {
		if id, ok := traceID(given); ok {
			all = append(all, Candidate{KindTrace, Clues{TraceIDs: []string{id}}})
		}
		if uuidForm.MatchString(given) || as == KindSQS || as == KindSNS {
			all = append(all, Candidate{KindSQS, Clues{SQS: []string{given}}}, Candidate{KindSNS, Clues{SNS: []string{given}}})
		}
	}
	if plain || as == KindEvent {
		for _, id := range eventIDs(given, source) {
			all = append(all, Candidate{KindEvent, Clues{Events: []EventID{id}}})
		}
	}
	if source == "" && (plain || as == KindSubject) {
		all = append(all, Candidate{KindSubject, Clues{Subjects: []string{given}}})
	}
	return slices.DeleteFunc(all, func(c Candidate) bool { return as != "" && c.Kind != as })
}

// traceID finds a trace id in any of its forms, or in a line that holds one.
func traceID(given string) (string, bool) {
	if idForm.MatchString(given) {
		return valid(given)
	}
	if rootForm.FindString(given) == given {
		return valid(given[2:10] + given[11:])
	}
	if m := traceparentForm.FindStringSubmatch(given); m != nil {
		return valid(m[1])
	}
	if m := rootField.FindStringSubmatch(given); m != nil {
		if id, ok := xray.TraceIDFromRoot(strings.ToLower(m[1])); ok {
			return id.String(), true
		}
	}
	if m := logField.FindStringSubmatch(given); m != nil {
		return valid(m[1])
	}
	return "", false
}

func valid(id string) (string, bool) {
	id = strings.ToLower(id)
	return id, IsTraceID(id)
}

// maxID is the longest text that is looked for as an event's id or subject.
const maxID = 2048

// canBeAnID reports whether a text can be an event's id or subject: a header or a
// whole line is none.
func canBeAnID(given string) bool {
	if strings.ContainsAny(given, "\n\r") || len(given) > maxID {
		return false
	}
	_, isTrace := traceID(given)
	return !isTrace || idForm.MatchString(given) || rootForm.FindString(given) == given
}

// eventIDs reads "source id", as lists of dead letters print it, and an id
// alone: an id may have spaces, which the source's URI has not.
func eventIDs(given, source string) (ids []EventID) {
	if source == "" {
		if before, after, ok := strings.Cut(given, " "); ok {
			ids = append(ids, EventID{before, strings.TrimSpace(after)})
		}
	}
	return append(ids, EventID{source, given})
}
