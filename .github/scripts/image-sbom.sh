#!/usr/bin/env bash
# Writes the SBOM of the program in an image, as CycloneDX. The program, and the
# certificates of authorities, are all that is in it.
#
#   .github/scripts/image-sbom.sh IMAGE PROGRAM FILE
#
# The program is that of this commit, whose source says the licences.
set -euo pipefail
image=$1 program=$2 file=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
container=$(docker create "$image")
docker cp "$container:/$program" "$work/$program"
docker rm "$container" >/dev/null
time=$(TZ=UTC git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ)
go run ./internal/supply/sbom -version "$GITHUB_SHA" -time "$time" "$work/$program" >"$file"
