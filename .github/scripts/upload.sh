#!/usr/bin/env bash
# Brings the packages of a release into the bucket of an environment.
#
#   .github/scripts/upload.sh release.json DIRECTORY BUCKET
#
# S3 computes the SHA-256 itself, and refuses a package that is not what the
# release says.
set -euo pipefail
release=$1 directory=$2 bucket=$3
jq -r '.packages[] | [.file, .key, .sha256] | @tsv' "$release" | while IFS=$'\t' read -r file key sha256; do
  if aws s3api head-object --bucket "$bucket" --key "$key" >/dev/null 2>&1; then
    echo "$key is there"
    continue
  fi
  aws s3api put-object --bucket "$bucket" --key "$key" --body "$directory/$file" --checksum-algorithm SHA256 --checksum-sha256 "$sha256" >/dev/null
  echo "$key is uploaded"
done
