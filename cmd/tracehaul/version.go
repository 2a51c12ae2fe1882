package main

import (
	"fmt"
	"runtime/debug"
)

// version is the commit this program was built from; set when linking.
var version string

type versionCmd struct{}

// Help is shown by --help below the line about the command.
func (versionCmd) Help() string {
	return `Examples:
  tracehaul version`
}

func (versionCmd) Run(env environment) error {
	_, err := fmt.Fprintln(env.out, programVersion())
	return err
}

// programVersion is the version set when linking, else what the go command
// recorded: the module's version, else the commit.
func programVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "unknown"
}
