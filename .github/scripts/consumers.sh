#!/usr/bin/env bash
# Lets CodeDeploy move the aliases of the consumers to the versions that the last
# apply of events has published, all at once. Prints one line for each consumer,
# for the verdict: its name, the version, application and deployment group.
# A consumer whose version serves already is not deployed. None is, if one may not
# be: an alarm can have gone on since the preflight of the release.
set -euo pipefail
deployments=$("$(dirname "$0")/terraform.sh" events output -json deployments)

moves=$(mktemp)
trap 'rm -f "$moves"' EXIT
jq -r 'to_entries[] | [.key, (.value | .version, .application, .group, .function, .alias)] | @tsv' <<<"$deployments" |
  while IFS=$'\t' read -r component version application group function alias; do
    printf '%s\t%s\t%s\t%s\n' "$component" "$version" "$application" "$group"
    current=$(aws lambda get-alias --function-name "$function" --name "$alias" --query FunctionVersion --output text)
    if [ "$current" = "$version" ]; then
      echo "$component: version $version serves already" >&2
      continue
    fi
    # In the first deploy there is no alarm yet.
    if [ "${FIRST_DEPLOY:-false}" != true ]; then
      tracehaul deploy preflight -e "$ENVIRONMENT" --component "$component" --codedeploy-application "$application" --codedeploy-group "$group" >&2
    fi
    printf '%s\t' "$component" "$version" "$application" "$group" "$function" "$alias" >>"$moves"
    echo "$current" >>"$moves"
  done

while IFS=$'\t' read -r component version application group function alias current; do
  # "AppSpec file structure", AWS CodeDeploy user guide: the version is 0.0.
  content=$(printf '{"version": 0.0, "Resources": [{"%s": {"Type": "AWS::Lambda::Function", "Properties": {"Name": "%s", "Alias": "%s", "CurrentVersion": "%s", "TargetVersion": "%s"}}}]}' \
    "$component" "$function" "$alias" "$current" "$version")
  revision=$(jq -cn --arg content "$content" '{revisionType: "AppSpecContent", appSpecContent: {$content}}')
  id=$(aws deploy create-deployment --application-name "$application" --deployment-group-name "$group" \
    --description "${GITHUB_SHA:-by hand}" --revision "$revision" --query deploymentId --output text)
  echo "$component: $id moves $alias from version $current to $version" >&2
done <"$moves"
