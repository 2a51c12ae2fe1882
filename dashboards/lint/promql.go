package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/tracehaul/tracehaul/dashboards/internal/reference"
)

// windows stand in for Grafana's intervals while a query is parsed. They are
// lengths that nobody writes, so that the window of a rate can be told
// afterwards.
var windows = map[string]time.Duration{
	"__rate_interval": 433 * time.Second,
	"__interval":      439 * time.Second,
	"__range":         443 * time.Second,
	"":                449 * time.Second, // a variable of the dashboard
}

// durationBefore is what comes before a duration.
var durationBefore = regexp.MustCompile(`(\[|:|\boffset\s*-?)\s*$`)

func checkPromQL(c *checker) {
	p := parser.NewParser(parser.Options{})
	for t := range c.of(kindPrometheus, kindAmazonPrometheus) {
		at := t.get("expr")
		text, ok := c.query(at)
		if !ok {
			continue
		}
		parsed, err := parsePromQL(p, text)
		if err != nil {
			c.report(at, "the query is no PromQL: %v", err)
			continue
		}
		parser.Inspect(parsed, func(n parser.Node, _ []parser.Node) error {
			switch n := n.(type) {
			case *parser.Call:
				c.checkRate(t, at, n)
			case *parser.VectorSelector:
				c.checkMetric(at, n.Name)
			}
			return nil
		})
	}
}

// checkMetric finds a metric whose name is nearly that of a known one.
func (c *checker) checkMetric(at *node, name string) {
	if name == "" || len(c.options.Metrics) == 0 || slices.Contains(c.options.Metrics, name) {
		return
	}
	if meant := c.meant(name, c.options.Metrics); meant != "" {
		c.report(at, "there is no metric %q%s", name, meant)
	}
}

// maxGuesses is for how many variables of a query it is tried whether they
// are names or numbers.
const maxGuesses = 4

// parsePromQL puts something in the place of variables. What a variable of the
// dashboard stands for is not known, a name or a number: both are tried.
func parsePromQL(p parser.Parser, text string) (parser.Expr, error) {
	var names []string
	for _, r := range reference.Find(text) {
		if len(names) < maxGuesses && !strings.HasPrefix(r.Name, "__") && !slices.Contains(names, r.Name) {
			names = append(names, r.Name)
		}
	}
	var first error
	for guess := range 1 << len(names) {
		parsed, err := p.ParseExpr(fill(text, func(name string) string {
			if i := slices.Index(names, name); i >= 0 && guess&(1<<i) != 0 {
				return "1"
			}
			return "x"
		}))
		if err == nil {
			return parsed, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

func fill(text string, word func(name string) string) string {
	return reference.Replace(text, func(r reference.Variable) string {
		window, known := windows[r.Name]
		switch {
		case strings.HasSuffix(r.Name, "_ms") || strings.HasSuffix(r.Name, "_s"):
			return "60"
		case known:
			return seconds(window)
		case durationBefore.MatchString(text[max(0, r.Start-20):r.Start]):
			return seconds(windows[""])
		default:
			return word(r.Name)
		}
	})
}

func seconds(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }

// rates are the functions that compare samples within a window.
var rates = setOf([]string{"rate", "irate", "increase", "delta", "idelta", "deriv"})

// checkRate looks at the window of a rate. A fixed one is too short for some
// scrape interval and some zoom, or averages more than the reader thinks: it is
// taken where the reader is told of it.
func (c *checker) checkRate(t *target, at *node, call *parser.Call) {
	if _, ok := rates[call.Func.Name]; !ok || len(call.Args) == 0 {
		return
	}
	var window time.Duration
	switch arg := call.Args[0].(type) {
	case *parser.MatrixSelector:
		window = arg.Range
	case *parser.SubqueryExpr:
		window = arg.Range
	}
	switch window {
	case windows["__rate_interval"], windows["__range"], windows[""]:
	case windows["__interval"]:
		c.report(at, "%s() looks back by $__interval, which is shorter than two samples when zoomed in: want $__rate_interval", call.Func.Name)
	default:
		short := shortDuration(window)
		told := strings.Join([]string{t.get("legendFormat").text(), t.panel.title, t.panel.get("description").text()}, " ")
		if !slices.Contains(strings.FieldsFunc(told, notAlphanumeric), short) {
			c.report(at, "%s() looks back by %s: want $__rate_interval, or legend, title or description to say %s", call.Func.Name, short, short)
		}
	}
}

// shortDuration writes a duration as PromQL does: 5m, not 5m0s.
func shortDuration(d time.Duration) string {
	for _, u := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if d >= u.size && d%u.size == 0 {
			return fmt.Sprintf("%d%s", d/u.size, u.name)
		}
	}
	return d.String()
}

func notAlphanumeric(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
