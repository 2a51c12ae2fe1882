package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tracehaul/tracehaul/internal/program"
	"github.com/tracehaul/tracehaul/internal/supply/licence"
)

// root is the repository's top, seen from this package.
var root = filepath.Join("..", "..", "..")

const commit = "0123456789abcdef0123456789abcdef01234567"

// consumer is the real one.
func consumer(t *testing.T) string {
	t.Helper()
	if err := program.WatchSources(); err != nil {
		t.Fatal(err)
	}
	paths, err := program.Build(t.Context(), t.TempDir(), "consumer")
	if err != nil {
		t.Fatal(err)
	}
	return paths[0]
}

func written(t *testing.T, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), append([]string{"-C", root, "-version", commit}, args...), &out, &errs); code != exitOK {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	return out.Bytes()
}

// schema is CycloneDX's own, as its tool brings it.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-gomod")
	cmd.Dir = filepath.Join(root, "tools", "cyclonedx")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "internal", "testutil", "schema")
	c := jsonschema.NewCompiler()
	for id, name := range map[string]string{
		"bom-1.6.schema.json":  "bom-1.6.schema.json",
		"spdx.schema.json":     "spdx.schema.json",
		"jsf-0.82.schema.json": "jsf-0.82.schemax.json", // that is its name there
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource("http://cyclonedx.org/schema/"+id, v); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

func TestBill_OfTheConsumer(t *testing.T) {
	t.Parallel()
	file := consumer(t)
	text := written(t, "-time", "2026-02-28T12:00:00Z", file)

	s := schema(t)
	if err := valid(t, s, text); err != nil {
		t.Errorf("not valid CycloneDX: %v", err)
	}
	for _, fault := range []string{`"bomFormat": "CycloneDX"`, `"id": "MIT"`, `"2026-02-28T12:00:00Z"`, `"type": "library"`} {
		broken := bytes.Replace(text, []byte(fault), []byte(strings.NewReplacer("CycloneDX", "x", "MIT", "MTI", "2026", "last year", "library", "lib").Replace(fault)), 1)
		if bytes.Equal(broken, text) || valid(t, s, broken) == nil {
			t.Errorf("a fault in %s is not found by the schema", fault)
		}
	}

	// What the linker wrote into the program, read by Go itself.
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"std " + info.GoVersion}
	for _, d := range info.Deps {
		want = append(want, d.Path+" "+d.Version)
	}
	var b struct {
		SerialNumber string
		Metadata     struct {
			Timestamp string
			Component struct{ Name, Version, Type string }
		}
		Components []struct {
			Name, Version string
			Hashes        []struct{ Content string }
			Licenses      []json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range b.Components {
		got = append(got, c.Name+" "+c.Version)
		if len(c.Licenses) != 1 || len(c.Hashes) != 1 && c.Name != "std" {
			t.Errorf("%s has the licences %s and %d checksums, want one each", c.Name, c.Licenses, len(c.Hashes))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("modules (-program +bill):\n%s", diff)
	}
	if len(want) < 20 {
		t.Errorf("the program has %d modules, which cannot be", len(want))
	}
	if c := b.Metadata.Component; c.Name != repository || c.Version != commit || c.Type != "application" || b.Metadata.Timestamp != "2026-02-28T12:00:00Z" {
		t.Errorf("the bill is of %+v, at %s", c, b.Metadata.Timestamp)
	}
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(b.SerialNumber) {
		t.Errorf("the serial number is %s", b.SerialNumber)
	}

	// Nothing of the machine or of the run is in it.
	if again := written(t, "-time", "2026-02-28T12:00:00Z", file); !bytes.Equal(text, again) {
		t.Errorf("written twice (-first +second):\n%s", cmp.Diff(string(text), string(again)))
	}
	if b := string(written(t, file)); strings.Contains(b, "timestamp") {
		t.Error("there is a time, and none was given")
	}
}

// A bill that is not that of the program is none.
func TestBill_OtherThanTheProgram_Fails(t *testing.T) {
	t.Parallel()
	info, err := buildinfo.ReadFile(consumer(t))
	if err != nil {
		t.Fatal(err)
	}
	bills := func() bill {
		components := []any{map[string]any{"name": "std", "version": info.GoVersion}}
		for _, d := range info.Deps {
			components = append(components, map[string]any{"name": d.Path, "version": d.Version})
		}
		return bill{"components": components, "metadata": map[string]any{"component": map[string]any{}}}
	}
	if err := bills().covers(info); err != nil {
		t.Fatalf("the same: %v", err)
	}
	for name, test := range map[string]struct {
		change func([]any) []any
		says   string
	}{
		"a module is missing": {func(c []any) []any { return c[:len(c)-1] }, "is in the program, and not in the bill"},
		"another version":     {func(c []any) []any { object(c[3])["version"] = "v0.0.1"; return c }, "v0.0.1 is in the bill, and not in the program"},
		"a module too many":   {func(c []any) []any { return append(c, map[string]any{"name": "example.com/x", "version": "v1.0.0"}) }, "example.com/x v1.0.0 is in the bill"},
		"nothing":             {func([]any) []any { return nil }, "std " + info.GoVersion},
	} {
		b := bills()
		b["components"] = test.change(list(b["components"]))
		if err := b.covers(info); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
	}
	if err := bills().license([]licence.Module{{Path: "std", Licences: []string{"BSD-3-Clause"}}}); err == nil || !strings.Contains(err.Error(), "its source does not link it") {
		t.Errorf("of another commit: %v", err)
	}
}

func TestRun_WrongUse(t *testing.T) {
	t.Parallel()
	other, err := os.Executable() // the test's own program is of this module, and of no program of it
	if err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		code int
		says string
	}{
		"nothing":              {nil, exitUsage, "want -version and one program"},
		"no version":           {[]string{other}, exitUsage, "want -version"},
		"two programs":         {[]string{"-version", commit, other, other}, exitUsage, "one program"},
		"no program":           {[]string{"-version", commit, text}, exitFailed, "read what"},
		"a time that is none":  {[]string{"-version", commit, "-time", "noon", other}, exitFailed, "want such as 2026"},
		"a program of nothing": {[]string{"-C", root, "-version", commit, filepath.Join(os.Getenv("GOROOT"), "nothing")}, exitFailed, "no such file"},
	} {
		var errs bytes.Buffer
		if code := run(t.Context(), test.args, &errs, &errs); code != test.code || !strings.Contains(errs.String(), test.says) {
			t.Errorf("%s: exit code %d, %q, want %d, %q", name, code, errs.String(), test.code, test.says)
		}
	}
}
