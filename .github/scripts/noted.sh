#!/usr/bin/env bash
# Fetches into a directory what the last deploy of an environment has noted: the
# release, the outputs of bootstrap and TERRAFORM_VARIABLES, for variables.sh.
# Nothing, if there was none.
#
#   .github/scripts/noted.sh DIRECTORY
set -euo pipefail
prefix=$(jq -er .names.prefix "$(dirname "$0")/../../iac/terraform/pipelines/$ENVIRONMENT.json")
aws s3 cp --recursive --only-show-errors "s3://$STATE_BUCKET/$prefix/release" "$1"
