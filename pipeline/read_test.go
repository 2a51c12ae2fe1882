package pipeline

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A setting that nobody reads promises what it does not do: each is read by
// Terraform under its key, or by Go outside of this package under its name. Names are
// compared alone, so that one which something else has, too, passes.
func TestSettings_EachIsReadBySomebody(t *testing.T) {
	t.Parallel()
	read := namesRead(t)
	seen := map[reflect.Type]bool{}
	var check func(typ reflect.Type, path string)
	check = func(typ reflect.Type, path string) {
		for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map || typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] {
			return
		}
		seen[typ] = true
		for _, f := range fieldsOf(typ) {
			if !read[f.key] && !read[f.name] {
				t.Errorf("%s is read by nobody: no file *.tf has .%s, and no Go code outside of this package .%s", join(path, f.key), f.key, f.name)
			}
			check(typ.Field(f.index).Type, join(path, f.key))
		}
	}
	check(reflect.TypeFor[Pipeline](), "")
	if len(seen) < 10 {
		t.Errorf("only %d types: are they found?", len(seen))
	}
}

var selectorForm = regexp.MustCompile(`\.(\w+)\b`)

// namesRead is what stands behind a dot in Terraform's files, and in Go's of other
// packages, but for tests.
func namesRead(t *testing.T) map[string]bool {
	t.Helper()
	read := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains([]string{"testdata", "node_modules", "dist"}, d.Name()) || path != ".." && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case filepath.Dir(path) == filepath.Join("..", "pipeline") || strings.HasSuffix(path, "_test.go"):
			return nil
		case filepath.Ext(path) != ".go" && filepath.Ext(path) != ".tf":
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range selectorForm.FindAllSubmatch(text, -1) {
			read[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return read
}
