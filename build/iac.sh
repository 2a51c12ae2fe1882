#!/usr/bin/env bash
# Validates every Terraform module below iac/. Needs terraform, and the
# providers: from the registry, or from a mirror that TF_CLI_CONFIG_FILE names.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v terraform >/dev/null; then
  echo "iac: terraform is not on this machine; see developer.hashicorp.com/terraform/install" >&2
  exit 1
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1
modules=0
while read -r module; do
  # A copy, so that neither providers nor lock files come into the tree.
  copy=$scratch/$module
  mkdir -p "$copy"
  cp "$module"/*.tf "$module"/*.tf.json "$copy" 2>/dev/null || true
  if ! (terraform -chdir="$copy" init -backend=false -input=false -no-color && terraform -chdir="$copy" validate -no-color) >"$scratch/log" 2>&1; then
    echo "iac: $module is not valid" >&2
    cat "$scratch/log" >&2
    exit 1
  fi
  modules=$((modules + 1))
done < <(find iac -type f \( -name '*.tf' -o -name '*.tf.json' \) -printf '%h\n' | sort -u)
if [ "$modules" = 0 ]; then
  echo "iac: no modules found" >&2
  exit 1
fi
echo "iac: $modules modules are valid"
