package pipeline

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"text/template"
)

func TestDocs_Committed_AreUpToDate(t *testing.T) {
	minimal, err := os.ReadFile("testdata/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(minimal), "\n") // without the comment
	broken := strings.Replace(text, "ledger: {}", "ledger: {batchsize: 10, max_concurrency: 1}", 1)
	broken = strings.Replace(broken, "region: eu-central-1", "region: Frankfurt", 1)
	_, err = Parse("tracehaul.yaml", []byte(broken))
	p := mustLoad(t, reference)

	page := template.Must(template.ParseFiles("reference.md.tmpl"))
	var b bytes.Buffer
	if err := page.Execute(&b, map[string]any{
		"Minimal":   text,
		"Problems":  problems(t, err),
		"Reference": "tracehaul.yaml",
		"Names":     p.Names(),
		"Sections":  docSections(readComments(t)),
	}); err != nil {
		t.Fatal(err)
	}
	checkFile(t, "../docs/pipeline.md", bytes.TrimRight(b.Bytes(), "\n"))
}

type docSection struct {
	Title, Text string
	Settings    []docSetting
}

type docSetting struct{ Key, Value, Default, Text string }

// docSections lists every section, with those of lists and mappings behind the
// section they are in.
func docSections(c comments) []docSection {
	top := docSection{Title: "Top level", Text: "What the pipeline is."}
	var sections []docSection
	t := reflect.TypeFor[Pipeline]()
	for _, f := range fieldsOf(t) {
		inner := t.Field(f.index).Type
		if inner.Kind() == reflect.Struct || inner == reflect.TypeFor[[]Consumer]() {
			title := f.key
			if inner.Kind() == reflect.Slice {
				title, inner = f.key+".NAME", inner.Elem()
			}
			sections = append(sections, docStructs(c, inner, title, c.setting(t, f))...)
			continue
		}
		top.Settings = append(top.Settings, newDocSetting(c, t, f))
	}
	return append([]docSection{top}, sections...)
}

func docStructs(c comments, t reflect.Type, title, text string) []docSection {
	section := docSection{Title: "`" + title + "`", Text: text}
	var below []docSection
	for _, f := range fieldsOf(t) {
		section.Settings = append(section.Settings, newDocSetting(c, t, f))
		inner := t.Field(f.index).Type
		if inner.Kind() != reflect.Slice && inner.Kind() != reflect.Map || inner.Elem().Kind() != reflect.Struct {
			continue
		}
		key := title + "." + f.key + "[]"
		if inner.Kind() == reflect.Map {
			key = title + "." + f.key + ".NAME"
		}
		below = append(below, docStructs(c, inner.Elem(), key, c[inner.Elem().Name()])...)
	}
	return append([]docSection{section}, below...)
}

func newDocSetting(c comments, t reflect.Type, f field) docSetting {
	text, fallback, found := strings.Cut(c.setting(t, f), " Defaults to ")
	fallback = strings.TrimSuffix(fallback, ".")
	switch {
	case f.required:
		fallback = "**required**"
	case !found:
		fallback = ""
	}
	return docSetting{Key: f.key, Value: docValue(t.Field(f.index).Type, f), Default: fallback, Text: text}
}

// docValue says what a setting may be.
func docValue(t reflect.Type, f field) string {
	var what string
	switch {
	case t == reflect.TypeFor[map[string]any]():
		return "mapping"
	case t.Kind() == reflect.Map:
		return "mapping"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return "list"
	case t.Kind() == reflect.Slice:
		f = f.element()
		if what = docValue(t.Elem(), f); strings.HasPrefix(what, "`") {
			return "list of " + what
		}
		return "list, each " + what
	case f.enum != nil:
		return "`" + strings.Join(f.enum, "`, `") + "`"
	case t.Kind() == reflect.Bool:
		return "`true`, `false`"
	case t.Kind() == reflect.String:
		what = "text"
		if f.format != "" {
			what = formats[f.format].want
		}
		if f.max != nil {
			what += fmt.Sprintf(", at most %s characters", formatNumber(*f.max))
		}
		return strings.ReplaceAll(what, "|", `\|`)
	}
	what = typeName(t)
	if f.min != nil && f.max != nil {
		what = fmt.Sprintf("%s to %s", formatNumber(*f.min), formatNumber(*f.max))
	}
	if f.step > 0 {
		what += " in steps of " + formatNumber(f.step)
	}
	return what
}
