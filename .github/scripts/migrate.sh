#!/usr/bin/env bash
# Runs the migrations: invokes the version of the function that the last apply of
# data has published, and waits for its answer. Safe to run twice.
set -euo pipefail
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

function=$("$(dirname "$0")/terraform.sh" data output -json migrate_function)
name=$(jq -r .name <<<"$function") version=$(jq -r .version <<<"$function")
result=$(aws lambda invoke --function-name "$name" --qualifier "$version" \
  --cli-binary-format raw-in-base64-out --payload '{}' --cli-read-timeout 960 "$answer")
cat "$answer" && echo
if jq -e 'has("FunctionError")' <<<"$result" >/dev/null; then
  echo "::error title=migrations::$name:$version failed: $(jq -r '.errorMessage // .' "$answer"). The old version goes on; see docs/migrate.md."
  exit 1
fi
