#!/usr/bin/env bash
# Runs terraform in a root module of an environment, with the state and the
# variables of that environment.
#
#   .github/scripts/terraform.sh service plan -lock=false
#
# ENVIRONMENT, STATE_BUCKET and AWS_REGION say which one. VARIABLES is a directory
# in which MODULE.tfvars.json may be: see variables.sh.
set -euo pipefail
cd "$(dirname "$0")/../../iac/terraform"
module=$1 command=$2
shift 2

prefix=$(jq -er .names.prefix "pipelines/$ENVIRONMENT.json")
export TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1
export TF_VAR_environment=$ENVIRONMENT TF_VAR_state_bucket=$STATE_BUCKET
# One copy of each provider for all modules of a job.
export TF_PLUGIN_CACHE_DIR=${RUNNER_TEMP:-/tmp}/terraform-providers TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE=1
mkdir -p "$TF_PLUGIN_CACHE_DIR"

terraform -chdir="$module" init -reconfigure -backend-config="bucket=$STATE_BUCKET" \
  -backend-config="key=$prefix/$module.tfstate" -backend-config="region=$AWS_REGION" >&2

file=$VARIABLES/$module.tfvars.json
if [ "$command" != output ] && [ -f "$file" ]; then set -- -var-file="$file" "$@"; fi
exec terraform -chdir="$module" "$command" "$@"
