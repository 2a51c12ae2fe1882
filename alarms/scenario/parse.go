package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of what is read. They keep a typing error from filling the memory.
const (
	maxFileBytes = 1 << 20
	maxLength    = 28 * 24 * time.Hour
	maxDelay     = time.Hour
)

// Error is a line that cannot be read.
type Error struct {
	File    string
	Line    int
	Message string // what is wrong, and what would be right
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message) }

// Parse reads the scenarios of a file. file stands in their names and in the
// errors, of which all are returned at once, each an [*Error].
func Parse(file string, b []byte) ([]*Scenario, error) {
	scenarios, err := parse(file, b)
	if err != nil {
		return nil, err
	}
	return scenarios, nil
}

// parse returns what could be read beside the errors.
func parse(file string, b []byte) ([]*Scenario, error) {
	p := &parser{file: file, defaults: *newScenario(file)}
	if len(b) > maxFileBytes {
		p.fail("has %d bytes, but %d are the most", len(b), maxFileBytes)
		return nil, inOrder(p.problems...)
	}
	p.begin()
	for line := range strings.Lines(string(b)) {
		p.line++
		switch text := strings.TrimSpace(withoutComment(line)); text {
		case "":
		case "---":
			p.finish()
			p.begin()
		default:
			p.statement(text)
		}
	}
	p.finish()
	if len(p.scenarios) == 0 && len(p.problems) == 0 {
		p.fail("has no scenario, which begins with a line \"title: ...\"")
	}
	return p.scenarios, inOrder(p.problems...)
}

// inOrder joins errors, each once: those about lines by file and line, then the
// others.
func inOrder(errs ...error) error {
	var lines []*Error
	var others []error
	for len(errs) > 0 {
		err := errs[0]
		errs = errs[1:]
		switch e := err.(type) { //nolint:errorlint // what wraps a line is something else
		case nil:
		case *Error:
			lines = append(lines, e)
		case interface{ Unwrap() []error }:
			errs = append(e.Unwrap(), errs...)
		default:
			others = append(others, err)
		}
	}
	slices.SortStableFunc(lines, func(a, b *Error) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	all := make([]error, len(lines), len(lines)+len(others))
	for i := range lines {
		all[i] = lines[i]
	}
	return errors.Join(append(all, others...)...)
}

// parser reads one file.
type parser struct {
	file      string
	line      int
	defaults  Scenario // what the head of the file says for all that follow
	current   *Scenario
	settings  map[string]int // the line of each setting of the current scenario
	blocks    int
	scenarios []*Scenario
	problems  []error
}

func newScenario(file string) *Scenario {
	return &Scenario{
		File:   file,
		Start:  time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC),
		Length: 2 * time.Hour,
		Delay:  time.Minute,
	}
}

func (p *parser) fail(format string, args ...any) {
	p.problems = append(p.problems, &Error{p.file, max(p.line, 1), fmt.Sprintf(format, args...)})
}

// begin starts a block with what the head of the file says.
func (p *parser) begin() {
	s := p.defaults
	s.Line, s.Normal = 0, slices.Clone(s.Normal)
	p.current, p.settings = &s, map[string]int{}
	p.blocks++
}

// finish ends a block: a scenario or, if it has no title and is the first, the
// head of the file.
func (p *parser) finish() {
	s := p.current
	if s.Title != "" {
		p.check(s)
		p.scenarios = append(p.scenarios, s)
		return
	}
	if len(p.settings) == 0 && len(s.Normal) == len(p.defaults.Normal) && len(s.Events) == 0 && len(s.Expectations) == 0 {
		return // an empty block
	}
	if p.blocks > 1 || len(s.Events) > 0 || len(s.Expectations) > 0 {
		p.fail("the scenario that ends here has no title: begin it with \"title: ...\"")
		return
	}
	p.defaults = *s
}

// check looks at what can be judged only at the end of a scenario.
func (p *parser) check(s *Scenario) {
	outside := func(line int, what string, at time.Duration) {
		if at > s.Length {
			p.problems = append(p.problems, &Error{
				p.file, line,
				fmt.Sprintf("%s %s, which is after the end: the scenario has a length of %s", what, short(at), short(s.Length)),
			})
		}
	}
	for _, e := range s.Events {
		outside(e.Line, "begins at", e.From)
		outside(e.Line, "ends at", e.To)
	}
	for _, e := range s.Expectations {
		outside(e.Line, "expects something until", e.To)
	}
	if len(s.Expectations) == 0 && s.Loud {
		p.problems = append(p.problems, &Error{p.file, s.Line, "expects nothing at all: add a line \"expect ...\" or remove \"quiet: off\""})
	}
}

// statement reads one line that says something.
func (p *parser) statement(text string) {
	if p.current.Line == 0 {
		p.current.Line = p.line
	}
	word, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case word == "at":
		p.event(rest)
	case word == "normal":
		p.normal(rest)
	case word == "expect":
		p.expectation(rest)
	case strings.Contains(text, ":"):
		key, value, _ := strings.Cut(text, ":")
		p.setting(strings.TrimSpace(key), strings.TrimSpace(value))
	default:
		p.fail("%q is neither a setting (\"title: ...\") nor begins with \"at\", \"normal\" or \"expect\"", clip(text))
	}
}

// setting reads a line "key: value".
func (p *parser) setting(key, value string) {
	if line, twice := p.settings[key]; twice {
		p.fail("%q was set in line %d already: a scenario has one of each setting, and \"---\" before the next scenario", clip(key), line)
		return
	}
	p.settings[key] = p.line
	if value == "" {
		p.fail("%q has no value", clip(key))
		return
	}
	s := p.current
	switch key {
	case "title":
		s.Title = value
	case "environment":
		s.Environment = value
	case "start":
		at, err := time.Parse("2006-01-02 15:04", value)
		if err != nil {
			p.fail("start: %q is no date and time such as 2026-03-02 08:00", clip(value))
		}
		s.Start = at
	case "length":
		s.Length = p.between("length", value, time.Minute, maxLength)
	case "delay":
		least, most, varies := strings.Cut(value, "..")
		s.Delay, s.DelayMost = p.between("delay", least, 0, maxDelay), 0
		if varies {
			s.DelayMost = p.between("delay", most, s.Delay, maxDelay)
		}
	case "traffic":
		s.Traffic = p.traffic(value)
	case "quiet":
		p.quiet(value)
	case "may":
		s.May = append(slices.Clone(p.defaults.May), list(value)...)
	default:
		p.fail("there is no setting %q: there are title, environment, start, length, traffic, delay, quiet and may", clip(key))
	}
}

func (p *parser) quiet(value string) {
	if value != "on" && value != "off" {
		p.fail("quiet: %q is neither on nor off", clip(value))
	}
	p.current.Loud = value == "off"
}

func (p *parser) traffic(value string) Traffic {
	switch value {
	case "normal":
		return Traffic{}
	case "none":
		return Traffic{Fixed: true}
	}
	number, err := strconv.ParseFloat(value, 64)
	if err != nil || number < 0 || number > 1e9 {
		p.fail("traffic: %q is neither normal nor none nor a number of requests a minute", clip(value))
	}
	return Traffic{Fixed: true, Number: number}
}

func (p *parser) between(key, value string, least, most time.Duration) time.Duration {
	d, ok := p.duration(value)
	if ok && (d < least || d > most) {
		p.fail("%s: %s is not between %s and %s", key, clip(value), short(least), short(most))
	}
	return min(d, most)
}

// duration reads a time since the start such as 90m, 1h30m or 2d3h. Minutes
// are the smallest unit, as CloudWatch keeps no finer history.
func (p *parser) duration(text string) (time.Duration, bool) {
	d, ok := parseDuration(text)
	if !ok {
		p.fail("%q is no time such as 5m, 1h30m or 2d3h", clip(text))
	}
	return d, ok
}

func parseDuration(text string) (time.Duration, bool) {
	var total time.Duration
	rest := text
	for _, unit := range []struct {
		letter string
		size   time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}} {
		digits, after, found := strings.Cut(rest, unit.letter)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 32)
		if err != nil || n > uint64(maxLength/time.Minute) {
			return 0, false
		}
		total += time.Duration(n) * unit.size
		rest = after
	}
	return total, text != "" && rest == ""
}

// short writes a duration as the language does.
func short(d time.Duration) string {
	if d < time.Minute && d > 0 {
		return d.String()
	}
	minutes := int64(d / time.Minute)
	var b strings.Builder
	for _, unit := range []struct {
		letter string
		size   int64
	}{{"d", 24 * 60}, {"h", 60}, {"m", 1}} {
		if n := minutes / unit.size; n > 0 {
			b.WriteString(strconv.FormatInt(n, 10) + unit.letter)
		}
		minutes %= unit.size
	}
	if b.Len() == 0 {
		return "0m"
	}
	return b.String()
}

// withoutComment cuts off what follows a # at the beginning or after a space.
func withoutComment(line string) string {
	for i := range len(line) {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			return line[:i]
		}
	}
	return line
}

// list reads words that are separated by commas.
func list(text string) []string {
	var words []string
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, word)
		}
	}
	return words
}

// clip keeps a quoted text at a length that can be read, in characters.
func clip(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "..."
	}
	return text
}
