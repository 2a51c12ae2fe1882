package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tracehaul/tracehaul/deploy"
)

// tellGitHub appends to the summary of the job and to the outputs of the step, in
// a workflow of GitHub Actions. The command does its work whether that works or
// not. (GitHub Actions, "Workflow commands", environment files.)
func tellGitHub(env environment, summary string, outputs []deploy.Output) {
	var lines strings.Builder
	for _, o := range outputs {
		lines.WriteString(o.Name + "=" + strings.NewReplacer("\n", " ", "\r", " ").Replace(o.Value) + "\n")
	}
	for variable, text := range map[string]string{"GITHUB_STEP_SUMMARY": summary, "GITHUB_OUTPUT": lines.String()} {
		file := env.getenv(variable)
		if file == "" || text == "" {
			continue
		}
		if err := appendTo(file, text); err != nil {
			fmt.Fprintf(env.err, "tracehaul: %s: %v\n", variable, err)
		}
	}
}

func appendTo(file, text string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
