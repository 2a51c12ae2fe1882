//go:build unix

package snippet_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/alarms/internal/insights"
	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/pipeline"
)

// always are the fields that CloudWatch makes for each line.
// ("Supported logs and discovered fields", Amazon CloudWatch Logs user guide.)
var always = []string{"@timestamp", "@message", "@logStream"}

// ofAWS tells whether a query is for lines that AWS writes, of which there are none
// here but those in testdata; it tries it on them.
func ofAWS(t *testing.T, q snippet.Snippet) bool {
	t.Helper()
	if strings.HasPrefix(q.Group, snippet.FirewallLogs) {
		if err := insights.Try(q.Text, firewallLines(t)); err != nil {
			t.Errorf("%s: %v", q.Text, err)
		}
		return true
	}
	if !ofLambda(t, q.Text) {
		return false
	}
	if err := tryLambda(q.Text, lambdaLines(t)); err != nil {
		t.Errorf("%s: %v", q.Text, err)
	}
	return true
}

// ofLambda tells whether a query is for lines of Lambda itself: all of its fields
// are CloudWatch's.
func ofLambda(t *testing.T, query string) bool {
	t.Helper()
	q, err := insights.Parse(query)
	if err != nil {
		t.Errorf("%s: %v", query, err)
		return true
	}
	return !slices.ContainsFunc(q.Fields(), func(name string) bool { return !strings.HasPrefix(name, "@") })
}

// either are the alternatives of a regular expression in a query.
var either = regexp.MustCompile(`like /([^/]*)/`)

// tryLambda asks lines of Lambda. Each alternative of a pattern has to be in one of
// them, and each field that CloudWatch finds in them.
func tryLambda(query string, lines []map[string]any) error {
	if err := insights.TryFields(query, lines, func(name string) bool { return !slices.Contains(always, name) }); err != nil {
		return err
	}
	for _, m := range either.FindAllStringSubmatch(query, -1) {
		for alternative := range strings.SplitSeq(m[1], "|") {
			pattern, err := regexp.Compile(alternative)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(lines, func(line map[string]any) bool { return pattern.MatchString(line["@message"].(string)) }) {
				return fmt.Errorf("no line has %s", alternative)
			}
		}
	}
	return nil
}

// The fields that CloudWatch Logs Insights finds in lines of Lambda, by how those
// lines name them. Memory is in bytes. ("Supported logs and discovered fields".)
var discovered = map[string]*regexp.Regexp{
	"@requestId":     regexp.MustCompile(`(?:RequestId: |Z )([0-9a-f]{8}-[0-9a-f-]{27})`),
	"@type":          regexp.MustCompile(`^(START|END|REPORT) `),
	"@duration":      regexp.MustCompile(`\tDuration: ([0-9.]+) ms`),
	"@initDuration":  regexp.MustCompile(`\tInit Duration: ([0-9.]+) ms`),
	"@maxMemoryUsed": regexp.MustCompile(`\tMax Memory Used: ([0-9]+) MB`),
	"@memorySize":    regexp.MustCompile(`\tMemory Size: ([0-9]+) MB`),
}

// lambdaLines are lines of the forms that testdata/lambda.txt says the source of.
func lambdaLines(t *testing.T) (lines []map[string]any) {
	t.Helper()
	for _, text := range testdata(t, "lambda.txt") {
		text, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`) // \t and \n
		if err != nil {
			t.Fatal(err)
		}
		line := map[string]any{"@message": text, "@timestamp": 1.0, "@logStream": "2026/11/26/[7]0123456789abcdef0123456789abcdef"}
		for name, pattern := range discovered {
			m := pattern.FindStringSubmatch(text)
			if m == nil {
				continue
			}
			line[name] = m[1]
			if n, err := strconv.ParseFloat(m[1], 64); err == nil {
				line[name] = n
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// firewallLines are those of AWS WAF, as its developer guide has them.
func firewallLines(t *testing.T) (lines []map[string]any) {
	t.Helper()
	for _, text := range testdata(t, "waf.txt") {
		var object map[string]any
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			t.Fatal(err)
		}
		line := map[string]any{}
		flatten(line, "", object)
		lines = append(lines, line)
	}
	return lines
}

// testdata are the lines of a file without those that say where they are from.
func testdata(t *testing.T, file string) (lines []string) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	scanner := bufio.NewScanner(f)
	for scanner.Scan() {
		if line := scanner.Text(); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		t.Fatalf("testdata/%s is empty", file)
	}
	return lines
}

// What Lambda and the firewall write themselves is asked in the words that they
// write.
func TestQueries_LinesOfAWS_AreFound(t *testing.T) {
	p := described(t)
	p.Edge.WAF = true
	asked := 0
	for _, q := range used(t, p)[snippet.LogsInsights] {
		if ofAWS(t, q) {
			asked++
		}
	}
	if asked < 4 {
		t.Errorf("only %d queries are of lines of AWS", asked)
	}
	for _, wrong := range []string{
		`filter @type = "REPORTS" | stats count(*)`, `filter @message like /Task timedout|Runtime exited/`, `filter @type = "START" | stats max(@duration)`,
	} {
		if err := tryLambda(wrong, lambdaLines(t)); err == nil {
			t.Errorf("%s finds something", wrong)
		}
	}
	if err := insights.Try(`filter action = "BLOCKED"`, firewallLines(t)); err == nil {
		t.Error("an action that the firewall does not know is found")
	}
}

var (
	quotedText  = regexp.MustCompile(`'[^']*'`)
	queryMember = regexp.MustCompile(`[A-Za-z]\w*`)
	queryOption = regexp.MustCompile(`--query (?:'([^']*)'|"([^"]*)"|(\S+))`)
	option      = regexp.MustCompile(`^--[a-z-]+$`)
)

// awsCommands are those of the AWS CLI that the snippets use, as testdata/awscli.txt
// has them: options with the values that they take, and members of the output.
func awsCommands(t *testing.T) map[string]map[string]struct{} {
	t.Helper()
	commands := map[string]map[string]struct{}{}
	for _, line := range testdata(t, "awscli.txt") {
		name, words, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("testdata/awscli.txt: %s: want a command, a colon and words", line)
		}
		if commands[name] == nil {
			commands[name] = map[string]struct{}{}
		}
		for word := range strings.FieldsSeq(words) {
			commands[name][word] = struct{}{}
		}
	}
	return commands
}

// checkAWS says what in a command line of the AWS CLI its documentation has not.
func checkAWS(commands map[string]map[string]struct{}, text string, names map[string]bool) error {
	for call := range strings.SplitSeq(text, "aws ") {
		if strings.TrimSpace(call) == "" {
			continue
		}
		words := strings.Fields(call)
		if len(words) < 2 {
			return fmt.Errorf("%q is no command", call)
		}
		command := words[0] + " " + words[1]
		known := commands[command]
		if known == nil {
			return fmt.Errorf("there is no command %s", command)
		}
		if m := queryOption.FindStringSubmatch(call); m != nil {
			for _, name := range queryMember.FindAllString(quotedText.ReplaceAllString(m[1]+m[2]+m[3], ""), -1) {
				if _, ok := known[name]; !ok && name != "contains" {
					return fmt.Errorf("%s answers with no %s", command, name)
				}
			}
			call = strings.Replace(call, m[0], "", 1)
		}
		call, _, _ = strings.Cut(call, "|")
		for _, word := range strings.Fields(call)[2:] {
			ok := true
			for part := range strings.FieldsFuncSeq(word, func(r rune) bool { return r == '=' || r == ',' }) {
				_, one := known[part]
				ok = ok && one
			}
			_, global := commands["*"][word]
			if !ok && !global && (option.MatchString(word) || !names[word]) {
				return fmt.Errorf("%s takes no %s", command, word)
			}
		}
	}
	return nil
}

// Commands of the AWS CLI are held against a table made from its reference: what
// they call, with which options and values, and what they read out of the answer.
func TestCommands_AWS_AreDocumented(t *testing.T) {
	p, err := pipeline.LoadEnvironment("../../pipeline/testdata/reference/tracehaul.yaml", "prod")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{p.Prefix() + "-": true, p.Region: true, p.ServiceName(): true, p.ClusterName(): true, p.DatabaseName(): true, "180": true}
	for _, c := range p.Consumers {
		names[c.FunctionName()], names[c.FunctionName()+":live"] = true, true
	}
	commands, asked := awsCommands(t), map[string]struct{}{}
	for _, q := range used(t, p)[snippet.Shell] {
		if !strings.HasPrefix(q.Text, "aws ") {
			continue
		}
		asked[q.Text] = struct{}{}
		if err := checkAWS(commands, q.Text, names); err != nil {
			t.Errorf("%s: %v", q.Text, err)
		}
		for from, to := range map[string]string{
			"createdAt": "createdOn", "db-cluster": "cluster", "--state-value": "--state", "EC_prime256v1": "ES256", "stoppedReason": "reason", "--output table": "--output tables",
			"list-event-source-mappings": "list-event-sources", "STOPPED": "ENDED", "FunctionVersion": "Version", "--service-name": "--service",
		} {
			if wrong := strings.Replace(q.Text, from, to, 1); wrong != q.Text && checkAWS(commands, wrong, names) == nil {
				t.Errorf("nobody notices that it is wrong: %s", wrong)
			}
		}
	}
	if len(asked) < 7 {
		t.Errorf("only %d commands are checked: %v", len(asked), slices.Sorted(maps.Keys(asked)))
	}
}
