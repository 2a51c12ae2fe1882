package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/tracehaul/tracehaul/alarms/scenarios"
	"github.com/tracehaul/tracehaul/docs/runbooks"
	"github.com/tracehaul/tracehaul/internal/generated"
	"github.com/tracehaul/tracehaul/pipeline"
)

// kitAddress is where people read what is not copied.
const kitAddress = "https://github.com/tracehaul/tracehaul"

// starter is the description of a new pipeline: that of the reference pipeline,
// explained. Its sizes are those that the kit's scenarios are for.
//
//go:embed starter
var starter embed.FS

type starterFile = generated.File

// starterFiles are the files of a new pipeline. The error says which setting
// was wrong.
func starterFiles(c initCmd) ([]starterFile, error) {
	files, err := described(c)
	if err != nil {
		return nil, err
	}
	played, err := copied(scenarios.Files, "alarms/scenarios", func(text []byte) []byte { return fromKit(text, c) })
	if err != nil {
		return nil, err
	}
	written, err := copied(runbooks.Files, "docs/runbooks", awayFromKit)
	return append(append(files, played...), written...), err
}

// described are the descriptions, which are read as every command would.
func described(c initCmd) (files []starterFile, err error) {
	for _, name := range []string{"tracehaul.yaml", "environments/prod.yaml"} {
		t, err := template.ParseFS(starter, "starter/"+name)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if err := t.Execute(&b, c); err != nil {
			return nil, err
		}
		files = append(files, starterFile{Path: name, Content: b.Bytes()})
	}
	if _, err := pipeline.Parse(files[0].Path, files[0].Content); err != nil {
		return nil, wrongSetting(c, err)
	}
	return files, nil
}

// wrongSetting is a problem of the description, in the words of flags.
func wrongSetting(c initCmd, err error) error {
	problems, ok := errors.AsType[*pipeline.Error](err)
	if !ok {
		return err
	}
	flags := map[string]initFlag{
		"product":     {"product", c.Product, false},
		"environment": {"environment", c.Environment, false},
		"region":      {"region", c.Region, false},
		"owner":       {"owner", c.Owner, c.Owner == ownerOf(c.Product)},
		"consumers":   {"consumer", c.Consumer, false},
	}
	var lines []string
	for _, p := range problems.Problems {
		setting, _, _ := strings.Cut(p.Setting, ".")
		if flag, ok := flags[setting]; ok {
			lines = append(lines, flag.wrong(p.Message))
		}
	}
	if len(lines) == 0 {
		lines = []string{err.Error()}
	}
	return usageError("%s", strings.Join(lines, "\n"))
}

// initFlag is a flag with its value, which nobody may have given.
type initFlag struct {
	name, value string
	derived     bool
}

func (f initFlag) wrong(message string) string {
	switch {
	case f.value == "":
		return fmt.Sprintf("--%s \"\": want a value, or leave the flag out", f.name)
	case f.derived:
		return fmt.Sprintf("--%s, which is %s if it is left out: %s", f.name, f.value, message)
	}
	return fmt.Sprintf("--%s %s: %s", f.name, f.value, message)
}

// The kit's scenarios are about its consumer and its small environment. It has
// a third one besides prod, which a new pipeline lacks.
var (
	kitConsumer = regexp.MustCompile(`\bledger\b`)
	kitSmall    = regexp.MustCompile(`(?m)^(title: .*\bin |environment: )dev\b`)
	kitThird    = regexp.MustCompile(`(?m)^environment: staging$`)
)

// fromKit makes a file of the kit's scenarios, which lines --- divide, one of
// the new pipeline's.
func fromKit(text []byte, c initCmd) []byte {
	const divider = "\n---\n"
	kept := slices.DeleteFunc(bytes.Split(text, []byte(divider)), kitThird.Match)
	text = bytes.Join(kept, []byte(divider))
	text = kitSmall.ReplaceAll(text, []byte("${1}"+c.Environment))
	return kitConsumer.ReplaceAllLiteral(text, []byte(c.Consumer))
}

var (
	outwards = regexp.MustCompile(`\]\(\.\./(\.\./)?([^)]*)\)`)
	checkout = regexp.MustCompile(`go run \./cmd/tracehaul`)
)

// awayFromKit lets the links of a runbook lead to the kit's pages, and its
// commands call the tool as it is installed. Pages of queries are generated
// beside the runbooks.
func awayFromKit(text []byte) []byte {
	text = outwards.ReplaceAllFunc(text, func(link []byte) []byte {
		m := outwards.FindSubmatch(link)
		switch {
		case bytes.HasPrefix(m[2], []byte("queries")):
			return link
		case len(m[1]) > 0:
			return []byte("](" + kitAddress + "/blob/main/" + string(m[2]) + ")")
		default:
			return []byte("](" + kitAddress + "/blob/main/docs/" + string(m[2]) + ")")
		}
	})
	return checkout.ReplaceAll(text, []byte("tracehaul"))
}

// copied are the files of a tree, below dir, each changed.
func copied(tree fs.FS, dir string, change func([]byte) []byte) (files []starterFile, err error) {
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		files = append(files, starterFile{Path: path.Join(dir, name), Content: change(text)})
		return nil
	})
	return files, err
}
