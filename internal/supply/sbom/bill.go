package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tracehaul/tracehaul/internal/supply/licence"
)

// bill is a bill of materials, CycloneDX 1.6. Only what is changed is looked into.
type bill map[string]any

func read(text []byte) (bill, error) {
	var b bill
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&b); err != nil {
		return nil, fmt.Errorf("what cyclonedx-gomod writes: %w", err)
	}
	if b["bomFormat"] != "CycloneDX" || b["specVersion"] != "1.6" {
		return nil, fmt.Errorf("cyclonedx-gomod writes %v %v, want CycloneDX 1.6", b["bomFormat"], b["specVersion"])
	}
	if object(b.metadata()["component"]) == nil {
		return nil, errors.New("cyclonedx-gomod does not say what the bill is of: want metadata.component")
	}
	return b, nil
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func (b bill) metadata() map[string]any { return object(b["metadata"]) }

// clean takes out what is not of the program: the checksums of cyclonedx-gomod,
// which differ from machine to machine, and those of the program that are broken.
func (b bill) clean() {
	for _, tool := range list(b.metadata()["tools"]) {
		delete(object(tool), "hashes")
	}
	var kept []any
	for _, p := range list(b.metadata()["properties"]) {
		if name, _ := object(p)["name"].(string); !strings.HasSuffix(name, ":MD5") && !strings.HasSuffix(name, ":SHA-1") {
			kept = append(kept, p)
		}
	}
	b.metadata()["properties"] = kept
}

// license gives each component its licences.
func (b bill) license(modules []licence.Module) error {
	byPath := map[string][]string{}
	for _, m := range modules {
		byPath[m.Path] = m.Licences
	}
	object(b.metadata()["component"])["licenses"] = choice([]string{"Apache-2.0"})
	var problems []error
	for _, c := range list(b["components"]) {
		name, _ := object(c)["name"].(string)
		names := byPath[name]
		if len(names) == 0 {
			problems = append(problems, fmt.Errorf("%s is in the program, and its source does not link it: is the program of this commit?", name))
			continue
		}
		object(c)["licenses"] = choice(names)
	}
	return errors.Join(problems...)
}

// choice is how CycloneDX says licences: one by its name, several, all of which
// hold, as an expression.
func choice(names []string) []any {
	switch {
	case len(names) > 1:
		return []any{map[string]any{"expression": strings.Join(names, " AND ")}}
	case strings.HasPrefix(names[0], "LicenseRef-"):
		return []any{map[string]any{"license": map[string]any{"name": names[0]}}}
	}
	return []any{map[string]any{"license": map[string]any{"id": names[0]}}}
}

// covers compares the bill with what the linker wrote into the program.
func (b bill) covers(info *buildinfo.BuildInfo) error {
	listed := map[string]bool{}
	for _, c := range list(b["components"]) {
		listed[fmt.Sprint(object(c)["name"], " ", object(c)["version"])] = true
	}
	want := []string{licence.StandardLibrary + " " + info.GoVersion}
	for _, d := range info.Deps {
		if d.Replace != nil {
			d = d.Replace
		}
		want = append(want, d.Path+" "+d.Version)
	}
	var problems []error
	for _, w := range want {
		if !listed[w] {
			problems = append(problems, fmt.Errorf("%s is in the program, and not in the bill", w))
		}
		delete(listed, w)
	}
	for l := range listed {
		problems = append(problems, fmt.Errorf("%s is in the bill, and not in the program", l))
	}
	return errors.Join(problems...)
}
