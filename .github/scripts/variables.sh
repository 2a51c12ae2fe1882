#!/usr/bin/env bash
# Writes the variables of the root modules of an environment into the directory
# VARIABLES, as MODULE.tfvars.json: what no description can know.
#
#   .github/scripts/variables.sh                              of network
#   .github/scripts/variables.sh release.json bootstrap.json  of all that a release is applied by
#
# release.json is what release.sh has written, bootstrap.json are the outputs of
# bootstrap. TERRAFORM_VARIABLES adds to it or overrides it, as JSON by module:
# {"network": {"endpoint_zones": 1}}. In the FIRST_DEPLOY of an environment no alarm
# is there yet that could roll back, and none has data to judge by.
set -euo pipefail
release=${1:-} bootstrap=${2:-}
settings=$(dirname "$0")/../../iac/terraform/pipelines/$ENVIRONMENT.json
mkdir -p "$VARIABLES"

if [ -z "$release" ]; then
  all='{"network": {}}'
else
  # The service checks tokens with the keys that are there now.
  uri=$(jq -r '.jwks_uri.value // ""' "$bootstrap")
  jwks=$([ -z "$uri" ] || curl --silent --show-error --fail --retry 3 "$uri")
  all=$(jq -n --slurpfile release "$release" --slurpfile settings "$settings" --slurpfile bootstrap "$bootstrap" \
    --arg jwks "$jwks" --argjson first "${FIRST_DEPLOY:-false}" '
    def package(names):
      [$release[0].packages[names] // empty] | first // error("the release has no package \([names] | join(" or "))")
      | {bucket: $bootstrap[0].packages_bucket.value, key, sha256};
    {
      network: {},
      data: {migrate_package: package("migrate")},
      events: {
        consumer_packages: ($settings[0].consumers | with_entries(.value = package(.key, "consumer"))),
        rollback_alarms: ($first | not)
      },
      service: ({image_tag: $release[0].commit, jwks: $jwks, rollback_alarms: ($first | not)}
        + if $release[0].packages.albspans then {albspans_package: package("albspans")} else {} end),
      observability: {
        notifier_package: package("notifier-" + $settings[0].environment, "notifier"),
        actions_enabled: ($first | not)
      }
    }')
fi

more=${TERRAFORM_VARIABLES:-"{}"}
for module in $(jq -r 'keys[]' <<<"$all"); do
  jq --argjson more "$more" --arg name "$module" '.[$name] * ($more[$name] // {})' <<<"$all" >"$VARIABLES/$module.tfvars.json"
done
