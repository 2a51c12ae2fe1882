#!/usr/bin/env bash
# Each directory in examples/ is a module of its own, which imports this one as
# others do: it is tidy, it builds, its tests pass as its README runs them, with
# the tool that they build, and its programs are small. Two at a time: they wait
# for more than they work.
set -euo pipefail
cd "$(dirname "$0")/.."

check() {
  local dir=$1 lines
  # Of programs, not of tests beside them.
  lines=$(find "$dir" -mindepth 1 -maxdepth 1 -name '*.go' ! -name '*_test.go' -exec cat {} + | wc -l)
  if ((lines > 120)); then
    echo "$dir has $lines lines of Go: an example has 120 at most"
    return 1
  fi
  cd "$dir"
  # What needs deprecated modules: nothing else here rots if they go.
  if [[ $dir == */before ]]; then
    if ! go mod download; then
      echo "examples: $dir was not built, as its modules are not to be had" | tee "$OLDPWD/dist/skipped-examples"
      [ -z "${CI_REQUIRE:-}${GITHUB_ACTIONS:-}" ]
      return
    fi
    go vet ./...
    return
  fi
  go mod tidy -diff && go vet ./... && go test -count=1 ./...
}

# The second time, for one of them: what it prints comes in one piece.
if [ $# = 1 ]; then
  if output=$(check "$1" 2>&1); then
    printf '%s\n%s\n' "$1" "$output"
    exit
  fi
  printf '%s\n%s\n' "$1" "$output" >&2
  exit 1
fi

mkdir -p dist
rm -f dist/skipped-examples
unset TRACEHAUL
printf '%s\n' examples/*/go.mod examples/*/*/go.mod | xargs -n1 dirname | xargs -P2 -n1 build/examples.sh
