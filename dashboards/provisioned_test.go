package dashboards_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards"
)

const (
	dataSourcesPath = "provisioning/datasources/tracehaul.yaml"
	providersPath   = "provisioning/dashboards/tracehaul.yaml"
	variablesPath   = "local.env"
)

// provision returns the folder's files by their paths.
func provision(tb testing.TB, set *alarms.Set, more ...dashboards.Row) map[string][]byte {
	tb.Helper()
	files, err := dashboards.Provisioning(set, more...)
	if err != nil {
		tb.Fatal(err)
	}
	all := make(map[string][]byte, len(files))
	for _, f := range files {
		all[f.Path] = f.Content
	}
	return all
}

var assignment = regexp.MustCompile(`(?m)^([A-Z_]+)=(.*)$`)

// variablesOf reads local.env.
func variablesOf(content []byte) map[string]string {
	all := make(map[string]string)
	for _, m := range assignment.FindAllSubmatch(content, -1) {
		all[string(m[1])] = string(m[2])
	}
	return all
}

// expand puts values in for variables as Grafana does: in every text, where $$
// is a $. Source: pkg/services/provisioning/values, grafana/grafana.
func expand(tb testing.TB, v any, variables map[string]string, used map[string]bool) any {
	tb.Helper()
	switch v := v.(type) {
	case string:
		parts := strings.Split(v, "$$")
		for i := range parts {
			parts[i] = os.Expand(parts[i], func(name string) string {
				value, ok := variables[name]
				if !ok {
					tb.Errorf("%q has the variable %q, which local.env has not: Grafana makes nothing of it", v, name)
				}
				used[name] = true
				return value
			})
		}
		return strings.Join(parts, "$")
	case []any:
		for i := range v {
			v[i] = expand(tb, v[i], variables, used)
		}
	case map[string]any:
		for key := range v {
			v[key] = expand(tb, v[key], variables, used)
		}
	}
	return v
}

// read expands a file and decodes it; a field that into has not fails the test.
func read(tb testing.TB, files map[string][]byte, file string, used map[string]bool, into any) {
	tb.Helper()
	var raw any
	if err := yaml.Load(files[file], &raw); err != nil {
		tb.Fatal(err)
	}
	content, err := yaml.Dump(expand(tb, raw, variablesOf(files[variablesPath]), used))
	if err != nil {
		tb.Fatal(err)
	}
	if err := yaml.Load(content, into, yaml.WithKnownFields()); err != nil {
		tb.Fatalf("%s: %v", file, err)
	}
}

// correlation leads from one data source to another.
type correlation struct {
	UID          string `yaml:"datasourceUid"`
	Name         string `yaml:"name"`
	MatcherType  string `yaml:"matcherType"`
	MatcherRegex string `yaml:"matcherRegex"`
	URL          string `yaml:"url"`
	Label        string `yaml:"urlDisplayLabel"`
	From         string `yaml:"spanStartTimeShift"`
	To           string `yaml:"spanEndTimeShift"`
	CustomQuery  bool   `yaml:"customQuery"`
	Query        string `yaml:"query"`
	Tags         []struct {
		Key   string `yaml:"key"`
		Value string `yaml:"value"`
	} `yaml:"tags"`
	Queries []struct {
		Name  string `yaml:"name"`
		Query string `yaml:"query"`
	} `yaml:"queries"`
}

// sourceOptions are the settings of all kinds of data sources, by the names of
// Grafana's documentation.
type sourceOptions struct {
	HTTPMethod      string        `yaml:"httpMethod"`
	TimeInterval    string        `yaml:"timeInterval"`
	Exemplars       []correlation `yaml:"exemplarTraceIdDestinations"`
	TracesToLogs    *correlation  `yaml:"tracesToLogsV2"`
	TracesToMetrics *correlation  `yaml:"tracesToMetrics"`
	ServiceMap      *correlation  `yaml:"serviceMap"`
	NodeGraph       struct {
		Enabled bool `yaml:"enabled"`
	} `yaml:"nodeGraph"`
	DerivedFields []correlation `yaml:"derivedFields"`
	Database      string        `yaml:"database"`
	SSLMode       string        `yaml:"sslmode"`
	MaxOpenConns  int           `yaml:"maxOpenConns"`
}

type dataSources struct {
	Version int `yaml:"apiVersion"`
	List    []struct {
		Name      string            `yaml:"name"`
		UID       string            `yaml:"uid"`
		Type      string            `yaml:"type"`
		Access    string            `yaml:"access"`
		URL       string            `yaml:"url"`
		User      string            `yaml:"user"`
		IsDefault bool              `yaml:"isDefault"`
		Editable  bool              `yaml:"editable"`
		Options   sourceOptions     `yaml:"jsonData"`
		Secrets   map[string]string `yaml:"secureJsonData"`
	} `yaml:"datasources"`
}

type providers struct {
	Version int `yaml:"apiVersion"`
	List    []struct {
		Name                  string `yaml:"name"`
		OrgID                 int    `yaml:"orgId"`
		Type                  string `yaml:"type"`
		Folder                string `yaml:"folder"`
		FolderUID             string `yaml:"folderUid"`
		DisableDeletion       bool   `yaml:"disableDeletion"`
		AllowUIUpdates        bool   `yaml:"allowUiUpdates"`
		UpdateIntervalSeconds int    `yaml:"updateIntervalSeconds"`
		Options               struct {
			Path string `yaml:"path"`
		} `yaml:"options"`
	} `yaml:"providers"`
}
