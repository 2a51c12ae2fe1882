package dashboards_test

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// NOT STARTED: no test, and nobody who wrote this, has run the images of
// iac/grafana/compose.yaml, for want of a container engine and a registry. What
// can be told without them is told here.

// composition is as much of a compose file as ours has. ("Compose file
// reference", Docker documentation.)
type composition struct {
	Name     string                 `yaml:"name"`
	Services map[string]*composable `yaml:"services"`
}

type composable struct {
	Image       string            `yaml:"image"`
	EnvFile     []string          `yaml:"env_file"`
	Environment map[string]string `yaml:"environment"`
	Ports       []string          `yaml:"ports"`
	Volumes     []string          `yaml:"volumes"`
	Healthcheck *struct {
		Test     []string `yaml:"test"`
		Interval string   `yaml:"interval"`
		Timeout  string   `yaml:"timeout"`
		Retries  int      `yaml:"retries"`
	} `yaml:"healthcheck"`
}

const grafanaDir = "../iac/grafana"

func readComposition(t *testing.T) (c composition, text string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(grafanaDir, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Load(content, &c, yaml.WithKnownFields()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"grafana", "postgres"} {
		if c.Services[name] == nil {
			t.Fatalf("there is no service %s", name)
		}
	}
	return c, string(content)
}

// mounts are what a service sees of the folder: sources by targets.
func (c *composable) mounts() map[string]string {
	all := make(map[string]string)
	for _, v := range c.Volumes {
		parts := strings.Split(v, ":")
		all[parts[1]] = parts[0]
	}
	return all
}

var (
	pinned   = regexp.MustCompile(`^docker\.io/[a-z/-]+:\d+\.\d+(\.\d+)?$`)
	loopback = regexp.MustCompile(`^127\.0\.0\.1:(\d+):(\d+)$`)
	bound    = regexp.MustCompile(`^(\./[^:]+):(/[^:]+):ro$`)
)

func TestCompose_Services_ArePinnedPrivateAndWhole(t *testing.T) {
	t.Parallel()
	c, _ := readComposition(t)
	for name, s := range c.Services {
		if !pinned.MatchString(s.Image) {
			t.Errorf("%s: image %q, want one with its registry and a version", name, s.Image)
		}
		for _, p := range s.Ports {
			if m := loopback.FindStringSubmatch(p); m == nil || m[1] != m[2] {
				t.Errorf("%s: port %q, want one on loopback", name, p)
			}
		}
		for _, v := range s.Volumes {
			m := bound.FindStringSubmatch(v)
			if m == nil {
				t.Errorf("%s: volume %q, want a source in the folder, to be read only", name, v)
				continue
			}
			if _, err := os.Stat(filepath.Join(grafanaDir, m[1])); err != nil {
				t.Errorf("%s: %v: an engine makes a directory of it", name, err)
			}
		}
		for _, file := range s.EnvFile {
			if _, err := os.Stat(filepath.Join(grafanaDir, file)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if h := c.Services["postgres"].Healthcheck; h == nil || len(h.Test) != 2 || h.Test[0] != "CMD-SHELL" || h.Retries < 1 {
		t.Errorf("health of PostgreSQL: %+v", h)
	}
	if version := load(t, "dev").Pipeline.Database.EngineVersion; !strings.HasSuffix(c.Services["postgres"].Image, ":"+version) {
		t.Errorf("image %s, but the description's database is %s", c.Services["postgres"].Image, version)
	}
}

// Grafana finds the files where its image looks for them. Source:
// docker/Dockerfile, grafana/docker-otel-lgtm.
func TestCompose_Grafana_SeesTheFolder(t *testing.T) {
	t.Parallel()
	c, _ := readComposition(t)
	grafana := c.Services["grafana"]
	mounts := grafana.mounts()
	const conf = "/otel-lgtm/grafana/conf/provisioning/"
	for target, source := range map[string]string{
		conf + "datasources/grafana-datasources.yaml": "./" + dataSourcesPath, // the image's own, which has the same uids
		conf + "dashboards/tracehaul.yaml":            "./" + providersPath,
	} {
		if mounts[target] != source {
			t.Errorf("%s is %q, want %q", target, mounts[target], source)
		}
	}
	variables := variablesOf(provision(t, load(t, "dev"))[variablesPath])
	if source := mounts[variables["TRACEHAUL_DASHBOARDS"]]; source != "./dashboards" {
		t.Errorf("the boards are looked for in %s, which is %q", variables["TRACEHAUL_DASHBOARDS"], source)
	}
	for name := range grafana.Environment {
		if _, ok := variables[name]; !ok {
			t.Errorf("no file refers to %s", name)
		}
	}
	if got := grafana.Environment["TRACEHAUL_POSTGRES_URL"]; got != "postgres:5432" {
		t.Errorf("PostgreSQL is at %q for Grafana, want the other service", got)
	}
}

// The commands at the file's beginning are those that fit it.
func TestCompose_Commands_NameWhatRuns(t *testing.T) {
	t.Parallel()
	c, text := readComposition(t)
	variables := variablesOf(provision(t, load(t, "dev"))[variablesPath])
	after := func(name string) string {
		_, rest, ok := strings.Cut(text, name)
		if !ok {
			t.Fatalf("no %s", name)
		}
		return strings.Trim(strings.Fields(rest)[0], "'")
	}
	database, err := url.Parse(after("DATABASE_URL="))
	if err != nil {
		t.Fatal(err)
	}
	if password, _ := database.User.Password(); password != c.Services["postgres"].Environment["POSTGRES_PASSWORD"] {
		t.Errorf("password %q", password)
	}
	if mode := database.Query().Get("sslmode"); mode != "disable" { // the consumer takes verify-full otherwise, and the image has no TLS
		t.Errorf("sslmode %q", mode)
	}
	if name := after("--database-name"); name != variables["TRACEHAUL_POSTGRES_DATABASE"] {
		t.Errorf("the database %q, but Grafana reads %q", name, variables["TRACEHAUL_POSTGRES_DATABASE"])
	}
	otlp, err := url.Parse(after("OTEL_EXPORTER_OTLP_ENDPOINT="))
	if err != nil {
		t.Fatal(err)
	}
	for service, port := range map[string]string{"postgres": database.Port(), "grafana": otlp.Port()} {
		if want := "127.0.0.1:" + port + ":" + port; !strings.Contains(strings.Join(c.Services[service].Ports, " "), want) {
			t.Errorf("%s does not listen on %s", service, port)
		}
	}
}
