#!/usr/bin/env bash
# Says which Terraform root modules of an environment a change concerns: one a
# line, each after those whose states it reads.
#
#   git diff --name-only --no-renames main | build/changed-modules.sh prod
#
# Reads names of files, as git has them: of one that was moved, both. The description and the parts that the
# modules share concern all that read them; another environment's files, tests
# and READMEs concern none.
set -euo pipefail
cd "$(dirname "$0")/../iac/terraform"
environment=${1:?"usage: git diff --name-only --no-renames COMMIT | build/changed-modules.sh ENVIRONMENT"}

modules=(bootstrap network data events service observability)
concerned=" "

# of_shared marks the root modules that use a shared one, directly or not.
of_shared() {
  local shared=$1 module user
  for module in "${modules[@]}"; do
    if grep -qsE "\"\.\./modules/$shared\"" "$module"/*.tf; then concerned+="$module "; fi
  done
  while read -r user; do
    of_shared "$user"
  done < <(grep -lsE "\"\.\./$shared\"" modules/*/*.tf | cut -d/ -f2 | sort -u)
}

while read -r file; do
  case $file in
    *.md | */tests/* | iac/terraform/modules/mocks/*) ;;
    tracehaul.yaml | "environments/$environment.yaml" | "iac/terraform/pipelines/$environment.json") of_shared pipeline ;;
    # Which alarms roll back, the pipeline's settings say as well.
    "iac/terraform/observability/alarms/$environment/"*) of_shared pipeline ;;
    "iac/terraform/observability/dashboards/$environment/"*) concerned+="observability " ;;
    iac/terraform/observability/alarms/* | iac/terraform/observability/dashboards/* | iac/terraform/pipelines/*) ;;
    iac/terraform/modules/*) of_shared "$(cut -d/ -f4 <<<"$file")" ;;
    iac/terraform/*/*) concerned+="$(cut -d/ -f3 <<<"$file") " ;;
    iac/collector/*) concerned+="service " ;;
    iac/grafana/*) concerned+="observability " ;;
  esac
done

for module in "${modules[@]}"; do
  if [[ $concerned == *" $module "* ]]; then echo "$module"; fi
done
