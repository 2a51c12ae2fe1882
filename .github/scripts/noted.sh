#!/usr/bin/env bash
# Fetches what the last deploy of an environment has noted, into VARIABLES: the
# release, and what the modules were applied with. Nothing, if there was none.
set -euo pipefail
prefix=$(jq -er .names.prefix "$(dirname "$0")/../../iac/terraform/pipelines/$ENVIRONMENT.json")
mkdir -p "$VARIABLES"
aws s3 cp --recursive --only-show-errors "s3://$STATE_BUCKET/$prefix/release" "$VARIABLES"
