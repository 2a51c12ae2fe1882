package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards"
	"github.com/tracehaul/tracehaul/internal/generated"
	"github.com/tracehaul/tracehaul/pipeline"
)

type generateCmd struct {
	fileFlag
	jsonFlag
	Check      bool   `help:"Write nothing; fail if a file is not up to date."`
	Terraform  string `default:"iac/terraform/observability/alarms"            help:"Directory for the alarms' Terraform modules, beside the description."          placeholder:"DIR"`
	Pipelines  string `default:"iac/terraform/pipelines"                       help:"Directory for what Terraform reads, beside the description."                   placeholder:"DIR"`
	Dashboards string `default:"iac/terraform/observability/dashboards"        help:"Directory for dashboards and their Terraform modules, beside the description." placeholder:"DIR"`
	Grafana    string `default:"iac/grafana"                                   help:"Directory for what provisions a local Grafana, beside the description."        placeholder:"DIR"`
	Runbooks   string `default:"docs/runbooks"                                 help:"Directory of the runbooks, beside the description."                            placeholder:"DIR"`
	Queries    string `default:"docs/queries"                                  help:"Directory for what to ask in an alarm, beside the description."                placeholder:"DIR"`
}

// Help is shown by --help below the line about the command.
func (generateCmd) Help() string {
	return `It prints the files that were not as they should be, and has written them. Where "runbooks" in the description is an address outside of its repository, and there is no directory of them, they are looked at elsewhere: none is asked for here.

Examples:
  tracehaul generate
  tracehaul generate --check
  tracehaul generate -f ../orders/tracehaul.yaml`
}

func (c generateCmd) Run(env environment) error {
	root := filepath.Dir(c.File)
	p := startProgress(env.err, "making the files of every environment")
	set, err := c.generate(root)
	p.done()
	if err != nil {
		return err
	}
	if c.Check {
		return c.check(env, set, root)
	}
	changed, err := set.Write(root)
	if c.JSON {
		return errors.Join(err, encodeJSON(env.out, append([]string{}, changed...)))
	}
	for _, file := range changed {
		fmt.Fprintln(env.out, file)
	}
	return err
}

func (c generateCmd) check(env environment, set generated.Set, root string) error {
	stale, err := set.Stale(root)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := encodeJSON(env.out, append([]string{}, stale...)); err != nil {
			return err
		}
	}
	if len(stale) > 0 {
		return fmt.Errorf("not up to date, run tracehaul generate:\n  %s", strings.Join(stale, "\n  "))
	}
	return nil
}

// generate makes every file that comes from the description.
func (c generateCmd) generate(root string) (generated.Set, error) {
	sets, err := loadAlarms(c.File)
	if err != nil {
		return generated.Set{}, err
	}
	modules, pipelines, boards, grafana := filepath.ToSlash(c.Terraform), filepath.ToSlash(c.Pipelines), filepath.ToSlash(c.Dashboards), filepath.ToSlash(c.Grafana)
	out := generated.Set{Owned: []string{
		path.Join(modules, "*", "alarms.tf.json"), path.Join(pipelines, "*.json"), path.Join(boards, "*", "*.json"), path.Join(grafana, "dashboards", "*.json"),
		path.Join(filepath.ToSlash(c.Queries), "*.md"),
	}}
	var applied []generated.File // the modules of all environments
	for _, s := range sets {
		resolved, err := s.Pipeline.Resolved()
		if err != nil {
			return generated.Set{}, err
		}
		out.Files = append(out.Files, generated.File{Path: path.Join(pipelines, s.Pipeline.Environment+".json"), Content: resolved})
		module := generated.File{Path: path.Join(modules, s.Pipeline.Environment, "alarms.tf.json"), Content: s.Terraform()}
		out.Files = append(out.Files, module, c.queries(root, s))
		drawn, err := boardFiles(s, path.Join(boards, s.Pipeline.Environment))
		if err != nil {
			return generated.Set{}, err
		}
		out.Files = append(out.Files, drawn...)
		applied = append(applied, module, drawn[0])
	}
	environments, err := environmentModules(path.Dir(modules), applied)
	if err != nil {
		return generated.Set{}, err
	}
	out.Files = append(out.Files, environments)
	provisioning, err := dashboards.Provisioning(sets[0])
	if err != nil {
		return generated.Set{}, err
	}
	for _, f := range provisioning {
		out.Files = append(out.Files, generated.File{Path: path.Join(grafana, f.Path), Content: f.Content})
	}
	if c.elsewhere(root, sets[0].Pipeline) {
		return out, nil
	}
	written, err := c.runbooks(root, sets)
	out.Files = append(out.Files, written...)
	return out, err
}

// elsewhere is whether the runbooks are kept by somebody else: their address is
// not in the pipeline's repository, and there is no directory of them.
func (c generateCmd) elsewhere(root string, p *pipeline.Pipeline) bool {
	_, err := os.Stat(filepath.Join(root, c.Runbooks))
	return errors.Is(err, fs.ErrNotExist) && p.Runbooks != "" && !strings.HasPrefix(p.Runbooks, p.Repository+"/")
}

// runbooks are those that alarms name, with what alarms say of themselves, and
// the list of them.
func (c generateCmd) runbooks(root string, sets []*alarms.Set) (files []generated.File, err error) {
	runbooks := os.DirFS(filepath.Join(root, c.Runbooks))
	if err := alarms.CheckRunbooks(runbooks, sets...); err != nil {
		return nil, err
	}
	for _, file := range alarms.RunbookFiles(sets...) {
		text, err := fs.ReadFile(runbooks, file)
		if err != nil {
			return nil, err
		}
		if text, err = alarms.FillRunbook(file, text, sets...); err != nil {
			return nil, err
		}
		files = append(files, generated.File{Path: path.Join(filepath.ToSlash(c.Runbooks), file), Content: text})
	}
	index, err := runbookIndex(runbooks, sets)
	return append(files, generated.File{Path: path.Join(filepath.ToSlash(c.Runbooks), indexFile), Content: index}), err
}

// queries is what to ask in an alarm of an environment.
func (c generateCmd) queries(root string, s *alarms.Set) generated.File {
	runbooks := filepath.ToSlash(c.Runbooks)
	if way, err := filepath.Rel(c.Queries, c.Runbooks); err == nil {
		runbooks = filepath.ToSlash(way)
	}
	if c.elsewhere(root, s.Pipeline) {
		runbooks = s.Pipeline.Runbooks
	}
	return generated.File{Path: path.Join(filepath.ToSlash(c.Queries), s.Pipeline.Environment+".md"), Content: alarms.QueryPage(s, runbooks)}
}

// boardFiles are the dashboards of a pipeline and the module that deploys them.
func boardFiles(set *alarms.Set, dir string) ([]generated.File, error) {
	d, err := dashboards.For(set)
	if err != nil {
		return nil, err
	}
	files := []generated.File{{Path: path.Join(dir, "dashboards.tf.json"), Content: d.Terraform()}}
	for _, b := range d.Boards() {
		files = append(files, generated.File{Path: path.Join(dir, b.File()), Content: b.JSON()})
	}
	return files, nil
}

// The list of alarms stands behind this line of the runbooks' README.
const (
	indexFile = "README.md"
	indexLine = "<!-- Below: generated by tracehaul generate -->\n"
)

func runbookIndex(runbooks fs.FS, sets []*alarms.Set) ([]byte, error) {
	text, err := fs.ReadFile(runbooks, indexFile)
	if err != nil {
		return nil, fmt.Errorf("the list of runbooks: %w", err)
	}
	before, _, ok := bytes.Cut(text, []byte(indexLine))
	if !ok {
		return nil, fmt.Errorf("the list of runbooks: %s lacks the line %s", indexFile, strings.TrimSpace(indexLine))
	}
	return bytes.Join([][]byte{before, []byte(indexLine), []byte("\n"), alarms.RunbookIndex(sets...)}, nil), nil
}

// loadAlarms returns the alarms of every environment of a description.
func loadAlarms(file string) ([]*alarms.Set, error) {
	all, err := pipeline.LoadAll(file)
	if err != nil {
		return nil, err
	}
	sets := make([]*alarms.Set, len(all))
	for i, p := range all {
		if sets[i], err = alarms.For(p); err != nil {
			return nil, err
		}
	}
	return sets, nil
}
