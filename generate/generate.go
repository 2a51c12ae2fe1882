package generate

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards"
	"github.com/tracehaul/tracehaul/internal/generated"
	"github.com/tracehaul/tracehaul/pipeline"
)

// Config says what files are made of, and where they lie. All directories are
// relative to the one that the description is in.
type Config struct {
	// Description is the path of the description. Defaults to tracehaul.yaml.
	Description string

	// Alarms makes the alarms of a description, in one environment: those of
	// alarms.For, with more of one's own. Defaults to those of the kit.
	Alarms func(*pipeline.Pipeline) (*alarms.Set, error)

	// Rows are further rows of dashboards. Each alarm has a graph on the board of
	// alarms without them. Defaults to none.
	Rows func(*alarms.Set) []dashboards.Row

	// Terraform is the directory of the alarms' modules. Defaults to
	// iac/terraform/observability/alarms.
	Terraform string

	// Pipelines is the directory of what Terraform reads. Defaults to
	// iac/terraform/pipelines.
	Pipelines string

	// Dashboards is the directory of dashboards and their modules. Defaults to
	// iac/terraform/observability/dashboards.
	Dashboards string

	// Grafana is the directory of what provisions a local Grafana. Defaults to
	// iac/grafana.
	Grafana string

	// Runbooks is the directory of the runbooks. If there is none, and the
	// description says that they are outside of its repository, they are looked
	// at elsewhere. Defaults to docs/runbooks.
	Runbooks string

	// Queries is the directory of the pages of what to ask in an alarm. Defaults
	// to docs/queries.
	Queries string
}

// WithDefaults returns the config with its defaults filled in.
func (c Config) WithDefaults() Config {
	if c.Alarms == nil {
		c.Alarms = func(p *pipeline.Pipeline) (*alarms.Set, error) { return alarms.For(p) }
	}
	if c.Rows == nil {
		c.Rows = func(*alarms.Set) []dashboards.Row { return nil }
	}
	c.Description = cmp.Or(c.Description, "tracehaul.yaml")
	for dir, standard := range map[*string]string{
		&c.Terraform: "iac/terraform/observability/alarms", &c.Pipelines: "iac/terraform/pipelines", &c.Dashboards: "iac/terraform/observability/dashboards",
		&c.Grafana: "iac/grafana", &c.Runbooks: "docs/runbooks", &c.Queries: "docs/queries",
	} {
		*dir = filepath.ToSlash(cmp.Or(*dir, standard))
	}
	return c
}

// root is the directory that all files are below.
func (c Config) root() string { return filepath.Dir(c.Description) }

// Changes are what [Write] did: paths below the description's directory, sorted.
type Changes struct {
	// Written are the files that differed, or were missing.
	Written []string `json:"written"`

	// Removed are the files that an earlier run made and this one does not.
	Removed []string `json:"removed"`
}

// Write brings the files up to date, removes those that an earlier run made and
// this one does not, and returns the paths of what it changed.
//
// A list beside the description, tracehaul.generated.txt for tracehaul.yaml, says
// which files those are: commit it. No other file is ever removed, and whatever
// the list says, these stay: the description, environments/*.yaml, the runbooks,
// and files of a kind that is not generated.
//
// The error names everything that is wrong with the description, the alarms, the
// runbooks or that list; then nothing is written.
func Write(c Config) (Changes, error) {
	c = c.WithDefaults()
	set, err := c.files()
	if err != nil {
		return Changes{}, err
	}
	done, err := set.Write(c.root())
	return Changes(done), err
}

// Stale returns the paths of files that differ, are missing or are left over,
// and writes nothing. Its error is as that of [Write].
func Stale(c Config) (paths []string, err error) {
	c = c.WithDefaults()
	set, err := c.files()
	if err != nil {
		return nil, err
	}
	due, err := set.Stale(c.root())
	return slices.Sorted(slices.Values(slices.Concat(due.Written, due.Removed))), err
}

// list names what was generated. It lies beside the description, whatever
// directories the rest is in: when one of them moves, it is still found.
func (c Config) list() string {
	file := filepath.Base(c.Description)
	return strings.TrimSuffix(file, filepath.Ext(file)) + ".generated.txt"
}

// kinds are the extensions of what is generated.
var kinds = []string{".env", ".json", ".md", ".yaml"}

// kept reports whether a file is one that people write: the description, an
// environment's, a runbook, or of a kind that is not generated.
func (c Config) kept(file string) bool {
	if !slices.Contains(kinds, path.Ext(file)) {
		return true
	}
	switch dir := path.Dir(file); dir {
	case ".":
		return file == filepath.Base(c.Description)
	case "environments":
		return path.Ext(file) == ".yaml"
	case path.Clean(c.Queries): // pages, even if it is the directory of runbooks as well
		return false
	default:
		return dir == path.Clean(c.Runbooks)
	}
}

// sets are the alarms of every environment.
func (c Config) sets() ([]*alarms.Set, error) {
	all, err := pipeline.LoadAll(c.Description)
	if err != nil {
		return nil, err
	}
	sets := make([]*alarms.Set, len(all))
	for i, p := range all {
		if sets[i], err = c.Alarms(p); err != nil {
			return nil, err
		}
	}
	return sets, nil
}

// files makes every file.
func (c Config) files() (generated.Set, error) {
	sets, err := c.sets()
	if err != nil {
		return generated.Set{}, err
	}
	out := generated.Set{List: c.list(), Kept: c.kept}
	var modules []generated.File // of all environments
	for _, s := range sets {
		files, applied, err := c.environment(s)
		if err != nil {
			return generated.Set{}, err
		}
		out.Files, modules = append(out.Files, files...), append(modules, applied...)
	}
	environments, err := environmentModules(path.Dir(c.Terraform), modules)
	if err != nil {
		return generated.Set{}, err
	}
	out.Files = append(out.Files, environments)
	provisioning, err := dashboards.Provisioning(sets[0], c.Rows(sets[0])...)
	if err != nil {
		return generated.Set{}, err
	}
	for _, f := range provisioning {
		out.Files = append(out.Files, generated.File{Path: path.Join(c.Grafana, f.Path), Content: f.Content})
	}
	if c.elsewhere(sets[0].Pipeline) {
		return out, nil
	}
	out.Filled, err = c.runbooks(sets)
	return out, err
}

// environment are the files of one environment, and among them the modules of
// Terraform.
func (c Config) environment(s *alarms.Set) (files, modules []generated.File, err error) {
	name := s.Pipeline.Environment
	resolved, err := s.Pipeline.Resolved()
	if err != nil {
		return nil, nil, err
	}
	d, err := dashboards.For(s, c.Rows(s)...)
	if err != nil {
		return nil, nil, err
	}
	modules = []generated.File{
		{Path: path.Join(c.Terraform, name, "alarms.tf.json"), Content: s.Terraform()},
		{Path: path.Join(c.Dashboards, name, "dashboards.tf.json"), Content: d.Terraform()},
	}
	files = append(files, modules...)
	files = append(files,
		generated.File{Path: path.Join(c.Pipelines, name+".json"), Content: resolved},
		generated.File{Path: path.Join(c.Queries, name+".md"), Content: alarms.QueryPage(s, c.wayToRunbooks(s.Pipeline))})
	for _, b := range d.Boards() {
		files = append(files, generated.File{Path: path.Join(c.Dashboards, name, b.File()), Content: b.JSON()})
	}
	return files, modules, nil
}

// elsewhere is whether the runbooks are kept by somebody else: their address is
// not in the pipeline's repository, and there is no directory of them.
func (c Config) elsewhere(p *pipeline.Pipeline) bool {
	_, err := os.Stat(filepath.Join(c.root(), c.Runbooks))
	return errors.Is(err, fs.ErrNotExist) && p.Runbooks != "" && !strings.HasPrefix(p.Runbooks, p.Repository+"/")
}

// wayToRunbooks leads there from the pages of queries.
func (c Config) wayToRunbooks(p *pipeline.Pipeline) string {
	if c.elsewhere(p) {
		return p.Runbooks
	}
	if way, err := filepath.Rel(c.Queries, c.Runbooks); err == nil {
		return filepath.ToSlash(way)
	}
	return c.Runbooks
}
