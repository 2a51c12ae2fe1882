#!/usr/bin/env bash
# Plans root modules, whose names come one a line, and writes the plans into the
# job's summary, as Terraform prints them: without sensitive values. They are not
# kept as files, which would have everything.
#
#   printf '%s\n' network data | .github/scripts/plan.sh
#
# Exits with 0 if nothing would change, 2 if something would, 1 if a module
# cannot be planned. Takes no lock: who plans may not write.
set -euo pipefail
here=$(dirname "$0")
text=$(mktemp)
trap 'rm -f "$text"' EXIT

result=0
while read -r module; do
  code=0
  "$here/terraform.sh" "$module" plan -lock=false -detailed-exitcode -no-color </dev/null >"$text" || code=$?
  cat "$text"
  case $code in
    0) says="nothing to change" ;;
    2) says=$(grep -E '^Plan: ' "$text" || echo "outputs change") result=2 ;;
    *) echo "::error title=terraform plan::$module of $ENVIRONMENT cannot be planned"; exit 1 ;;
  esac
  echo "$module of $ENVIRONMENT: $says"
  # A summary holds a MiB.
  {
    printf '<details><summary>%s of %s: %s</summary>\n\n~~~\n' "$module" "$ENVIRONMENT" "$says"
    head -c 150000 "$text"
    printf '\n~~~\n\n</details>\n\n'
  } >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
done
exit "$result"
