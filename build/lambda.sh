#!/usr/bin/env bash
# Builds the packages of the Lambda functions into dist/lambda: <function>.zip
# with the program, named bootstrap, for linux/arm64, and its licences. The same
# commit gives the same bytes. Beside it is its SBOM, <function>.cdx.json. Prints the SHA-256 of each, in base64 as well, as Terraform wants it.
#
#   build/lambda.sh          all packages
#   build/lambda.sh prod     all, with the description of prod beside the notifier
#   build/lambda.sh --pin    note the checksum of RDS_CA_FILE, to be committed
#
# FUNCTIONS names those to build, if not all; SBOM=no writes none.
#
# RDS_CA_FILE names AWS's bundle of the authorities of RDS, from
# https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem. It changes
# now and then, so it is not in the repository, only its checksum is. Programs
# that speak to the database get it as certs/rds-global-bundle.pem.
set -euo pipefail
cd "$(dirname "$0")/.."
export TZ=UTC LC_ALL=C

functions=(consumer migrate notifier albspans)
[ -z "${FUNCTIONS:-}" ] || read -ra functions <<< "$FUNCTIONS" # those alone
with_database=" consumer migrate "
pin=build/rds-global-bundle.sha256
out=dist/lambda
environment=${1:-}

fail() { echo "lambda: $*" >&2; exit 1; }

sum() { openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }

# bundle prints the file to pack, if there is one: what was noted, and nothing
# else.
bundle() {
  local file=${RDS_CA_FILE:-}
  if [ -z "$file" ] || [ ! -e "$file" ]; then
    echo "lambda: no RDS_CA_FILE: the packages cannot verify a database of AWS" >&2
    return
  fi
  [ -e "$pin" ] || fail "$pin is not there: look at $file, run RDS_CA_FILE=$file build/lambda.sh --pin, and commit the checksum"
  [ "$(sum "$file")" = "$(cat "$pin")" ] || fail "$file has the checksum $(sum "$file"), want $(cat "$pin"), as in $pin"
  echo "$file"
}

for tool in zip openssl; do
  command -v $tool > /dev/null || fail "$tool is not on this machine"
done

if [ "$environment" = --pin ]; then
  grep -qs -e '-----BEGIN CERTIFICATE-----' "${RDS_CA_FILE:-}" || fail "RDS_CA_FILE=${RDS_CA_FILE:-}: want a file with certificates in PEM"
  sum "$RDS_CA_FILE" > "$pin"
  echo "$(grep -c -e '-----BEGIN CERTIFICATE-----' "$RDS_CA_FILE") certificates: $pin"
  exit
fi

version=$(git rev-parse HEAD)
[ -z "$(git status --porcelain)" ] || version+=-dirty
time=$(git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ) # in UTC
certificates=$(bundle)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$out"
mkdir -p "$out"

for function in "${functions[@]}"; do
  dir=$work/$function
  mkdir -p "$dir"
  CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -trimpath -buildvcs=false -tags lambda.norpc \
    -ldflags "-s -w -buildid= -X main.version=$version" -o "$dir/bootstrap" "./cmd/$function"
  cp LICENSE NOTICE "cmd/$function/THIRD_PARTY_NOTICES" "$dir/" # as the licences demand
  if [ -n "$certificates" ] && [[ $with_database == *" $function "* ]]; then
    mkdir "$dir/certs"
    cp "$certificates" "$dir/certs/rds-global-bundle.pem"
  fi
  if [ -n "$environment" ] && [ "$function" = notifier ]; then
    go run ./cmd/tracehaul pipeline show -e "$environment" > "$dir/pipeline.json"
  fi
  [ "${SBOM:-yes}" != yes ] || go run ./internal/supply/sbom -version "$version" -time "$time" "$dir/bootstrap" > "$out/$function.cdx.json"
  # Whatever else is noted of a file is the same everywhere. 1980 is where
  # the time of zip begins.
  find "$dir" -type f -exec chmod 644 {} +
  chmod 755 "$dir/bootstrap"
  find "$dir" -exec touch -t 198001010000 {} +
  (cd "$dir" && find . -type f | sed 's,^\./,,' | sort | zip -q -9 -X -D -@ "$work/$function.zip")
  mv "$work/$function.zip" "$out/"
done

for function in "${functions[@]}"; do
  file=$out/$function.zip
  printf '%-28s %5.1f MB  %s  %s\n' "$file" "$(awk "BEGIN{print $(wc -c < "$file")/1e6}")" \
    "$(sum "$file")" "$(openssl dgst -sha256 -binary "$file" | base64)"
done
