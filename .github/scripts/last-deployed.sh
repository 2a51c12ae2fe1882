#!/usr/bin/env bash
# Prints the commit of the last job that succeeded in an environment, or nothing
# if there was none. GitHub keeps a deployment for each job with an environment.
#
#   GH_TOKEN=... .github/scripts/last-deployed.sh prod
set -euo pipefail
# The variables are GraphQL's.
# shellcheck disable=SC2016
query='query($owner: String!, $name: String!, $environment: String!) {
  repository(owner: $owner, name: $name) {
    deployments(environments: [$environment], first: 100, orderBy: {field: CREATED_AT, direction: DESC}) {
      nodes { commitOid statuses(first: 20) { nodes { state } } }
    }
  }
}'
gh api graphql -f query="$query" -f owner="${GITHUB_REPOSITORY%/*}" -f name="${GITHUB_REPOSITORY#*/}" -f environment="$1" |
  jq -r 'first(.data.repository.deployments.nodes[] | select(any(.statuses.nodes[]; .state == "SUCCESS")) | .commitOid) // empty'
