#!/usr/bin/env bash
# Each directory in examples/ is a module of its own, which imports this one as
# others do: it is tidy, it builds, its tests pass with the tool as it is
# installed, and its programs are small.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p dist
rm -f dist/skipped-examples
tool=$(mktemp -d)
trap 'rm -rf "$tool"' EXIT
go build -o "$tool/tracehaul" ./cmd/tracehaul
export TRACEHAUL="$tool/tracehaul"
for module in examples/*/go.mod examples/*/*/go.mod; do
  [ -f "$module" ] || continue
  dir=$(dirname "$module")
  echo "$dir"
  # Of programs, not of tests beside them.
  lines=$(find "$dir" -mindepth 1 -maxdepth 1 -name '*.go' ! -name '*_test.go' -exec cat {} + | wc -l)
  if ((lines > 120)); then
    echo "$dir has $lines lines of Go: an example has 120 at most" >&2
    exit 1
  fi
  # What deprecated modules are needed for: nothing else here rots if they go.
  if [[ $dir == */before ]]; then
    if ! (cd "$dir" && go mod download); then
      echo "examples: $dir was not built, as its modules are not to be had" | tee dist/skipped-examples
      [ -z "${CI_REQUIRE:-}${GITHUB_ACTIONS:-}" ] || exit 1
      continue
    fi
    (cd "$dir" && go vet ./...)
    continue
  fi
  (cd "$dir" && go mod tidy -diff && go vet ./... && go test -count=1 ./...)
done
