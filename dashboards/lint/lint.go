package lint

import (
	"fmt"
	"slices"
	"strings"
)

// Limits on what is looked at, so that a file of any origin costs a bounded
// time. A dashboard that people read stays far below them.
const (
	MaxSizeBytes  = 5 << 20
	MaxPanels     = 500
	MaxTargets    = 100 // in a panel
	MaxOverrides  = 100 // in a panel
	MaxQueryBytes = 64 << 10
	MaxFindings   = 1000
)

// maxDepth is how deep objects and lists may nest. Grafana's own nest to about 15.
const maxDepth = 100

// Options say what is known beyond the dashboard itself. The zero value is
// of use: what is not given is not checked.
type Options struct {
	// Namespaces are CloudWatch namespaces beside those that AWS documents,
	// with their names. A key that ends with a slash stands for all namespaces
	// that begin with it. Defaults to none.
	Namespaces map[string]Names

	// Metrics are names of metrics in PromQL. Another name is a finding only
	// where it looks like one of them misspelt, as a store has more than anybody
	// lists. Defaults to none.
	Metrics []string

	// Dashboards are the uids that links may lead to, beside the dashboard's
	// own: those of all dashboards that are deployed together. Defaults to
	// none.
	Dashboards []string

	// Thresholds are the alarms by their keys, each with the threshold that a
	// panel about it must show. Defaults to nil: alarms are not checked.
	Thresholds map[string]Threshold

	// Runbooks is what addresses of runbooks begin with, such as
	// "https://runbooks.example.com/". What follows is given to Exists.
	// Defaults to nothing: relative addresses only.
	Runbooks string

	// Exists says whether there is a file, by its path with slashes below the
	// place of the runbooks. Defaults to nil: not checked.
	Exists func(path string) bool

	// Skip names rules that are left out. Defaults to none.
	Skip []string
}

// Names are the metrics and dimensions of a CloudWatch namespace. A nil list
// stands for any name.
type Names struct {
	Metrics    []string `json:"metrics"`
	Dimensions []string `json:"dimensions"`
}

// Threshold is the threshold of an alarm.
type Threshold struct {
	Value float64
	Unit  string // CloudWatch's name, such as Seconds, or an id of Grafana's, such as s
	None  bool   // the alarm compares with no number of its own: it joins others, or watches a band
}

// Finding is a fault, with what would be right.
type Finding struct {
	File    string `json:"file"`
	Panel   Panel  `json:"panel,omitzero"` // zero for what is no panel's
	Rule    string `json:"rule"`
	Path    string `json:"path"` // within the JSON, such as $.panels[3].title
	Message string `json:"message"`
}

// Panel says which panel a finding is about.
type Panel struct {
	ID    int64  `json:"id"` // 0 for a panel without
	Title string `json:"title"`
}

// String is the finding on one line.
func (f Finding) String() string {
	var panel string
	if f.Panel != (Panel{}) {
		panel = fmt.Sprintf("panel %d %q: ", f.Panel.ID, f.Panel.Title)
	}
	return fmt.Sprintf("%s: %s%s: %s (%s)", f.File, panel, f.Rule, f.Message, f.Path)
}

// Dashboard checks the JSON of one dashboard, of [MaxSizeBytes] at most. The
// name is its file's, for the findings. They come in the order of the rules,
// then of the file, and are [MaxFindings] at most. None means that it is fine.
func Dashboard(name string, content []byte, o Options) []Finding {
	c := &checker{file: name, content: content, options: &o}
	root, err := parse(content)
	if err != nil {
		c.rule = rules[0].Name
		c.report(&node{}, "%v", err)
		return c.findings
	}
	c.read(root)
	for _, r := range rules {
		if !slices.Contains(o.Skip, r.Name) && r.check != nil {
			c.rule = r.Name
			r.check(c)
		}
	}
	return c.findings
}

// UID returns the uid of a dashboard, for Options.Dashboards. It is empty when
// the content is no dashboard that has one.
func UID(content []byte) string {
	root, err := parse(content)
	if err != nil {
		return ""
	}
	return root.get("uid").text()
}

// checker holds one dashboard while the rules look at it.
type checker struct {
	file     string
	content  []byte
	options  *Options
	root     *node
	panels   []*panel // in the order of the file, rows and what is in them included
	targets  []*target
	vars     map[string]*node  // by name
	places   map[string]*panel // by path; made when it is needed
	rule     string            // the one that is looking
	findings []Finding
}

// report adds a finding about a place in the JSON.
func (c *checker) report(at *node, format string, args ...any) {
	if len(c.findings) == MaxFindings {
		return
	}
	f := Finding{File: c.file, Rule: c.rule, Path: at.path(), Message: fmt.Sprintf(format, args...)}
	if p := at.panel(); p != nil {
		f.Panel = Panel{p.id, p.title}
	}
	c.findings = append(c.findings, f)
}

// quoted lists names in a message.
func quoted(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(q, ", ")
}
