#!/usr/bin/env bash
# Builds the commit twice, and says what differs: the second time in another
# directory, with caches of its own that are empty, in another time zone and
# language, with another umask and, as root, as another user.
#
#   build/reproducible.sh          the package of the consumer, and the service
#   build/reproducible.sh all      all packages, programs, generated files and,
#                                  as root and with buildah, images
#
# What is not committed is not built. Of what differs the build information and the
# texts in it are shown. docs/supply-chain.md says what it is good for.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-few}
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch" && rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
unset RDS_CA_FILE # it is not of the commit
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
downloaded=$(go env GOMODCACHE)/cache/download

say() { printf '== %s\n' "$*" >&2; }

fail() { echo "reproducible: $*" >&2; exit 1; }

# build puts into dist whatever is compared. It runs twice, in two clones.
build() {
  set -euo pipefail
  local what=$1 programs=(service)
  [ "$what" = all ] || export FUNCTIONS=consumer SBOM=no
  build/lambda.sh prod > /dev/null
  [ "$what" = few ] || programs+=(consumer migrate notifier albspans tracehaul)
  for program in "${programs[@]}"; do
    CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -trimpath -buildvcs=false -tags lambda.norpc \
      -ldflags "-s -w -buildid= -X main.version=$(git rev-parse HEAD)" -o "dist/$program" "./cmd/$program"
  done
  [ "$what" = all ] || return 0
  (cd build/collector && CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -buildid=" -o ../../dist/otelcol .)
  go run ./cmd/tracehaul generate > /dev/null
  git ls-files --modified --others --exclude-standard > dist/generated # none
}

# elsewhere runs a command in the second clone, as different as can be.
elsewhere() {
  local user=()
  if [ "$(id -u)" = 0 ]; then
    chown -R 65534:65534 "$scratch/elsewhere"
    user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  fi
  (
    umask 077
    cd "$second"
    env -i PATH="$PATH" HOME="$scratch/elsewhere" TMPDIR="$scratch/elsewhere/tmp" GOCACHE="$scratch/elsewhere/cache" \
      GOMODCACHE="$scratch/elsewhere/modules" GOPROXY=off GOSUMDB=off GOFLAGS=-modcacherw GOTOOLCHAIN=local \
      TZ=Pacific/Kiritimati LANG=tr_TR.UTF-8 USER=somebody HOSTNAME=elsewhere SOURCE_DATE_EPOCH=1 \
      "${user[@]}" bash -c "$(declare -f build); $*"
  )
}

# modules brings the modules into a cache of the second clone's own. Those that
# were downloaded already are enough.
modules() {
  local cache=$scratch/elsewhere/modules proxy
  proxy=file://$downloaded,$(go env GOPROXY)
  (
    cd "$second"
    export GOMODCACHE=$cache GOPROXY=$proxy GOSUMDB=off GOFLAGS=-modcacherw CGO_ENABLED=0
    GOOS=linux GOARCH=arm64 go list -deps ./cmd/consumer ./cmd/service
    [ "$what" = all ] || exit 0
    GOOS=linux GOARCH=arm64 go list -deps ./cmd/...
    go list -deps ./cmd/... ./internal/supply/sbom
    (cd tools/cyclonedx && go list -deps tool)
    (cd build/collector && go list -deps .)
  ) 2>&1 > /dev/null | { grep -v '^go: downloading' >&2 || true; }
}

images() {
  if [ "$what" != all ] || [ "$(id -u)" != 0 ] || ! command -v buildah > /dev/null; then
    [ "$what" != all ] || say "no images: they want root and buildah"
    return 0
  fi
  say "images"
  (cd "$first" && ENGINE=buildah build/image.sh layers > /dev/null)
  mkdir "$scratch/images"
  (cd "$second" && umask 077 && TZ=Pacific/Kiritimati GOCACHE=$scratch/images ENGINE=buildah build/image.sh layers > /dev/null)
}

# texts are what a program has in it that somebody can read.
texts() { grep -aoE '[[:print:]]{6,}' "$1" | sort -u; }

# top is the first lines, of whoever writes more than that.
top() { sed -n "1,$1s/^/    $2/p" | cut -c 1-200; }

# explain shows what differs in two files, or in what is in two packages.
explain() {
  local name=$1 one=$2 other=$3
  if [ ! -e "$other" ] || [ ! -e "$one" ]; then
    echo "  $name is not there both times"
    return
  fi
  case $one in
    *.zip)
      rm -rf "$scratch/one" "$scratch/other"
      unzip -q "$one" -d "$scratch/one" && unzip -q "$other" -d "$scratch/other"
      diff <(unzip -Z "$one" | tail -n +3) <(unzip -Z "$other" | tail -n +3) | top 10 || true
      (cd "$scratch/one" && find . -type f) | while read -r member; do
        cmp -s "$scratch/one/$member" "$scratch/other/$member" || explain "$name: ${member#./}" "$scratch/one/$member" "$scratch/other/$member"
      done
      return
      ;;
  esac
  echo "  $name differs:"
  if go version "$one" > /dev/null 2>&1; then
    { diff <(go version -m "$one" | tail -n +2) <(go version -m "$other" | tail -n +2) || true; } | top 20 'build information: '
    { diff <(texts "$one") <(texts "$other") || true; } | { grep '^[<>]' || true; } | top 6 'texts: '
  else
    { diff -a "$one" "$other" || true; } | top 10
  fi
}

first=$scratch/first/tracehaul
second=$scratch/elsewhere/a/longer/path/source
mkdir -p "$scratch/elsewhere/tmp"
commit=$(git rev-parse HEAD)
[ -z "$(git status --porcelain)" ] || say "what is not committed is left out"
for clone in "$first" "$second"; do
  git clone --quiet --no-hardlinks . "$clone"
  git -C "$clone" checkout --quiet "$commit"
done

say "once"
(cd "$first" && build "$what")
say "again, elsewhere"
modules
elsewhere build "$what"
images

failed=0 count=0
while read -r name; do
  count=$((count + 1))
  if cmp -s "$first/dist/$name" "$second/dist/$name"; then
    printf '%-24s %s\n' "$name" "$(sha256sum < "$first/dist/$name" | cut -d ' ' -f 1)"
  else
    failed=1
    explain "$name" "$first/dist/$name" "$second/dist/$name"
  fi
done < <({ cd "$first/dist" && find . -type f; cd "$second/dist" && find . -type f; } | sed 's,^\./,,' | sort -u)
[ "$count" -ge 2 ] || fail "only $count files were built"
[ "$failed" = 0 ] || fail "$commit is not the same when it is built elsewhere"
[ ! -s "$first/dist/generated" ] || fail "generated files are not those of the commit: $(tr '\n' ' ' < "$first/dist/generated")"
echo "reproducible: $count files of $commit are the same when they are built elsewhere"
