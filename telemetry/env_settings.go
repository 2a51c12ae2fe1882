package telemetry

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
)

// settings reads variables and collects what is wrong with them. An empty
// value counts as unset, as the specification wants.
type settings struct {
	getenv func(string) string
	errs   []error
}

func (s *settings) get(name string) string { return strings.TrimSpace(s.getenv(name)) }

// lower is for enumerations, whose case does not matter.
func (s *settings) lower(name string) string { return strings.ToLower(s.get(name)) }

func (s *settings) bad(name, value, want string) {
	s.report(fmt.Errorf("%s=%q: want %s", name, value, want))
}

// badSecret reports a variable whose value must not be shown.
func (s *settings) badSecret(name, problem, want string) {
	s.report(fmt.Errorf("%s: %s: want %s", name, problem, want))
}

// report keeps an error. Variables that count for several signals are read,
// but not reported, several times.
func (s *settings) report(err error) {
	same := func(other error) bool { return other.Error() == err.Error() }
	if !slices.ContainsFunc(s.errs, same) {
		s.errs = append(s.errs, err)
	}
}

func (s *settings) boolean(name string) bool {
	switch value := s.lower(name); value {
	case "true":
		return true
	case "false", "":
	default:
		s.bad(name, value, "true or false")
	}
	return false
}

// maxSetting bounds numbers, so that no later arithmetic overflows: as
// milliseconds it is 24 days.
const maxSetting = math.MaxInt32

func (s *settings) milliseconds(d *time.Duration, name string) {
	n := 0
	s.number(&n, name, 1, "milliseconds, from 1 to "+itoa(maxSetting))
	if n > 0 {
		*d = time.Duration(n) * time.Millisecond
	}
}

func (s *settings) count(n *int, name string) {
	s.number(n, name, 1, "a number from 1 to "+itoa(maxSetting))
}

// limit reads a limit that may be 0 from the first of the variables, unless a
// later, more special one is set.
func (s *settings) limit(n *int, names ...string) {
	for _, name := range names {
		s.number(n, name, 0, "a number from 0 to "+itoa(maxSetting))
	}
}

func (s *settings) number(n *int, name string, least int, want string) {
	value := s.get(name)
	if value == "" {
		return
	}
	parsed, err := strconv.ParseInt(value, 10, 32)
	if err != nil || parsed < int64(least) {
		s.bad(name, value, want)
		return
	}
	*n = int(parsed)
}

// ratio is 1 unless the variable says otherwise.
func (s *settings) ratio(name string) float64 {
	value := s.get(name)
	if value == "" {
		return 1
	}
	ratio, err := strconv.ParseFloat(value, 64)
	if err != nil || !(ratio >= 0 && ratio <= 1) {
		s.bad(name, value, "a number from 0 to 1")
		return 1
	}
	return ratio
}

func (s *settings) resourceAttributes(name string) []attribute.KeyValue {
	pairs, err := parsePairs(s.get(name))
	if err != nil {
		s.badSecret(name, err.Error(), "key=value,key=value with percent-encoded values")
	}
	var attrs []attribute.KeyValue
	for _, p := range pairs {
		attrs = append(attrs, attribute.String(p.key, p.value))
	}
	return attrs
}

type pair struct{ key, value string }

// parsePairs reads the form of OTEL_RESOURCE_ATTRIBUTES and of the headers,
// that of W3C Baggage: key=value,key=value, values percent-encoded. Its error
// shows no value.
func parsePairs(list string) ([]pair, error) {
	var (
		pairs    []pair
		problems []string
	)
	entry := 0
	for part := range strings.SplitSeq(list, ",") {
		entry++
		if strings.TrimSpace(part) == "" {
			continue
		}
		key, value, found := strings.Cut(part, "=")
		key, keyErr := url.PathUnescape(strings.TrimSpace(key))
		value, valueErr := url.PathUnescape(strings.TrimSpace(value))
		switch {
		case !found || keyErr != nil || key == "":
			problems = append(problems, fmt.Sprintf("entry %d is not key=value", entry))
		case valueErr != nil:
			problems = append(problems, fmt.Sprintf("the value of %q is not percent-encoded", key))
		default:
			pairs = append(pairs, pair{key, value})
		}
	}
	if len(problems) > 0 {
		return pairs, errors.New(strings.Join(problems, ", "))
	}
	return pairs, nil
}

func itoa(n int) string { return strconv.Itoa(n) }

// orDefault is value, or fallback if that is zero.
func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
