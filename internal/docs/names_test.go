package docs_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	codeForm      = regexp.MustCompile("`([^`\n]+)`")
	qualifiedForm = regexp.MustCompile(`(\w+|\))\.([A-Z]\w*)`)
	listedForm    = regexp.MustCompile(`^([\w/]+): (?:func|type|const|var) (\([^)]*\) )?(\w+)(?: struct, (\w+))?`)
)

// exported are the names that api lists: of packages, by their last element, and
// the methods and fields of all of them.
func exported(t *testing.T) (names map[string][]string, members []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "api", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no lists: %v", err)
	}
	names = map[string][]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			m := listedForm.FindStringSubmatch(line)
			switch {
			case m == nil:
			case m[4] != "":
				members = append(members, m[4])
			case m[2] != "":
				members = append(members, m[3])
			default:
				names[path.Base(m[1])] = append(names[path.Base(m[1])], m[3])
			}
		}
	}
	return names, members
}

// notExported are the names in a document's code that no package exports: what
// stands behind a package of ours, a value, or a call.
func notExported(t *testing.T, text string) (wrong []string) {
	t.Helper()
	names, members := exported(t)
	for _, code := range codeForm.FindAllStringSubmatch(text, -1) {
		for _, m := range qualifiedForm.FindAllStringSubmatch(code[1], -1) {
			of, isPackage := names[m[1]]
			if isPackage && !slices.Contains(of, m[2]) || !isPackage && !slices.Contains(members, m[2]) {
				wrong = append(wrong, m[0])
			}
		}
	}
	return wrong
}

// "All that there is" in the README can be written as it stands there.
func TestREADME_AllThatThereIs_IsExported(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, all, _ := strings.Cut(string(text), "\nAll that there is:\n")
	all, _, _ = strings.Cut(all, "\n## ")
	if n := len(qualifiedForm.FindAllString(all, -1)); n < 15 {
		t.Errorf("only %d names in the table: are they found?", n)
	}
	if wrong := notExported(t, all); len(wrong) > 0 {
		t.Errorf("nothing exports %q", wrong)
	}
	for code, want := range map[string]bool{
		"`awslambda.Start(awslambda.SQSEach(handle, c), c)`": false, "`awslambda.Begin(x)`": true, "`message.FromLambdas`": true, "`awslambda.Start(awslambda.SQSEvery(h, c), c)`": true,
		"`albspan.NewRecorder(provider).Record(&entry)`": false, "`albspan.NewRecorder(provider).Records(&entry)`": true, "`cfg.GRPC = x`": false, "`cfg.GPRC = x`": true, "`awssdk.Instrument(&cfg, awssdk.Conf{})`": true,
	} {
		if got := len(notExported(t, code)) > 0; got != want {
			t.Errorf("%s is wrong: %v, want %v", code, got, want)
		}
	}
}
