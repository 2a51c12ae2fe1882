package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

type initCmd struct {
	jsonFlag
	Dir         string `arg:""                                                                                    help:"Directory for the new pipeline; it is made if it is not there. Defaults to this one."                                optional:""        placeholder:"DIR"`
	Product     string `help:"What the pipeline is about; its name is in all names. Defaults to the directory's." placeholder:"NAME"`
	Environment string `default:"dev"                                                                             help:"The environment that tracehaul.yaml itself describes, a small one. What prod does otherwise gets a file of its own." placeholder:"NAME" short:"e"`
	Region      string `default:"eu-central-1"                                                                    help:"The AWS region."                                                                                                     placeholder:"NAME"`
	Consumer    string `default:"ledger"                                                                          help:"The name of the first consumer, which writes rows."                                                                  placeholder:"NAME" short:"c"`
	Owner       string `help:"The team that answers for it. Defaults to team- and the product."                   placeholder:"NAME"`
}

// Help is shown by --help below the line about the command.
func (initCmd) Help() string {
	return `It writes a description with every setting explained, the kit's alarm scenarios and its runbooks, and overwrites nothing: if one of the files is there, none is written. What is yours to fill in is marked TODO, in every file; pipeline check names addresses that are still the example's.

Examples:
  tracehaul init
  tracehaul init returns --region eu-west-1 --consumer archive
  tracehaul init returns && cd returns && tracehaul generate`
}

func (c initCmd) Run(ctx context.Context, env environment) error {
	if err := c.fill(); err != nil {
		return err
	}
	files, err := starterFiles(c)
	if err != nil {
		return err
	}
	if err := writeNew(c.Dir, files); err != nil {
		return err
	}
	if c.JSON {
		list := make([]string, len(files))
		for i := range files {
			list[i] = files[i].Path
		}
		return encodeJSON(env.out, list)
	}
	return c.explain(ctx, env, files)
}

// fill fills in what follows from other settings.
func (c *initCmd) fill() error {
	if c.Dir == "" {
		c.Dir = "."
	}
	if c.Environment == "prod" {
		return usageError("--environment prod: want the name of a small one, such as dev; prod gets a file of its own, environments/prod.yaml")
	}
	if c.Product == "" {
		full, err := filepath.Abs(c.Dir)
		if err != nil {
			return err
		}
		c.Product = filepath.Base(full)
	}
	if c.Owner == "" {
		c.Owner = ownerOf(c.Product)
	}
	return nil
}

// ownerOf is the team that a product has unless another is named.
func ownerOf(product string) string { return "team-" + product }

// explain says what was written, and what comes next.
func (c initCmd) explain(ctx context.Context, env environment, files []starterFile) error {
	s, err := surroundingsOf(ctx, c.Dir)
	if err != nil {
		return err
	}
	count := map[string]int{}
	for _, f := range files {
		count[filepath.Dir(f.Path)]++
	}
	_, err = fmt.Fprintf(env.out, `%d files for %s-%s in %s:

  tracehaul.yaml           the pipeline: every name, alarm, dashboard and Terraform file comes from it
  environments/prod.yaml   what prod does otherwise
  alarms/scenarios         %d files: what happens, and who has to hear of it; for the sizes of environments/prod.yaml
  docs/runbooks            %d files: what to do when an alarm goes off; generate writes your names and limits into them

Next:

%s
What deploys it, Terraform's root modules and workflows, is the kit's: iac/README.md of %s.
`, len(files), c.Environment, c.Product, c.Dir, count["alarms/scenarios"]+count["alarms/scenarios/incidents"], count["docs/runbooks"], s.next(c.Dir), kitAddress)
	return err
}

// writeNew writes files below dir, or none if one of them is there.
func writeNew(dir string, files []starterFile) error {
	var there []string
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(f.Path))); err == nil {
			there = append(there, f.Path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if len(there) > 0 {
		shown := strings.Join(there[:min(3, len(there))], ", ")
		if len(there) > 3 {
			shown += ", ..."
		}
		return usageError("%s has %d of the %d files already (%s), and nothing was written: want a directory without them", dir, len(there), len(files), shown)
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // sources are for everybody to read
			return err
		}
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // likewise
		if err != nil {
			return err
		}
		_, err = file.Write(f.Content)
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}
