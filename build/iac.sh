#!/usr/bin/env bash
# Checks the Terraform below iac/: its form, every module by itself, the tests of
# those that have some, and the names in their plans against package pipeline's.
#
#   build/iac.sh            all modules
#   build/iac.sh service    those whose path has "service" in it
#
# Needs terraform, and the providers: from the registry, or from a mirror that
# TF_CLI_CONFIG_FILE names. Says little, unless something is wrong.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v terraform >/dev/null; then
  echo "iac: terraform is not on this machine; see developer.hashicorp.com/terraform/install" >&2
  exit 1
fi
only=${1:-}
export TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1

if ! unformatted=$(terraform fmt -check -recursive iac); then
  echo "iac: not formatted, run terraform fmt -recursive iac:" >&2
  echo "$unformatted" >&2
  exit 1
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# A copy of the tree, so that neither providers nor lock files come into it, and
# modules find what they read beside themselves: the description, one another.
cp -r tracehaul.yaml environments iac "$scratch"
find "$scratch" -name .terraform -prune -exec rm -rf {} +
plans=$scratch/plans
mkdir -p "$plans" "$scratch/providers"
# One copy of each provider for all modules.
export TF_PLUGIN_CACHE_DIR=${TF_PLUGIN_CACHE_DIR:-$scratch/providers} TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE=1

# check runs terraform in a module of the copy, and shows what it said if it
# fails.
check() {
  local what=$1
  shift
  if ! terraform -chdir="$scratch/$module" "$@" -no-color >"$scratch/log" 2>&1; then
    echo "iac: $module: $what" >&2
    cat "$scratch/log" >&2
    exit 1
  fi
}

modules=0 tested=0 runs=0
while read -r module; do
  check "cannot be initialised" init -backend=false -input=false
  check "is not valid" validate
  modules=$((modules + 1))
  compgen -G "$module/tests/*.tftest.hcl" >/dev/null || continue
  # The plans of all runs are kept, for the tests in Go; without the provider's
  # schemas, which are megabytes in each.
  plan=$plans/${module//\//+}.json
  if ! terraform -chdir="$scratch/$module" test -json -verbose 2>"$scratch/log" |
    sed -E 's/,"provider_format_version":.*,"type":"(test_plan|test_state)"/},"type":"\1"/' >"$plan"; then
    # Once more, to be read by people. It cannot pass now: its words are the log.
    check "a test fails" test
    cat "$scratch/log" >&2
    exit 1
  fi
  passed=$(grep -c '"test_run":{[^}]*"status":"pass"' "$plan" || true)
  if [ "$passed" = 0 ]; then
    echo "iac: $module has tests, but none ran" >&2
    exit 1
  fi
  tested=$((tested + 1)) runs=$((runs + passed))
done < <(find iac -type f \( -name '*.tf' -o -name '*.tf.json' \) -not -path '*/tests/*' -not -path '*/.terraform/*' -printf '%h\n' | sort -u | grep -F -- "$only")
if [ "$modules" = 0 ]; then
  echo "iac: no modules found" >&2
  exit 1
fi
if [ -z "$only" ]; then
  # The tests in Go look at the plans of all modules.
  TRACEHAUL_PLANS=$plans go test -count=1 ./iac/... >"$scratch/log" 2>&1 || {
    echo "iac: the plans are not as they should be" >&2
    cat "$scratch/log" >&2
    exit 1
  }
fi
echo "iac: $modules modules are valid; $tested of them have tests, $runs runs pass"
