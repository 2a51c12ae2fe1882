package pipeline

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite generated files and goldens")

// checkFile compares a generated file with what is committed, or writes it.
func checkFile(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not up to date: go generate ./pipeline (-file +generated):\n%s", path, diff)
	}
}

func TestSchema_Committed_IsUpToDate(t *testing.T) {
	comments := readComments(t)
	checkFile(t, "tracehaul.schema.json", schemaFile(t, comments, false))
	checkFile(t, "tracehaul.environment.schema.json", schemaFile(t, comments, true))
}

// comments are the doc comments of the types and their fields, by "Type" and
// "Type.Field".
type comments map[string]string

func readComments(t *testing.T) comments {
	t.Helper()
	files := token.NewFileSet()
	var described []*ast.File
	for _, name := range []string{"pipeline.go", "watch.go"} {
		file, err := parser.ParseFile(files, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		described = append(described, file)
	}
	pkg, err := doc.NewFromFiles(files, described, "github.com/tracehaul/tracehaul/pipeline")
	if err != nil {
		t.Fatal(err)
	}
	c := comments{}
	for _, declared := range pkg.Types {
		c[declared.Name] = oneLine(declared.Doc)
		for _, spec := range declared.Decl.Specs {
			s, ok := spec.(*ast.TypeSpec).Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, f := range s.Fields.List {
				for _, name := range f.Names {
					c[declared.Name+"."+name.Name] = oneLine(f.Doc.Text())
				}
			}
		}
	}
	return c
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// setting is the description of a field for people who write YAML: the comment
// without "Name is".
func (c comments) setting(t reflect.Type, f field) string {
	text := c[t.Name()+"."+f.name]
	text = strings.TrimPrefix(text, f.name+" is ")
	text = strings.TrimPrefix(text, f.name+" are ")
	return strings.ToUpper(text[:1]) + text[1:]
}

func TestComments_OfSettings_TellDefaults(t *testing.T) {
	c := readComments(t)
	eachField(reflect.TypeFor[Pipeline](), func(owner reflect.Type, f field) {
		name := owner.Name() + "." + f.name
		text := c[name]
		if !strings.HasPrefix(text, f.name+" is ") && !strings.HasPrefix(text, f.name+" are ") {
			t.Errorf("%s: the comment does not begin with \"%s is\": %s", name, f.name, text)
		}
		_, told, found := strings.Cut(text, "Defaults to ")
		section := owner.Field(f.index).Type.Kind() == reflect.Struct
		switch told = strings.NewReplacer(`"`, "", ", ", ",").Replace(told); {
		case section || f.required:
			if found {
				t.Errorf("%s: a section, or what is required, has no default: %s", name, text)
			}
		case !found:
			t.Errorf("%s: the comment does not end with its default: %s", name, text)
		case f.fallback != "" && !strings.HasPrefix(told, f.fallback):
			t.Errorf("%s: defaults to %s, the comment says %s", name, f.fallback, told)
		}
	})
}

// eachField calls visit for every setting there is.
func eachField(t reflect.Type, visit func(owner reflect.Type, f field)) {
	for _, f := range fieldsOf(t) {
		visit(t, f)
		inner := t.Field(f.index).Type
		if inner.Kind() == reflect.Slice || inner.Kind() == reflect.Map {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			eachField(inner, visit)
		}
	}
}

// A default that broke its own rule would not be found by the loader, which
// checks what is given.
func TestDefaults_KeepTheRules(t *testing.T) {
	eachField(reflect.TypeFor[Pipeline](), func(owner reflect.Type, f field) {
		if f.fallback == "" {
			return
		}
		v := reflect.New(owner.Field(f.index).Type).Elem()
		f.setDefault(v)
		var message string
		switch v.Kind() {
		case reflect.String:
			message = f.checkText(v.String(), true)
		case reflect.Slice:
			for i := range v.Len() {
				message = cmp.Or(message, f.checkText(v.Index(i).String(), false))
			}
		case reflect.Bool:
			if f.fallback != "true" && f.fallback != "false" {
				message = "is no boolean"
			}
		default:
			message = f.checkNumber(mustParse(f.fallback))
		}
		if message != "" {
			t.Errorf("the default of %s.%s: %s", owner.Name(), f.name, message)
		}
	})
}

// object is a JSON object that keeps its order.
type object []entry

type entry struct {
	key   string
	value any
}

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, e := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		writeText(&b, e.key)
		b.WriteByte(':')
		if err := writeValue(&b, e.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func schemaFile(t *testing.T, c comments, environment bool) []byte {
	t.Helper()
	g := generator{comments: c, environment: environment}
	name, title := "tracehaul.schema.json", "Description of a Tracehaul pipeline"
	if environment {
		name, title = "tracehaul.environment.schema.json", "What one environment of a Tracehaul pipeline does otherwise"
	}
	schema := object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", "https://raw.githubusercontent.com/tracehaul/tracehaul/main/pipeline/" + name},
		{"$comment", "Generated from package pipeline: go generate ./pipeline"},
		{"title", title},
	}
	schema = append(schema, g.structure(reflect.TypeFor[Pipeline](), true)...)
	compact, err := schema.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, compact, "", "  "); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// generator writes the JSON Schema that the tags of the types stand for.
type generator struct {
	comments    comments
	environment bool // sections hold only what differs
}

// structure returns the schema of a struct. What is merged with another file
// may be incomplete.
func (g generator) structure(t reflect.Type, merged bool) object {
	var properties object
	var required []string
	for _, f := range fieldsOf(t) {
		sf := t.Field(f.index)
		property := object{{"description", g.comments.setting(t, f)}}
		property = append(property, g.property(sf.Type, f)...)
		properties = append(properties, entry{f.key, property})
		if f.required && (!g.environment || !merged) || g.environment && f.key == "environment" {
			required = append(required, f.key)
		}
	}
	schema := object{{"type", "object"}, {"additionalProperties", false}}
	if len(required) > 0 {
		schema = append(schema, entry{"required", required})
	}
	return append(schema, entry{"properties", properties})
}

func (g generator) property(t reflect.Type, f field) object {
	switch {
	case t == reflect.TypeFor[[]Consumer]():
		return object{
			{"type", "object"},
			{"minProperties", int(*f.min)},
			{"maxProperties", int(*f.max)},
			{"propertyNames", object{{"pattern", formats[f.keys].pattern}, {"maxLength", maxConsumerName}}},
			{"additionalProperties", g.structure(t.Elem(), true)},
		}
	case t == reflect.TypeFor[map[string]any]():
		return object{{"type", "object"}, {"minProperties", 1}}
	case t.Kind() == reflect.Struct:
		return g.structure(t, true)
	case t.Kind() == reflect.Map:
		schema := object{{"type", "object"}}
		schema = append(schema, lengths(f, "Properties")...)
		return append(
			schema,
			entry{"propertyNames", object{{"pattern", formats[f.keys].pattern}}},
			entry{"additionalProperties", g.element(t.Elem(), f)},
		)
	case t.Kind() == reflect.Slice:
		schema := object{{"type", "array"}}
		schema = append(schema, lengths(f, "Items")...)
		if t.Elem().Kind() != reflect.Struct {
			schema = append(schema, entry{"uniqueItems", true})
		}
		if f.fallback != "" {
			schema = append(schema, entry{"default", strings.Split(f.fallback, ",")})
		}
		return append(schema, entry{"items", g.element(t.Elem(), f)})
	}
	schema := scalar(t, f)
	if f.fallback != "" {
		schema = append(schema, entry{"default", literal(t, f.fallback)})
	}
	return schema
}

// element is the schema of an entry of a list or mapping.
func (g generator) element(t reflect.Type, f field) object {
	if t.Kind() == reflect.Struct {
		return g.structure(t, false)
	}
	return scalar(t, f.element())
}

func lengths(f field, noun string) object {
	var o object
	if f.min != nil {
		o = append(o, entry{"min" + noun, int(*f.min)})
	}
	if f.max != nil {
		o = append(o, entry{"max" + noun, int(*f.max)})
	}
	return o
}

func scalar(t reflect.Type, f field) object {
	schema := object{{"type", typeName(t)}}
	if f.enum != nil {
		values := make([]any, len(f.enum))
		for i, v := range f.enum {
			values[i] = literal(t, v)
		}
		return append(schema, entry{"enum", values})
	}
	switch t.Kind() {
	case reflect.Bool:
	case reflect.String:
		if f.format != "" {
			schema = append(schema, entry{"pattern", formats[f.format].pattern})
		} else {
			schema = append(schema, entry{"minLength", 1})
		}
		if f.max != nil {
			schema = append(schema, entry{"maxLength", int(*f.max)})
		}
	default:
		if f.min != nil {
			schema = append(schema, entry{"minimum", *f.min})
		}
		if f.max != nil {
			schema = append(schema, entry{"maximum", *f.max})
		}
		if f.step > 0 {
			schema = append(schema, entry{"multipleOf", f.step})
		}
	}
	return schema
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Float64:
		return "number"
	default:
		return "integer"
	}
}

// literal returns a value of a tag as JSON.
func literal(t reflect.Type, text string) any {
	switch t.Kind() {
	case reflect.String:
		return text
	case reflect.Bool:
		return text == "true"
	default:
		return json.RawMessage(strconv.FormatFloat(mustParse(text), 'f', -1, 64))
	}
}
