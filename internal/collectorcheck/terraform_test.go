//go:build unix

package collectorcheck_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// memoryMiB is the sidecar's memory, and command what it is started with. Both
// are Terraform's.
const (
	memoryMiB = 128
	command   = "--config=env:" + settings
)

func read(tb testing.TB, path string) string {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// What the tests here give a collector is what Terraform gives it.
func TestSidecar_WhatTerraformSays_IsWhatIsTested(t *testing.T) {
	task := read(t, "iac/terraform/service/collector.tf")
	variables := read(t, "iac/terraform/service/variables.tf")
	for text, in := range map[string]string{
		`command      = ["` + command + `"]`: task,
		`{ name = "` + settings + `", value = file("${path.module}/../../collector/${var.collector.config}`: task,
		`{ name = "GOMEMLIMIT", value = "${floor(var.collector.memory_mib * 3 / 4)}MiB" }`:                  task,
		`memory_mib  = optional(number, 128)`:                                                               variables,
	} {
		if !strings.Contains(in, text) {
			t.Errorf("iac/terraform/service no longer says %s: see what a collector is given now, and change this package", text)
		}
	}
	var names []string
	for _, match := range regexp.MustCompile(`\{ name = "([A-Z_]+)", value =`).FindAllStringSubmatch(task, -1) {
		names = append(names, match[1])
	}
	given := slices.Collect(maps.Keys(config{}.given()))
	for _, name := range names {
		if name != settings && !slices.Contains(given, name) {
			t.Errorf("collector.tf gives the collector %s, this test does not", name)
		}
	}
	for _, name := range given {
		// Has a default in the files, and is a team's to set.
		if name != "COLLECTOR_ENVIRONMENT" && !slices.Contains(names, name) {
			t.Errorf("this test gives a collector %s, collector.tf does not", name)
		}
	}
}

func TestConfigs_EveryFile_IsTested(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "iac/collector/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, c := range configs {
		want = append(want, c.file())
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("the files of iac/collector are not those that are tested (-tested +there):\n%s", diff)
	}
}

// A file reads no variable that nobody sets, and says of each that a team must set
// what it is; so does the page.
func TestConfigs_Variables_AreGivenAndDescribed(t *testing.T) {
	page := read(t, "iac/collector/README.md")
	for _, c := range configs {
		t.Run(c.name, func(t *testing.T) {
			text := c.text(t)
			given := c.given()
			read := map[string]bool{}
			for _, match := range regexp.MustCompile(`\$\{env:([^}:]+)[^}]*\}`).FindAllStringSubmatch(text, -1) {
				read[match[1]] = true
				if _, ok := given[match[1]]; !ok {
					t.Errorf("it reads %s, which nobody sets", match[1])
				}
			}
			head, _, _ := strings.Cut(text, "\nreceivers:")
			for _, name := range slices.Concat(slices.Collect(maps.Keys(c.environment)), slices.Collect(maps.Keys(c.secrets))) {
				switch {
				case !read[name]:
					t.Errorf("a team sets %s, and it does not read it", name)
				case !strings.Contains(head, name):
					t.Errorf("its head does not say what %s is", name)
				case !strings.Contains(page, name):
					t.Errorf("iac/collector/README.md does not say what %s is", name)
				}
			}
			if !strings.Contains(page, "`"+c.name+".yaml`") {
				t.Errorf("iac/collector/README.md does not say whom it is for")
			}
		})
	}
}

// What a file must have so that a back end that is away costs no more memory than
// there is: the limiter before everything else, below GOMEMLIMIT, and a queue of a
// stated size with an end to trying.
func TestConfigs_AreBounded(t *testing.T) {
	for _, c := range configs {
		t.Run(c.name, func(t *testing.T) {
			var file struct {
				Processors map[string]struct {
					Limit int `yaml:"limit_percentage"`
				}
				Exporters map[string]struct {
					Queue       queue `yaml:"sending_queue"`
					RemoteWrite queue `yaml:"remote_write_queue"`
					Retry       struct {
						Elapsed string `yaml:"max_elapsed_time"`
					} `yaml:"retry_on_failure"`
				}
				Service struct {
					Pipelines map[string]struct{ Processors []string }
				}
			}
			if err := yaml.Unmarshal([]byte(c.text(t)), &file); err != nil {
				t.Fatal(err)
			}
			if limit := file.Processors["memory_limiter"].Limit; limit <= 0 || limit >= 75 {
				t.Errorf("memory_limiter has limit_percentage %d, want less than the 75 of GOMEMLIMIT", limit)
			}
			for name, p := range file.Service.Pipelines {
				if len(p.Processors) == 0 || p.Processors[0] != "memory_limiter" {
					t.Errorf("the pipeline of %s has processors %v, want memory_limiter first", name, p.Processors)
				}
			}
			for name, e := range file.Exporters {
				if e.Retry.Elapsed == "" {
					t.Errorf("%s: there is no retry_on_failure.max_elapsed_time", name)
				}
				if e.Queue.Size == 0 && e.RemoteWrite.Size == 0 {
					t.Errorf("%s: there is no queue_size", name)
				}
				if e.Queue.Size > 0 && e.Queue.Sizer != "bytes" {
					t.Errorf("%s: sending_queue counts %q, want bytes", name, e.Queue.Sizer)
				}
			}
		})
	}
}

type queue struct {
	Size  int `yaml:"queue_size"`
	Sizer string
}
