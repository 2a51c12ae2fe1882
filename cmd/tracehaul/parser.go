package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// helpWidth is how long lines are below a command's help. kong asks the
// terminal; this much fits everywhere.
const helpWidth = 80

// newParser reads command lines into c.
func newParser(ctx context.Context, c *cli, env environment) *kong.Kong {
	parser, err := kong.New(c,
		kong.Name(toolName),
		kong.Description("The observability-first service kit for AWS event pipelines in Go."),
		kong.Writers(env.out, env.err),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Help(printHelp),
		kong.ValueFormatter(helpOf),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(env),
		kong.Exit(func(code int) { panic(exit(code)) }), // --help
	)
	if err != nil {
		panic(err) // the command tree is wrong
	}
	return parser
}

// printHelp is kong's help, with the exit codes below it.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	command := ""
	switch node := ctx.Selected(); {
	case node == nil:
	case !node.Leaf(): // its commands say more
		return nil
	default:
		command = node.Path()
	}
	return writeExits(ctx.Stdout, command, helpWidth)
}

// helpOf is what the help says of a flag or an argument: with the values that
// it takes and what it is without, as the placeholder shows neither.
func helpOf(v *kong.Value) string {
	help := v.Help
	if v.Enum != "" {
		help += " One of " + strings.Join(v.EnumSlice(), ", ") + "."
	}
	var defaults []string
	for _, name := range v.Tag.Envs {
		defaults = append(defaults, "$"+name)
	}
	if v.HasDefault {
		defaults = append(defaults, v.Default)
	}
	if len(defaults) > 0 {
		help += " Defaults to " + strings.Join(defaults, ", else ") + "."
	}
	return help
}

// wrongly says what was asked wrongly, and where one reads what would be right.
func wrongly(env environment, node *kong.Node, err error) int {
	what := "for what it can do"
	command := toolName
	if node != nil && node.Path() != "" {
		command, what = node.FullPath(), "for what it takes"
	}
	fmt.Fprintf(env.err, "%s: %s\nRun %s --help %s.\n", toolName, plainly(err.Error()), command, what)
	return exitUsage
}

// How kong says that a flag stands at the end, without its value, and that its
// value begins as a flag does.
var (
	noValue   = regexp.MustCompile(`: expected .* value but got "EOL" \(<EOL>\)`)
	flagValue = regexp.MustCompile(`(--[\w-]+): expected .* value but got "(.*)" \((?:short|long) flag\)`)
)

// plainly is an error of kong without the words of its scanner.
func plainly(text string) string {
	text = flagValue.ReplaceAllString(text, "$1: want a value after it, and $2 is a flag by its form")
	return noValue.ReplaceAllString(text, ": want a value after it")
}

// asked is the command that a command line is about, as far as it could be read.
func asked(err error) *kong.Node {
	if e, ok := errors.AsType[*kong.ParseError](err); ok && e.Context != nil {
		return e.Context.Selected()
	}
	return nil
}
