package docs_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/docs"
)

// root is the repository's top, seen from this package.
var root = filepath.Join("..", "..")

// pages are those that this package tests.
var pages = []string{"deploy-from-nothing.md", "cost.md", "tear-down.md", "add-a-consumer.md", "security.md"}

func readPage(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// eachDocument calls f with every document of the repository.
func eachDocument(t *testing.T, f func(name, text string)) {
	t.Helper()
	names, err := docs.Documents(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		f(name, string(text))
	}
}

// blocks are those of a page that are in a language.
func blocks(page, language string) (found []string) {
	for i, part := range strings.Split(page, "```") {
		if block, ok := strings.CutPrefix(part, language+"\n"); ok && i%2 == 1 {
			found = append(found, block)
		}
	}
	return found
}

var (
	linkForm    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingForm = regexp.MustCompile(`(?m)^#+ (.+)$`)
	noSlug      = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// deadLinks are those of a page in a directory that lead nowhere.
func deadLinks(dir, page string) (dead []string) {
	for _, m := range linkForm.FindAllStringSubmatch(page, -1) {
		if strings.Contains(m[1], "://") {
			continue
		}
		file, anchor, _ := strings.Cut(m[1], "#")
		target := filepath.Join(root, filepath.FromSlash(path.Join(dir, file)))
		if _, err := os.Stat(target); err != nil {
			dead = append(dead, m[1])
			continue
		}
		if anchor == "" {
			continue
		}
		if info, err := os.Stat(target); err == nil && info.IsDir() {
			target = filepath.Join(target, "README.md")
		}
		text, err := os.ReadFile(target)
		if err != nil || strings.HasSuffix(target, ".md") && !hasAnchor(string(text), anchor) {
			dead = append(dead, m[1])
		}
	}
	return dead
}

// hasAnchor is whether GitHub makes an anchor of a heading of the page.
func hasAnchor(page, anchor string) bool {
	for _, m := range headingForm.FindAllStringSubmatch(page, -1) {
		slug := strings.ReplaceAll(noSlug.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")
		if slug == anchor {
			return true
		}
	}
	return false
}

func TestDocuments_Links_LeadSomewhere(t *testing.T) {
	t.Parallel()
	eachDocument(t, func(name, text string) {
		for _, link := range deadLinks(path.Dir(name), text) {
			t.Errorf("%s: %s leads nowhere", name, link)
		}
	})
	for text, dead := range map[string]bool{
		"[x](delivery.md)": false, "[x](delivery.md#settings)": false, "[x](../iac/README.md#apply-it)": false, "[x](pipeline.md#consumersname)": false, "[x](https://example.com/none)": false,
		"[x](none.md)": true, "[x](delivery.md#none)": true, "[x](../none)": true,
	} {
		if got := len(deadLinks("docs", text)) > 0; got != dead {
			t.Errorf("%s is dead: %v, want %v", text, got, dead)
		}
	}
}

// Every page is reachable from the first one that people read, and from iac's if
// it is about what is deployed.
func TestPages_AreLinked(t *testing.T) {
	t.Parallel()
	for file, prefix := range map[string]string{"README.md": "docs/", "iac/README.md": "../docs/"} {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range pages {
			if !strings.Contains(string(text), "]("+prefix+name) {
				t.Errorf("%s has no link to %s", file, name)
			}
		}
	}
}

// "All that there is" in the README is all.
func TestREADME_EveryPackageOfTelemetry_IsThere(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	packages, err := filepath.Glob(filepath.Join(root, "telemetry", "*", "doc.go"))
	if err != nil || len(packages) == 0 {
		t.Fatalf("telemetry has no packages: %v", err)
	}
	_, all, _ := strings.Cut(string(text), "\nAll that there is:\n")
	all, _, _ = strings.Cut(all, "\n## ")
	for _, file := range packages {
		if name := "telemetry/" + filepath.Base(filepath.Dir(file)); !strings.Contains(all, "]("+name+")") {
			t.Errorf("the README has no line for %s", name)
		}
	}
}

// Whoever comes has at most five pages to read first, and every page is in the
// list of all.
func TestIndex_FourReaders_AndAllPages(t *testing.T) {
	t.Parallel()
	index := readPage(t, "README.md")
	readers := regexp.MustCompile(`(?m)^## (.+)$`).FindAllStringSubmatch(index, -1)
	if len(readers) != 5 || readers[4][1] != "All pages" {
		t.Errorf("the sections are %q, want those of four readers, and all pages", readers)
	}
	for _, heading := range readers[:len(readers)-1] {
		reader := heading[1]
		_, section, _ := strings.Cut(index, "\n## "+reader+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		if n := len(regexp.MustCompile(`(?m)^\d+\. .*\]\(`).FindAllString(section, -1)); n == 0 || n > 5 {
			t.Errorf("%s has %d pages to read first, want one to five", reader, n)
		}
		if other := regexp.MustCompile(`(?m)^[^\d\s].*\]\(`).FindString(section); other != "" {
			t.Errorf("%s has pages beside those to read first: %s", reader, other)
		}
	}
	_, all, _ := strings.Cut(index, "\n## All pages\n")
	wantListed(t, "docs", all)
}

func TestDecisions_AllAreListed(t *testing.T) {
	t.Parallel()
	wantListed(t, "docs/decisions", readPage(t, "decisions/README.md"))
}

// wantListed wants a link to each page of a directory.
func wantListed(t *testing.T, directory, list string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, directory, "*.md"))
	if err != nil || len(names) < 2 {
		t.Fatalf("%s has %d pages: %v", directory, len(names), err)
	}
	for _, name := range names {
		if name := filepath.Base(name); name != "README.md" && !strings.Contains(list, "]("+name+")") {
			t.Errorf("%s/README.md does not list %s", directory, name)
		}
	}
}
