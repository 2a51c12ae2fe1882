#!/usr/bin/env bash
# Prints what a release is, as JSON: the commit, its image by digest, and the
# packages of functions with their SHA-256. It is signed, and everything that is
# deployed is compared with it.
#
#   .github/scripts/release.sh IMAGE@sha256:... DIRECTORY >release.json
#
# DIRECTORY has the zips. A package is kept by what is in it: the same package of
# two commits is one object, and deploys nothing.
set -euo pipefail
image=$1 directory=$2
for zip in "$directory"/*.zip; do
  hash=$(sha256sum "$zip" | cut -d' ' -f1)
  jq -n --arg file "$(basename "$zip")" --arg hash "$hash" --arg sha256 "$(openssl dgst -sha256 -binary "$zip" | base64)" \
    '($file | rtrimstr(".zip")) as $name | {($name): {$file, key: "\($name)-\($hash).zip", $sha256}}'
done | jq -s --arg commit "$GITHUB_SHA" --arg image "$image" '{$commit, $image, packages: add}'
