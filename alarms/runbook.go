package alarms

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// runbookSections returns the headings that every runbook has, in this order.
func runbookSections() []string {
	return []string{"Meaning", "Impact", "First look", "Mitigate", "Verify", "Escalate"}
}

// Between these lines a runbook says when its alarms are on. [FillRunbook]
// writes it.
const (
	runbookBegin = "<!-- alarms -->\n"
	runbookEnd   = "<!-- /alarms -->\n"
)

// CheckRunbooks reports every runbook that an alarm of the sets names and that
// is not in the directory, and every one that lacks a title, a section or the
// place for its alarms.
func CheckRunbooks(runbooks fs.FS, sets ...*Set) error {
	var errs []error
	for _, file := range RunbookFiles(sets...) {
		text, err := fs.ReadFile(runbooks, file)
		if err != nil {
			errs = append(errs, fmt.Errorf("alarm %q has no runbook: %w", keysWith(file, sets)[0], err))
			continue
		}
		problems := checkRunbook(text)
		if _, err := fillQueries(file, text, sets); err != nil {
			problems = append(problems, err.Error())
		}
		for _, problem := range problems {
			errs = append(errs, fmt.Errorf("runbook %s: %s", file, problem))
		}
	}
	return errors.Join(errs...)
}

// RunbookFiles returns the runbooks that the alarms of the sets name, sorted.
func RunbookFiles(sets ...*Set) []string {
	var files []string
	for _, s := range sets {
		for i := range s.alarms {
			files = append(files, s.alarms[i].Runbook)
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

func checkRunbook(text []byte) (problems []string) {
	if !bytes.HasPrefix(text, []byte("# ")) {
		problems = append(problems, "the first line must be a title")
	}
	if _, _, err := splitRunbook(text); err != nil {
		problems = append(problems, err.Error())
	}
	var found []string
	empty := true
	for line := range strings.Lines(string(text)) {
		heading, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "## ")
		switch {
		case ok && len(found) > 0 && empty:
			problems = append(problems, fmt.Sprintf("the section %s is empty", found[len(found)-1]))
			fallthrough
		case ok:
			found, empty = append(found, heading), true
		case strings.TrimSpace(line) != "":
			empty = false
		}
	}
	if empty {
		problems = append(problems, "the last section is empty")
	}
	if want := runbookSections(); !slices.Equal(found, want) {
		problems = append(problems, fmt.Sprintf("the sections are %q, want %q", found, want))
	}
	return problems
}

// splitRunbook returns what stands before and behind the alarms.
func splitRunbook(text []byte) (before, behind []byte, err error) {
	before, rest, ok := bytes.Cut(text, []byte(runbookBegin))
	_, behind, ends := bytes.Cut(rest, []byte(runbookEnd))
	if !ok || !ends {
		return nil, nil, fmt.Errorf("the lines %s and %s are missing below the title", strings.TrimSpace(runbookBegin), strings.TrimSpace(runbookEnd))
	}
	return before, behind, nil
}

// FillRunbook returns the text of a runbook with the conditions of its alarms, and
// the queries and commands that come next, filled in. Where environments differ
// it names each condition; queries are those of prod or, without it, of the last.
func FillRunbook(file string, text []byte, sets ...*Set) ([]byte, error) {
	before, behind, err := splitRunbook(text)
	if err != nil {
		return nil, fmt.Errorf("runbook %s: %w", file, err)
	}
	var b bytes.Buffer
	b.Write(before)
	b.WriteString(runbookBegin)
	b.WriteString("| alarm | heard as | on when | without data |\n| --- | --- | --- | --- |\n")
	for _, key := range keysWith(file, sets) {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", naming(key, sets),
			acrossSets(key, sets, (*Set).heard), acrossSets(key, sets, (*Set).condition), acrossSets(key, sets, (*Set).withoutData))
	}
	b.WriteString(runbookEnd)
	b.Write(behind)
	filled, err := fillQueries(file, b.Bytes(), sets)
	if err != nil {
		return nil, fmt.Errorf("runbook %s: %w", file, err)
	}
	return filled, nil
}

// keysWith returns the alarms that have the runbook in any of the sets, as they
// come.
func keysWith(file string, sets []*Set) []string {
	return keysWhere(sets, func(a *Alarm) bool { return a.Runbook == file })
}

// keysWhere returns the alarms to keep of all sets, each once, as they come.
func keysWhere(sets []*Set, keep func(*Alarm) bool) []string {
	var keys []string
	seen := map[string]struct{}{}
	for _, s := range sets {
		for i := range s.alarms {
			if a := &s.alarms[i]; keep(a) && !has(seen, a.Key) {
				seen[a.Key] = struct{}{}
				keys = append(keys, a.Key)
			}
		}
	}
	return keys
}

// acrossSets says something of an alarm in the environments that have it: once
// where it is the same everywhere, else for each.
func acrossSets(key string, sets []*Set, say func(*Set, Alarm) string) string {
	var texts, each []string
	for _, s := range sets {
		if a, ok := s.Find(key); ok {
			text := say(s, a)
			texts = append(texts, text)
			each = append(each, s.Pipeline.Environment+": "+text)
		}
	}
	if texts = slices.Compact(texts); len(texts) == 1 {
		return texts[0]
	}
	return strings.Join(each, "; ")
}

// naming is an alarm's key, and where it is not.
func naming(key string, sets []*Set) string {
	var without []string
	for _, s := range sets {
		if _, ok := s.Find(key); !ok {
			without = append(without, s.Pipeline.Environment)
		}
	}
	text := "`" + key + "`"
	if len(without) > 0 {
		text += " (not in " + strings.Join(without, ", ") + ")"
	}
	return text
}

// heard says who hears of an alarm.
func (s *Set) heard(a Alarm) string {
	switch a.Notify {
	case NotifyNobody:
		if a.Rollback != "" {
			return "a rollback"
		}
		if parents := s.parents(a.Key); len(parents) > 0 {
			return strings.Join(parents, ", ")
		}
		return "nothing: it silences others"
	case NotifyWatchdog:
		return a.Severity + ", by the watchdog"
	case NotifyAll:
		return "nothing: the notifier counts it"
	case NotifySeverity:
	}
	return a.Severity
}

// parents are the composites that an alarm is a part of.
func (s *Set) parents(key string) []string {
	var parents []string
	for i := range s.alarms {
		if c := s.alarms[i].Composite; c != nil && slices.Contains(c.Rule.Keys(), key) {
			parents = append(parents, "`"+s.alarms[i].Key+"`")
		}
	}
	return parents
}

func (s *Set) condition(a Alarm) string {
	if a.Composite == nil {
		return s.subject(a) + " " + a.Condition()
	}
	text := a.Composite.Rule.prose()
	if a.Composite.Suppressor != "" {
		text += "; silent while `" + a.Composite.Suppressor + "` is on"
	}
	return text
}

// cell writes a text so that it stays in one cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// subject is what an alarm compares: a signal, or what is made of several.
func (s *Set) subject(a Alarm) string {
	if a.Metric.Expression != "" {
		return "`" + cell(a.Metric.Expression) + "`"
	}
	in := a.Metric.Inputs[0].Signal
	return cell(in.Title) + " (" + in.Statistic + ")"
}

func (s *Set) withoutData(a Alarm) string {
	if a.Composite != nil {
		return "as its parts"
	}
	switch a.Metric.Missing {
	case MissingBreaching:
		return "on"
	case MissingIgnore:
		return "as it was"
	case MissingMissing:
		return "unknown"
	case MissingNotBreaching, MissingDefault:
	}
	return "off"
}

// prose is a rule as people read it.
func (r Rule) prose() string {
	parts := make([]string, len(r.Rules))
	for i, part := range r.Rules {
		parts[i] = part.prose()
	}
	switch r.Op {
	case OpState:
		if r.State == StateAlarm {
			return "`" + r.Key + "`"
		}
		return "`" + r.Key + "` is " + r.State.String()
	case OpAny:
		return strings.Join(parts, " or ")
	case OpAll:
		return strings.Join(parts, " and ")
	case OpNot:
		return "not (" + parts[0] + ")"
	case OpTrue:
		return "always"
	case OpFalse:
	}
	return "never"
}

// RunbookIndex returns the list of runbooks, with the alarms that lead to each,
// as a table.
func RunbookIndex(sets ...*Set) []byte {
	var b bytes.Buffer
	b.WriteString("| alarm | what is wrong | heard as | runbook |\n| --- | --- | --- | --- |\n")
	for _, key := range keysWhere(sets, func(*Alarm) bool { return true }) {
		i := slices.IndexFunc(sets, func(s *Set) bool { _, ok := s.Find(key); return ok })
		a, _ := sets[i].Find(key)
		fmt.Fprintf(&b, "| %s | %s | %s | [%s](%s) |\n", naming(key, sets), cell(a.Title), acrossSets(key, sets, (*Set).heard), a.Runbook, a.Runbook)
	}
	return b.Bytes()
}
