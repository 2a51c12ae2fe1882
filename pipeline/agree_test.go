package pipeline

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

func compileSchema(tb testing.TB, file string) *jsonschema.Schema {
	tb.Helper()
	schema, err := jsonschema.NewCompiler().Compile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return schema
}

// tree reads YAML into maps and lists, as an editor does that knows the schema.
func tree(t *testing.T, content []byte) any {
	t.Helper()
	var root yaml.Node
	if err := yaml.Load(content, &root); err != nil {
		t.Fatal(err)
	}
	l := loader{where: places{}, bad: map[string]struct{}{}}
	return l.tree(root.Content[0], "")
}

// withoutNames drops "names", which a description must not have.
func withoutNames(t *testing.T, resolved []byte) []byte {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(resolved, &m); err != nil {
		t.Fatalf("%v\n%s", err, resolved)
	}
	delete(m, "names")
	dropEmpty(m)
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// dropEmpty drops what a description says by leaving it out.
func dropEmpty(m map[string]any) {
	for key, value := range m {
		switch v := value.(type) {
		case string:
			if v == "" {
				delete(m, key)
			}
		case []any:
			if len(v) == 0 {
				delete(m, key)
			}
			for _, entry := range v {
				if inner, ok := entry.(map[string]any); ok {
					dropEmpty(inner)
				}
			}
		case map[string]any:
			if len(v) == 0 {
				delete(m, key)
			}
			if key != "filter_policy" {
				dropEmpty(v)
			}
		}
	}
}

// environmentFiles are those of the reference pipeline.
func environmentFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/reference/environments/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no environments: %v", err)
	}
	return files
}

func TestSchema_GoodDescriptions_AreValid(t *testing.T) {
	full, environment := compileSchema(t, "tracehaul.schema.json"), compileSchema(t, "tracehaul.environment.schema.json")
	files := map[string]*jsonschema.Schema{reference: full, "testdata/minimal.yaml": full, "testdata/many-consumers.yaml": full}
	for _, file := range environmentFiles(t) {
		files[file] = environment
	}
	for file, schema := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(tree(t, content)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// Editors find the schema by the first line.
func TestSchema_ReferenceFiles_NameIt(t *testing.T) {
	files := map[string]string{reference: "tracehaul.schema.json"}
	for _, file := range environmentFiles(t) {
		files[file] = "tracehaul.environment.schema.json"
	}
	for file, schema := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(content), "\n")
		address, ok := strings.CutPrefix(first, "# yaml-language-server: $schema=")
		if !ok || filepath.Base(address) != schema {
			t.Errorf("%s begins with %q, want the place of %s", file, first, schema)
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(file), address)); err != nil {
			t.Error(err)
		}
	}
}

// TestSchema_AndLoader_Agree changes one line of a good description at a time.
// What the schema can say, both refuse; the rest, the loader alone.
func TestSchema_AndLoader_Agree(t *testing.T) {
	const (
		good       = "good"
		both       = "both refuse"
		loaderOnly = "loader refuses"
	)
	schema := compileSchema(t, "tracehaul.schema.json")
	content, err := os.ReadFile("testdata/many-consumers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ old, replacement, want string }{
		"nothing changed":          {"", "", good},
		"longer product":           {"product: orders", "product: orders-2", good},
		"capital":                  {"product: orders", "product: Orders", both},
		"long product":             {"product: orders", "product: orders-of-our-customers", both},
		"product as a number":      {"product: orders", "product: 4711", both},
		"product as a boolean":     {"product: orders", "product: true", both},
		"no product":               {"product: orders\n", "", both},
		"unknown key":              {"product: orders", "product: orders\nprodukt: x", both},
		"unknown key in a section": {"  name: intake", "  name: intake\n  cpus: 256", both},
		"unknown key of a consumer": {
			"    batch_size: 1000", "    batch_size: 1000\n    batch: 2", both,
		},
		"number in quotes":            {"batch_size: 1000", `batch_size: "1000"`, both},
		"fraction":                    {"batch_size: 1000", "batch_size: 1000.5", both},
		"fraction of zero":            {"batch_size: 1000", "batch_size: 1000.0", good},
		"exponent":                    {"batch_size: 1000", "batch_size: 1e3", both}, // no number to YAML 1.2's JSON schema
		"least batch":                 {"batch_size: 1000", "batch_size: 1", good},
		"no batch":                    {"batch_size: 1000", "batch_size: 0", both},
		"largest batch":               {"batch_size: 1000", "batch_size: 10000", good},
		"too large a batch":           {"batch_size: 1000", "batch_size: 10001", both},
		"batch without a window":      {"batch_window_seconds: 5", "batch_window_seconds: 0", loaderOnly},
		"boolean in words":            {"raw_delivery: false", "raw_delivery: no", both},
		"boolean in quotes":           {"raw_delivery: false", `raw_delivery: "false"`, both},
		"unknown sink":                {"sink: custom", "sink: costum", both},
		"concurrency of one":          {"max_concurrency: 2", "max_concurrency: 1", both},
		"short visibility timeout":    {"visibility_timeout_seconds: 900", "visibility_timeout_seconds: 100", loaderOnly},
		"unknown filter condition":    {"{numeric: [\">\", 100]}", "{numerik: [\">\", 100]}", loaderOnly},
		"account as a number":         {`["111122223333"]`, `[111122223333]`, both},
		"account twice":               {`["111122223333"]`, `["111122223333", "111122223333"]`, both},
		"short account":               {`["111122223333"]`, `["1111"]`, both},
		"bad domain":                  {"orders.test.example.com", "orders_test", both},
		"consumer with a bad name":    {"  mailer:", "  Mailer:", both},
		"consumer with a long name":   {"  mailer:", "  mailer-of-all-the-orders-there-are:", both},
		"section as a list":           {"topic:\n  event: order\n", "topic: [order]\nx:\n", both},
		"no time zone":                {"America/New_York", "America/New York", both},
		"unknown time zone":           {"America/New_York", "America/Old_York", loaderOnly},
		"unknown destination":         {"to: [post]", "to: [mail]", loaderOnly},
		"no destination":              {"to: [post]", "to: []", both},
		"route without a target":      {", to: [post]", "", both},
		"unknown severity":            {"severity: notice", "severity: info", both},
		"page goes nowhere":           {"{severity: page, to: [on-call, orders]}", "{severity: page, owner: team-post, to: [orders]}", loaderOnly},
		"Slack without a channel":     {`channel: "#orders", `, "", loaderOnly},
		"channel without its #":       {`"#orders"`, `"orders"`, both},
		"secret with a blank":         {"secret: post/incidentio", "secret: post incidentio", both},
		"no value":                    {"  name: intake", "  name:", both},
		"empty text":                  {"  name: intake", `  name: ""`, both},
		"half an ACU":                 {"\ntopic:", "\ndatabase: {min_acu: 0.5}\ntopic:", good},
		"a third of an ACU":           {"\ntopic:", "\ndatabase: {min_acu: 0.3}\ntopic:", both},
		"least capacity over most":    {"\ntopic:", "\ndatabase: {min_acu: 8}\ntopic:", loaderOnly},
		"retention that is no choice": {"\ntopic:", "\ntelemetry: {log_retention_days: 31}\ntopic:", both},
		"retention that is a choice":  {"\ntopic:", "\ntelemetry: {log_retention_days: 30}\ntopic:", good},
		"holiday":                     {"  time_zone:", "  holidays: [2026-12-25, \"2026-12-26\"]\n  time_zone:", good},
		"holiday the other way":       {"  time_zone:", "  holidays: [25.12.2026]\n  time_zone:", both},
		"day that is none":            {"  time_zone:", "  holidays: [\"2026-02-30\"]\n  time_zone:", loaderOnly},
		"tags":                        {"\ntopic:", "\ntags: {cost: \"1\"}\ntopic:", good},
		"tag as a number":             {"\ntopic:", "\ntags: {cost: 1}\ntopic:", both},
		"reserved tag":                {"\ntopic:", "\ntags: {owner: me}\ntopic:", loaderOnly},
		"public range":                {"\ntopic:", "\nnetwork: {cidr: 8.8.0.0/16}\ntopic:", loaderOnly},
		"small range":                 {"\ntopic:", "\nnetwork: {cidr: 10.0.0.0/24}\ntopic:", both},
	} {
		t.Run(name, func(t *testing.T) {
			text := string(content)
			if !strings.Contains(text, test.old) {
				t.Fatalf("%q is not in the description", test.old)
			}
			text = strings.Replace(text, test.old, test.replacement, 1)
			_, loaderError := Parse("many-consumers.yaml", []byte(text))
			schemaError := schema.Validate(tree(t, []byte(text)))
			got := good
			switch {
			case loaderError != nil && schemaError != nil:
				got = both
			case loaderError != nil:
				got = loaderOnly
			case schemaError != nil:
				got = "schema alone refuses"
			}
			if got != test.want {
				t.Errorf("%s, want: %s\nloader: %v\nschema: %v", got, test.want, loaderError, schemaError)
			}
		})
	}
}
