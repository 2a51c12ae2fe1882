# `make help` lists every target. CI runs `make ci`, which is these same targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
GO ?= go
TOOL := $(GO) tool -modfile=tools/go.mod
FUZZTIME ?= 10s
SOAKTIME ?= 2m
PACKAGES ?= ./...
# What `make ci` builds twice: nothing, as a job of its own does so with all there is; `reproducible` takes it a minute and a half longer.
REPRODUCIBLE ?=
# Set, a check that would be skipped for want of something fails instead: always on GitHub.
REQUIRE := $(CI_REQUIRE)$(GITHUB_ACTIONS)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{name[++n] = $$1; says[n] = $$2; if (length($$1) > w) w = length($$1)} \
		END {for (i = 1; i <= n; i++) printf "  %-*s  %s\n", w, name[i], says[i]}' $(MAKEFILE_LIST)

demo: ## run the whole pipeline once on embedded parts and print the trace
	$(GO) run ./cmd/tracehaul demo

# One package more at a time than there are processors: tests wait for much of their time.
AT_ONCE ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))

test: ## run all tests
	$(GO) test -p $(AT_ONCE) $(PACKAGES)

race: ## run all tests with the race detector
	$(GO) test -race -timeout 10m $(PACKAGES)

lint: ## check style, known mistakes and the direction of imports
	$(TOOL) golangci-lint run $(PACKAGES)

format: ## rewrite the source as lint wants it
	$(TOOL) golangci-lint fmt

fuzz: ## fuzz every parser of outside input, FUZZTIME (10s) each; SHARD=2/6 those of a sixth
	FUZZTIME=$(FUZZTIME) build/fuzz.sh $(PACKAGES)

fuzz-turn: ## fuzz an eighth of the targets: which one, the commit's hash says
	SHARD=turn/8 FUZZTIME=3s build/fuzz.sh

bench: ## measure what telemetry costs: ratios, interleaved in one run
	$(GO) run ./internal/bench

load: ## find how much the service takes, and what it does with more
	$(GO) run ./internal/load

soak: ## send half of what the service takes for SOAKTIME (2m), SNS failing now and then: nothing may grow
	$(GO) run ./internal/load -for $(SOAKTIME) -faults

bench-once: ## count allocations, which the race detector cannot, and run every benchmark once
	$(GO) test -run Alloc -bench . -benchtime 1x $(PACKAGES)

generate: ## write all generated files
	$(GO) generate $(PACKAGES)
	$(GO) run ./cmd/tracehaul generate
	$(GO) run ./cmd/tracehaul generate -f examples/second-pipeline/tracehaul.yaml

verify: ## fail if a generated file or go.mod is not up to date
	$(GO) test -run 'UpToDate|IsListed' $(PACKAGES)
	$(GO) run ./cmd/tracehaul generate --check
	$(GO) run ./cmd/tracehaul generate --check -f examples/second-pipeline/tracehaul.yaml
	$(GO) mod tidy -diff
	cd tools && $(GO) mod tidy -diff
	cd tools/actionlint && $(GO) mod tidy -diff
	cd tools/cyclonedx && $(GO) mod tidy -diff

alarms: ## play all alarm scenarios, then break every alarm on purpose
	$(GO) run ./cmd/tracehaul alarms test
	$(GO) run ./cmd/tracehaul alarms test --mutate

faults: ## break everything once, and see that nothing is lost, doubled or cut off from its trace
	$(GO) run ./internal/faults

faults-mutate: ## take one safeguard after the other away, and see that a scenario of faults notices
	$(GO) run ./internal/faults -mutate

faults-mutate-short: ## the same with the five safeguards that matter most
	$(GO) run ./internal/faults -mutate -short

fork: ## make another pipeline of a copy, as whoever adopts the repository does, and run the tests there
	build/fork.sh

faults-short: ## the scenarios of faults that matter most
	$(GO) run ./internal/faults -short

examples: ## build and test every module in examples/, as whoever adopts the packages does
	build/examples.sh

dashboards: ## run the pipeline, make everything go wrong once, and see that every query of the dashboards shows data
	$(GO) run ./internal/livecheck

iac: modules workflows collector ## check all that deploys: Terraform, its policies, workflows, collector files
	$(GO) test ./internal/policy

modules: ## check Terraform modules: form, validity, tests, names
	build/iac.sh

lambda: ## build the functions' packages into dist/lambda
	build/lambda.sh $(ENVIRONMENT)

workflows: actionlint ## check the GitHub workflows: their form, and that all they call is there
	$(GO) test ./internal/workflows

actionlint: ## check the form of the GitHub workflows
	$(GO) tool -modfile=tools/actionlint/go.mod actionlint

collector: ## start a collector with each file of iac/collector, and look at what it passes on
	build/collector.sh

image: ## build the images and run the demo with the programs in them
	build/image.sh

vulnerabilities: ## look for known vulnerabilities in what every module calls; GOVULNDB names another database
	@mkdir -p dist
	$(GO) run ./internal/supply/vulnerabilities $(if $(GOVULNDB),-db $(GOVULNDB)) -skipped dist/skipped-vulnerabilities $(if $(REQUIRE),-required)

reproducible: ## build the consumer's package and the service twice, the second time elsewhere, and compare
	build/reproducible.sh

reproducible-all: ## the same with all packages, programs, generated files and images
	build/reproducible.sh all

# What `make ci` runs after lint, the longest first. What iac tests in Go is in race.
CHECKS = race verify vulnerabilities modules actionlint collector fuzz-turn bench-once alarms examples faults-short faults-mutate-short dashboards image $(REPRODUCIBLE)

ci: lint ## all that CI runs: lint, then two checks at a time, as most wait for much of their time
	$(MAKE) --no-print-directory -j2 -Otarget $(CHECKS)
	@cat dist/skipped-* 2>/dev/null || true

.PHONY: examples fork faults faults-mutate faults-mutate-short faults-short help demo test race lint format fuzz bench load soak bench-once generate verify alarms dashboards iac modules collector lambda workflows actionlint image vulnerabilities fuzz-turn reproducible reproducible-all ci
