#!/usr/bin/env bash
# Builds the collector of build/collector, and has it check the files of
# iac/collector: that each is valid, that telemetry goes through it as it should,
# and that it does with the memory that it has.
#
#   build/collector.sh [FLAG...]    check; flags are those of go test, such as
#                                   -v -run Memory -args -load 20s
#   build/collector.sh generate     write build/collector anew from its manifest
#
# On a machine that has built nothing yet it takes a few minutes. Says little,
# unless something is wrong.
set -euo pipefail
cd "$(dirname "$0")/.."
module=build/collector
manifest=$module/manifest.yaml
version=$(sed -n 's/^ *- gomod: go.opentelemetry.io\/collector\/receiver\/otlpreceiver //p' "$manifest")

# builder runs the OpenTelemetry Collector Builder in a directory that has a
# manifest.yaml.
builder() {
  (cd "$1" && go run "go.opentelemetry.io/collector/cmd/builder@$version" --config=manifest.yaml --skip-compilation "${@:2}")
}

if [ "${1:-}" = generate ]; then
  rm -f "$module"/{go.mod,go.sum,*.go}
  builder "$module" --skip-strict-versioning=false
  exit
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() {
  echo "collector: $1" >&2
  [ ! -s "$scratch/log" ] || cat "$scratch/log" >&2
  exit 1
}

# The programs, and the versions of what the manifest names. Whatever else go.mod
# and go.sum need, the go command itself insists on.
stale="$module is not what its manifest says; run build/collector.sh generate"
mkdir "$scratch/module"
cp "$manifest" "$scratch/module"
builder "$scratch/module" --skip-get-modules >"$scratch/log" 2>&1 || fail "the builder cannot read $manifest"
for file in "$scratch/module"/*.go; do
  diff -u "$module/$(basename "$file")" "$file" >"$scratch/log" 2>&1 || fail "$stale"
done
: >"$scratch/log"
(cd "$module" && go list -m all) >"$scratch/modules" 2>"$scratch/log" || fail "$stale"
while read -r path want; do
  grep -qxF "$path $want" "$scratch/modules" || fail "$stale: $path is not $want"
done < <(sed -n 's/^ *- gomod: //p' "$manifest")

(cd "$module" && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$scratch/otelcol" .) >"$scratch/log" 2>&1 || fail "cannot be built"
TRACEHAUL_COLLECTOR=$scratch/otelcol go test -count=1 -parallel 8 ./internal/collectorcheck "$@" >"$scratch/log" 2>&1 || fail "a file of iac/collector is not as it should be"
case " $* " in *" -v "*) cat "$scratch/log" ;; esac
: >"$scratch/log"
files=(iac/collector/*.yaml)
echo "collector: ${#files[@]} files are valid and pass telemetry on, with a collector $version of ${module}"
