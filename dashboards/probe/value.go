package probe

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// value is what a variable is.
type value struct {
	values []string
	many   bool // several can be chosen, so that queries are written for a regular expression

	// raw is a value for All that the dashboard's author has written: it goes
	// into queries as it is. Nil for none.
	raw *string

	// at is set for __from and __to.
	at time.Time
}

// language is how values go into a query, unless the query itself says it.
type language func(value) string

// promValue escapes as the Prometheus data source does.
// (packages/grafana-prometheus/src/escaping.ts.)
func promValue(v value) string {
	if !v.many {
		return promQuote.Replace(strings.Join(v.values, ","))
	}
	escaped := make([]string, len(v.values))
	for i, text := range v.values {
		escaped[i] = regexpMeta.ReplaceAllString(strings.ReplaceAll(text, `\`, `\\\\`), `\\$0`)
	}
	if len(escaped) == 1 {
		return escaped[0]
	}
	return "(" + strings.Join(escaped, "|") + ")"
}

var (
	promQuote  = strings.NewReplacer(`\`, `\\`, `'`, `\\'`)
	regexpMeta = regexp.MustCompile(`[$^*{}\[\]'+?.()|]`)
)

// sqlValue quotes as SQL data sources do: the query has the quotes for a
// variable with one value, not for one that can have several.
// (packages/grafana-sql, SqlDatasource: interpolateVariable.)
func sqlValue(v value) string {
	if !v.many {
		return strings.ReplaceAll(strings.Join(v.values, ","), "'", "''")
	}
	return quoteEach(v.values, "'", "''")
}

// textValue is for titles and settings.
func textValue(v value) string { return strings.Join(v.values, " + ") }

func quoteEach(values []string, quote, escaped string) string {
	quoted := make([]string, len(values))
	for i, text := range values {
		quoted[i] = quote + strings.ReplaceAll(text, quote, escaped) + quote
	}
	return strings.Join(quoted, ",")
}

// formats are those that a query can ask for, as in ${name:csv}. ("Advanced
// variable format options", Grafana documentation.)
var formats = map[string]func([]string) string{
	"csv":           func(v []string) string { return strings.Join(v, ",") },
	"raw":           func(v []string) string { return strings.Join(v, ",") },
	"pipe":          func(v []string) string { return strings.Join(v, "|") },
	"text":          func(v []string) string { return strings.Join(v, " + ") },
	"singlequote":   func(v []string) string { return quoteEach(v, "'", `\'`) },
	"doublequote":   func(v []string) string { return quoteEach(v, `"`, `\"`) },
	"sqlstring":     func(v []string) string { return quoteEach(v, "'", "''") },
	"regex":         regexValues,
	"glob":          globValues,
	"json":          jsonValues,
	"queryparam":    nil, // these make addresses, not queries
	"percentencode": nil,
}

func regexValues(v []string) string {
	escaped := make([]string, len(v))
	for i, text := range v {
		escaped[i] = regexp.QuoteMeta(text)
	}
	if len(escaped) == 1 {
		return escaped[0]
	}
	return "(" + strings.Join(escaped, "|") + ")"
}

func globValues(v []string) string {
	if len(v) == 1 {
		return v[0]
	}
	return "{" + strings.Join(v, ",") + "}"
}

func jsonValues(v []string) string {
	b, _ := json.Marshal(v) // texts can always be written
	if len(v) == 1 {
		b, _ = json.Marshal(v[0])
	}
	return string(b)
}

// format writes a value as a query wants it.
func (v value) format(format string, usual language) (string, error) {
	switch {
	case !v.at.IsZero():
		return timeFormat(v.at, format)
	case v.raw != nil && format != "text":
		return *v.raw, nil
	case format == "":
		return usual(v), nil
	}
	write, known := formats[format]
	switch {
	case !known:
		return "", fmt.Errorf("the format %q is not known", format)
	case write == nil:
		return "", fmt.Errorf("the format %q is for addresses, not for queries", format)
	}
	return write(v.values), nil
}

// timeFormat writes __from and __to: milliseconds, unless a date is asked for.
func timeFormat(at time.Time, format string) (string, error) {
	switch format {
	case "", "raw":
		return strconv.FormatInt(at.UnixMilli(), 10), nil
	case "date", "date:iso":
		return at.UTC().Format("2006-01-02T15:04:05.000Z"), nil
	case "date:seconds":
		return strconv.FormatInt(at.Unix(), 10), nil
	default:
		return "", fmt.Errorf("the format %q of a time is not known here: want date, date:iso or date:seconds", format)
	}
}
