package doctor_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/doctor"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

var update = flag.Bool("update", false, "rewrite docs/doctor.md")

var root = filepath.Join("..", "..")

// section replaces what is between two marks of a page.
func section(t *testing.T, page, name, content string) string {
	t.Helper()
	form := regexp.MustCompile(`(?s)(<!-- ` + name + `: [^\n]*-->\n).*?(<!-- end -->)`)
	if !form.MatchString(page) {
		t.Fatalf("docs/doctor.md has no section %s", name)
	}
	return form.ReplaceAllStringFunc(page, func(old string) string {
		m := form.FindStringSubmatch(old)
		return m[1] + content + m[2]
	})
}

// checksTable is all checks, by hop.
func checksTable() string {
	titles := map[signal.Hop]string{
		signal.HopEdge: "load balancer", signal.HopService: "service", signal.HopTopic: "topic", signal.HopQueue: "queue", signal.HopConsumer: "consumer",
		signal.HopDatabase: "database", signal.HopAlarmPath: "alarms, logs, dashboards",
	}
	var b strings.Builder
	b.WriteString("| | id | what is right |\n| --- | --- | --- |\n")
	last := signal.Hop("")
	for _, c := range doctor.Checks() {
		title := titles[c.Hop]
		if c.Hop == last {
			title = ""
		}
		last = c.Hop
		b.WriteString("| " + title + " | `" + c.ID + "` | " + c.What + " |\n")
	}
	return b.String()
}

// policy is what IAM must allow for all checks, and nothing else.
func policy(t *testing.T) string {
	t.Helper()
	var needed []string
	for _, action := range actions() {
		if !strings.HasPrefix(action, "sts:") {
			needed = append(needed, action)
		}
	}
	b, err := json.MarshalIndent(object{
		"Version": "2012-10-17", "Statement": list{object{"Sid": "Doctor", "Effect": "Allow", "Action": needed, "Resource": "*"}},
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return "```json\n" + string(b) + "\n```\n"
}

func TestPage_UpToDate(t *testing.T) {
	file := filepath.Join(root, "docs", "doctor.md")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := section(t, section(t, string(b), "checks", checksTable()), "policy", policy(t))
	if want == string(b) {
		return
	}
	if !*update {
		t.Fatal("docs/doctor.md does not list the checks and actions that there are; -update does")
	}
	if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What is looked at on the way has no list in the code but its constants.
func TestPage_NamesTheChecksOnTheWay(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "doctor.md"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("follow.go")
	if err != nil {
		t.Fatal(err)
	}
	ids := regexp.MustCompile(`(?m)^\tcheck\w+ += "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(ids) < 9 {
		t.Errorf("only %d ids", len(ids))
	}
	for _, m := range ids {
		if !strings.Contains(string(page), "\n| `"+m[1]+"` |") {
			t.Errorf("docs/doctor.md does not say what %s looks at", m[1])
		}
	}
}

// Every page that a finding may lead to is there, and so is its heading.
func TestPages_OfFindings_AreThere(t *testing.T) {
	source, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, file := range source {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`docs/[a-z0-9/-]+\.md(#[a-z-]+)?`).FindAllString(string(b), -1) {
			seen[m] = true
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d pages", len(seen))
	}
	for page := range seen {
		name, anchor, _ := strings.Cut(page, "#")
		b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
			continue
		}
		found := anchor == ""
		for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(string(b), -1) {
			found = found || strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(m[1]), "'", ""), " ", "-") == anchor
		}
		if !found {
			t.Errorf("%s has no such heading", page)
		}
	}
}
