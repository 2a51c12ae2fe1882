package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/tracehaul/tracehaul/pipeline"
)

type pipelineCmd struct {
	Check pipelineCheckCmd `cmd:"" help:"Check the description and those of all environments beside it."`
	Names pipelineNamesCmd `cmd:"" help:"Print every name that is made from the description."`
	Show  pipelineShowCmd  `cmd:"" help:"Print the description as JSON, with every default and name filled in."`
}

// fileArg is the description that a command is about.
type fileArg struct {
	File        string `default:"tracehaul.yaml"                                              arg:""             help:"The pipeline's description." optional:""`
	Environment string `help:"The environment, if it has a file of its own in environments/." placeholder:"NAME" short:"e"`
}

func (a fileArg) load() (*pipeline.Pipeline, error) {
	if a.Environment == "" {
		return pipeline.Load(a.File)
	}
	return pipeline.LoadEnvironment(a.File, a.Environment)
}

type pipelineCheckCmd struct {
	File string `default:"tracehaul.yaml" arg:"" help:"The pipeline's description." optional:""`
}

func (c pipelineCheckCmd) Run(env environment) error {
	all, err := pipeline.LoadAll(c.File)
	if err != nil {
		return err
	}
	for _, p := range all {
		fmt.Fprintf(env.out, "%s: %d consumers, %d names\n", p.Prefix(), len(p.Consumers), len(p.Names()))
	}
	return nil
}

type pipelineNamesCmd struct{ fileArg }

func (c pipelineNamesCmd) Run(env environment) error {
	p, err := c.load()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(env.out, 0, 0, 2, ' ', 0)
	for _, n := range p.Names() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", n.Key, n.Kind, n.Value)
	}
	return w.Flush()
}

type pipelineShowCmd struct{ fileArg }

func (c pipelineShowCmd) Run(env environment) error {
	p, err := c.load()
	if err != nil {
		return err
	}
	b, err := p.Resolved()
	if err != nil {
		return err
	}
	_, err = env.out.Write(b)
	return err
}
