#!/usr/bin/env bash
# Makes a copy of the repository in which the description is another one, as
# whoever adopts it does: the product has another name, objectives and a
# consumer's sizes are others, an environment's domain, and there is a second
# consumer. After `tracehaul generate` the tests must be as green as here:
# build/fork.sh [PACKAGES...]
#
# Two things are the copy's own to change, and stay red until it does: the
# environments that deploy.yml goes through, and the scenarios of its alarms
# (`make alarms`).
set -euo pipefail
cd "$(dirname "$0")/.."
packages=("$@")
if [ ${#packages[@]} = 0 ]; then
  packages=(./pipeline/... ./alarms/... ./dashboards/... ./deploy/... ./cmd/... ./iac/... ./internal/cost ./internal/docs ./internal/doctor ./internal/policy ./internal/repo ./internal/workflows)
fi
fork=$(mktemp -d)
trap 'rm -rf "$fork"' EXIT
git ls-files -z | xargs -0 cp --parents -t "$fork"
cd "$fork"
git init -q
sed -i '
  s/^product: .*/product: shopping/
  s/^    max_concurrency: .*/    max_concurrency: 7/
  s/^  availability_percent: .*/  availability_percent: 99.5/
  s/^  latency_milliseconds: .*/  latency_milliseconds: 250/
  s/^database:/  mailer:\n    description: Tells the customer.\n    sink: custom\n    owner: team-mail\n\ndatabase:/
' tracehaul.yaml
sed -i 's/^  domain: .*/  domain: shopping.example.com/' environments/prod.yaml
go run ./cmd/tracehaul generate >/dev/null
go run ./cmd/tracehaul pipeline check
go test "${packages[@]}"
