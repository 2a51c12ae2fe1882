# Every target is documented by the comment behind its name: `make help`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
GO ?= go

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## run the whole pipeline once on embedded parts and print the trace
	$(GO) run ./cmd/tracehaul demo

test: ## all tests
	$(GO) test ./...

race: ## all tests with the race detector
	$(GO) test -race ./...

.PHONY: help demo test race
