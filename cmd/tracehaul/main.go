package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tracehaul/tracehaul/internal/completion"
)

// toolName is the name that people call the tool by.
const toolName = "tracehaul"

type cli struct {
	Demo       demoCmd       `cmd:"" help:"Run the whole pipeline once on embedded parts, send one event and print its trace and its row."`
	Up         upCmd         `cmd:"" help:"Keep the whole pipeline running on embedded parts, with a page that shows the traces."`
	Init       initCmd       `cmd:"" help:"Begin a pipeline: write a description with every setting explained, and the scenarios and runbooks that belong to it."`
	Migrate    migrateCmd    `cmd:"" help:"Bring the schema of a database up to date. Safe to run twice, and by several at once."`
	Pipeline   pipelineCmd   `cmd:"" help:"Check a pipeline's description and print the names made from it."`
	Alarms     alarmsCmd     `cmd:"" help:"List the alarms that are made from a pipeline's description, and play scenarios against them."`
	Dashboards dashboardsCmd `cmd:"" help:"Check Grafana dashboards, and that they show data."`
	Doctor     doctorCmd     `cmd:"" help:"Examine a pipeline from outside: follow one event to its row, and compare what is deployed with the description."`
	Trace      traceCmd      `cmd:"" help:"What became of one event: from any id to its trace, row, messages and log lines, and where it stopped."`
	Dlq        dlqCmd        `cmd:"" help:"Dead letters: why they are there, send them back, take them out."`
	Deploy     deployCmd     `cmd:"" help:"The commands of the delivery workflow: before a deploy, after it, and in Grafana."`
	Generate   generateCmd   `cmd:"" help:"Write everything that is made from a pipeline's description: alarms and dashboards with their Terraform, and what runbooks say of alarms."`
	Completion completionCmd `cmd:"" help:"Print the script with which bash, zsh or fish completes this tool's command lines."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// environment is what the commands see of the process. Tests give their own.
type environment struct {
	out, err io.Writer
	getenv   func(string) string
}

// gcPercent lets a tool that ends soon collect garbage a fifth as often as Go
// does by itself.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], environment{os.Stdout, os.Stderr, os.Getenv})
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, env environment) int {
	var c cli
	parser := newParser(ctx, &c, env)
	if len(args) > 0 && args[0] == completion.Command { // a shell asks
		if err := completion.Run(env.out, parser.Model, args[1:], completions); err != nil {
			return wrongly(env, nil, err)
		}
		return exitOK
	}
	return finish(parser, meant(args), env)
}

// meant are the arguments as kong knows them: many try "help" and "--version"
// first.
func meant(args []string) []string {
	switch {
	case len(args) > 0 && args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	case len(args) == 1 && args[0] == "--version":
		return []string{"version"}
	}
	return args
}

// exit carries kong's exit out of the parser.
type exit int

// finish reads the arguments, runs the command that they name, and tells of its
// error.
func finish(parser *kong.Kong, args []string, env environment) (code int) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case exit:
			code = int(p)
		default:
			panic(p)
		}
	}()
	command, err := parser.Parse(args)
	if err != nil {
		return wrongly(env, asked(err), err)
	}
	err = command.Run(command) // for those that tell flags from variables
	if err == nil {
		return exitOK
	}
	// Of ours alone: a program that was run and failed has an exit code, too.
	coded, ok := errors.AsType[codedError](err)
	switch {
	case ok && coded.code == exitUsage:
		return wrongly(env, command.Selected(), err)
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(env.err, toolName+": interrupted")
	default:
		fmt.Fprintf(env.err, "%s: %v\n", toolName, err)
	}
	if ok {
		return coded.code
	}
	return exitFailed
}
