package recorded

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/dashboards/internal/reference"
)

// all is the value that stands for all values of a variable.
const all = "$__all"

// variable is the definition of a variable.
type variable struct {
	Name       string          `json:"name"`
	Type       string          `json:"type"`
	Query      json.RawMessage `json:"query"`
	Regex      string          `json:"regex"`
	Sort       float64         `json:"sort"`
	Refresh    float64         `json:"refresh"`
	Multi      bool            `json:"multi"`
	IncludeAll bool            `json:"includeAll"`
	AllValue   *string         `json:"allValue"`
	Current    struct {
		Value texts `json:"value"`
	} `json:"current"`
	Datasource source `json:"datasource"`
}

// value is what a variable has: a text, several of one that is multi, or none
// because of a problem.
type value struct {
	texts   []string
	problem string
}

// variables are those of a dashboard, each with the value that a person sees who
// opens it.
type variables struct {
	recording *Recording
	defined   map[string]*variable
	values    map[string]*value
}

func newVariables(r *Recording, list []variable) *variables {
	v := &variables{recording: r, defined: map[string]*variable{}, values: map[string]*value{}}
	for i := range list {
		v.defined[list[i].Name] = &list[i]
	}
	return v
}

// value works out the value of a variable, once. One may depend on others.
func (v *variables) value(name string) *value {
	if known, ok := v.values[name]; ok {
		return known
	}
	d := v.defined[name]
	if d == nil {
		return &value{problem: fmt.Sprintf("the variable %q is not defined%s", name, meant(name, keys(v.defined)))}
	}
	v.values[name] = &value{problem: fmt.Sprintf("the variable %q depends on itself", name)}
	found := v.resolve(d)
	v.values[name] = &found
	return &found
}

func (v *variables) resolve(d *variable) value {
	text := ""
	_ = json.Unmarshal(d.Query, &text) // else it is an object
	switch d.Type {
	case "query":
		cloudWatch := d.Datasource == "cloudwatch" || strings.HasPrefix(text, "dimension_values(")
		if kept := d.Refresh == 0 && len(d.Current.Value) > 0; cloudWatch && !kept {
			options, problem := v.ask(d, text)
			if problem != "" {
				return value{problem: problem}
			}
			return d.choose(options)
		}
	case "custom":
		return d.choose(customOptions(text))
	case "constant", "textbox":
		if text != "" {
			return value{texts: []string{text}}
		}
	}
	if current := d.Current.Value; len(current) > 0 && current[0] != all {
		return value{texts: current}
	}
	return value{problem: fmt.Sprintf("the variable %q has no value that is known here: save the dashboard with one", d.Name)}
}

// customOptions reads the options of a custom variable: "a, b" or "Text : a".
func customOptions(text string) []string {
	var options []string
	for option := range strings.SplitSeq(text, ",") {
		if _, behind, named := strings.Cut(option, " : "); named {
			option = behind
		}
		if option = strings.TrimSpace(option); option != "" {
			options = append(options, option)
		}
	}
	return options
}

// choose is what is chosen of the options when the dashboard is opened: what was
// when it was saved, or else the first.
func (d *variable) choose(options []string) value {
	current := d.Current.Value
	switch {
	case len(options) == 0:
		return value{problem: fmt.Sprintf("the variable %q has no options", d.Name)}
	case d.IncludeAll && slices.Contains(current, all) && d.AllValue != nil && *d.AllValue != "":
		return value{texts: []string{*d.AllValue}}
	case d.IncludeAll && slices.Contains(current, all):
		return value{texts: options}
	}
	var chosen []string
	for _, c := range current {
		if slices.Contains(options, c) {
			chosen = append(chosen, c)
		}
	}
	if len(chosen) == 0 {
		chosen = options[:1]
	}
	return value{texts: chosen}
}

// fill puts values in the place of variables. format is for variables with several
// values that name none.
func (v *variables) fill(text, format string, scoped map[string]string) (filled, problem string) {
	filled = reference.Replace(text, func(u reference.Variable) string {
		if one, ok := scoped[u.Name]; ok {
			return formatted([]string{one}, u.Format)
		}
		if strings.HasPrefix(u.Name, "__") && v.defined[u.Name] == nil {
			return text[u.Start:u.End] // Grafana's own
		}
		found := v.value(u.Name)
		if problem == "" {
			problem = found.problem
		}
		return formatted(found.texts, cmp.Or(u.Format, format))
	})
	return filled, problem
}

// formatted writes the values of a variable. ("Advanced variable format options",
// Grafana documentation.)
func formatted(texts []string, format string) string {
	if format == "regex" {
		quoted := make([]string, len(texts))
		for i, t := range texts {
			quoted[i] = strings.ReplaceAll(regexp.QuoteMeta(t), "/", `\/`)
		}
		texts, format = quoted, "pipe"
		if len(texts) > 1 {
			return "(" + strings.Join(texts, "|") + ")"
		}
	}
	switch {
	case len(texts) == 1:
		return texts[0]
	case format == "pipe":
		return strings.Join(texts, "|")
	case format == "csv" || format == "raw":
		return strings.Join(texts, ",")
	}
	return "{" + strings.Join(texts, ",") + "}"
}

// expand is the values that a dimension has: several where it is a variable that
// has. Grafana joins them with a | and takes the whole text apart there, whatever
// stands around the variable.
func (v *variables) expand(text string, scoped map[string]string) (values []string, problem string) {
	filled, problem := v.fill(text, "pipe", scoped)
	if used := reference.Find(text); len(used) > 0 {
		if d := v.defined[used[0].Name]; d != nil && d.Multi {
			return strings.Split(filled, "|"), problem
		}
	}
	return []string{filled}, problem
}
