package interop_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// vectorDir is where the vectors are, for readers in any language.
var vectorDir = filepath.Join("..", "..", "propagation")

// about is what every vector says of itself.
type about struct {
	Name   string `json:"name"`
	Why    string `json:"why"`
	Source string `json:"source"`
}

// value is a message attribute.
type value struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

type values = map[string]value

// queued is a message as it lies in a queue.
type queued struct {
	Body       string            `json:"body"`
	Attributes values            `json:"attributes"`
	System     map[string]string `json:"system"`
}

// parent is what a span is started from.
type parent struct {
	TraceID      string            `json:"trace_id"`
	ParentSpanID string            `json:"parent_span_id"`
	Sampling     string            `json:"sampling"`
	Tracestate   string            `json:"tracestate"`
	Baggage      map[string]string `json:"baggage"`
}

// difference is what JavaScript does, where that is something else.
type difference struct {
	Why        string  `json:"why"`
	Want       *parent `json:"want"`
	Attributes values  `json:"attributes"`
}

// vectorsOf are those of a kind.
func vectorsOf[V any](t *testing.T, kind string) []V {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(vectorDir, kind+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Schema  string `json:"$schema"`
		Title   string `json:"title"`
		Kind    string `json:"kind"`
		Vectors []V    `json:"vectors"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		t.Fatalf("%s.json: %v", kind, err)
	}
	if len(file.Vectors) == 0 {
		t.Fatalf("%s.json has no vectors", kind)
	}
	return file.Vectors
}

// kinds are the files, and what is in them has tests of its own each.
var kinds = []string{"extract", "inject", "request", "balancer", "letter"}

func TestVectors_KeepToTheirSchema(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(vectorDir, "schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(vectorDir, "*.json"))
	if err != nil || len(files) != len(kinds)+1 {
		t.Fatalf("%d files, %v; want one for each of %v, and the schema", len(files), err, kinds)
	}
	names := map[string]bool{}
	for _, kind := range kinds {
		b, err := os.ReadFile(filepath.Join(vectorDir, kind+".json"))
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err == nil {
			err = schema.Validate(document)
		}
		if err != nil {
			t.Errorf("%s.json: %v", kind, err)
		}
		for _, v := range vectorsOf[map[string]any](t, kind) {
			name, _ := v["name"].(string)
			if names[name] || !strings.HasPrefix(name, kind+"-") {
				t.Errorf("%s.json: the name %q is there twice, or of another kind", kind, name)
			}
			names[name] = true
		}
	}
}
