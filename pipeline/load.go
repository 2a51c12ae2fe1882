package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxFileBytes bounds what is read. A description has a few kilobytes.
const maxFileBytes = 256 << 10

// source is one file of a description.
type source struct {
	file     string
	content  []byte
	resolved bool // written by Pipeline.Resolved
}

// Load reads the description at path for the environment that it names
// itself. The error is an [*Error], unless the file cannot be read.
func Load(path string) (*Pipeline, error) {
	base, err := readSource(path)
	if err != nil {
		return nil, err
	}
	return parse(base)
}

// LoadEnvironment reads the description at path and, on top of it, the file
// environments/NAME.yaml in the same directory. If the description itself
// names that environment, the file may be missing.
func LoadEnvironment(path, environment string) (*Pipeline, error) {
	if message := formats["name"].check(environment); message != "" {
		return nil, fmt.Errorf("the name of an environment: %s", message)
	}
	base, err := readSource(path)
	if err != nil {
		return nil, err
	}
	overlay, err := readSource(environmentFile(path, environment))
	if errors.Is(err, fs.ErrNotExist) {
		if p, err := parse(base); err != nil || p.Environment == environment {
			return p, err
		}
	}
	if err != nil {
		return nil, err
	}
	p, err := parse(base, overlay)
	if err != nil {
		return nil, err
	}
	if p.Environment != environment {
		return nil, &Error{[]Problem{p.problem("environment",
			fmt.Sprintf("is %q, but the file is named %s.yaml", p.Environment, environment))}}
	}
	return p, nil
}

// LoadAll reads the description at path for every environment it has: its own
// first, then those in environments/, by name.
func LoadAll(path string) ([]*Pipeline, error) {
	base, err := Load(path)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Dir(environmentFile(path, base.Environment)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list environments: %w", err)
	}
	names := []string{base.Environment}
	for _, entry := range entries { // which are in the order of their names
		name, ok := strings.CutSuffix(entry.Name(), ".yaml")
		if ok && name != base.Environment {
			names = append(names, name)
		}
	}
	var all []*Pipeline
	var problems Error
	for _, name := range names {
		p, err := LoadEnvironment(path, name)
		if e := (*Error)(nil); errors.As(err, &e) {
			problems.Problems = append(problems.Problems, e.Problems...)
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	if len(problems.Problems) > 0 {
		return nil, &problems
	}
	return all, nil
}

// Parse reads a description from memory. filename stands in the problems.
func Parse(filename string, b []byte) (*Pipeline, error) {
	return parse(source{file: filename, content: b})
}

// ParseResolved reads what [Pipeline.Resolved] wrote, beside a program that
// runs in the pipeline. The names in it are passed over, since they follow from
// the settings, and so is what is empty: a description leaves that out.
func ParseResolved(filename string, b []byte) (*Pipeline, error) {
	return parse(source{file: filename, content: b, resolved: true})
}

func environmentFile(path, environment string) string {
	return filepath.Join(filepath.Dir(path), "environments", environment+".yaml")
}

func readSource(path string) (source, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return source{}, fmt.Errorf("read pipeline description: %w", err)
	}
	return source{file: path, content: content}, nil
}

// parse reads the sources one on top of the other, fills in defaults and
// checks the whole.
func parse(sources ...source) (*Pipeline, error) {
	l := loader{where: places{}, bad: map[string]struct{}{}}
	p := &Pipeline{where: l.where}
	whole := true
	for _, s := range sources {
		l.file, l.resolved = s.file, s.resolved
		l.files = append(l.files, s.file)
		root := l.read(s.content)
		if root == nil {
			whole = false
			continue
		}
		if _, known := l.where[""]; !known {
			l.where[""] = place{s.file, root.Line, root.Column}
		}
		l.decodeStruct(root, reflect.ValueOf(p).Elem(), "")
	}
	if whole {
		l.complete(reflect.ValueOf(p).Elem(), "")
		p.derive()
		l.checkTogether(p)
	}
	if len(l.problems) > 0 {
		return nil, &Error{sortProblems(l.problems, l.files)}
	}
	return p, nil
}

// read parses one file into its root node, or reports why that cannot be done.
func (l *loader) read(content []byte) *yaml.Node {
	if len(content) > maxFileBytes {
		l.problems = append(l.problems, Problem{File: l.file, Message: "the file is larger than 256 KiB"})
		return nil
	}
	var document yaml.Node
	if err := yaml.Load(content, &document); err != nil {
		l.problems = append(l.problems, yamlProblem(l.file, err))
		return nil
	}
	root := &document
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		root = root.Content[0]
	}
	if root.Kind != yaml.MappingNode {
		l.problems = append(l.problems, Problem{
			File: l.file, Line: max(root.Line, 1), Column: max(root.Column, 1),
			Message: notMapping,
		})
		return nil
	}
	return root
}

const (
	notMapping = `a description is a mapping such as "product: orders"`
	noDocument = "yaml: no documents in stream" // the YAML library's words
)

// yamlProblem turns the YAML library's error into a problem with a place.
func yamlProblem(file string, err error) Problem {
	p := Problem{File: file, Line: 1, Column: 1, Message: err.Error()}
	if e := (*yaml.LoadError)(nil); errors.As(err, &e) {
		if p.Message = "not YAML: " + e.Message; e.Message == noDocument {
			p.Message = "the file is empty: " + notMapping
		}
		if e.Mark.Line > 0 {
			p.Line, p.Column = e.Mark.Line, max(e.Mark.Column, 1)
		}
	}
	return p
}

// problem makes a problem of a setting, wherever it stands.
func (p *Pipeline) problem(setting, message string) Problem {
	at := p.where.of(setting)
	return Problem{File: at.file, Line: at.line, Column: at.column, Setting: setting, Message: message}
}

// complete fills in defaults and reports what is missing.
func (l *loader) complete(v reflect.Value, path string) {
	for _, f := range fieldsOf(v.Type()) {
		value, at := v.Field(f.index), join(path, f.key)
		_, given := l.where[at]
		if !given {
			if f.required {
				l.report(path, "", f.key+" is missing")
				l.bad[at] = struct{}{}
				continue
			}
			f.setDefault(value)
		}
		if l.good(at) {
			l.completeInside(value, at)
		}
	}
}

func (l *loader) completeInside(value reflect.Value, at string) {
	switch {
	case value.Kind() == reflect.Struct:
		l.complete(value, at)
	case value.Type() == reflect.TypeFor[[]Consumer]():
		for i := range value.Len() {
			consumer := value.Index(i)
			l.complete(consumer, join(at, consumer.FieldByName("Name").String()))
		}
	case value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Struct:
		for i := range value.Len() {
			l.complete(value.Index(i), fmt.Sprintf("%s[%d]", at, i))
		}
	case value.Kind() == reflect.Map && value.Type().Elem().Kind() == reflect.Struct:
		for _, key := range slices.SortedFunc(slices.Values(value.MapKeys()), compareKeys) {
			entry := reflect.New(value.Type().Elem()).Elem()
			entry.Set(value.MapIndex(key))
			l.complete(entry, join(at, key.String()))
			value.SetMapIndex(key, entry)
		}
	}
}

func compareKeys(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) }
