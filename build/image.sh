#!/usr/bin/env bash
# Builds both images of the Dockerfile and runs the pipeline's demo with the
# programs inside them: not root, on a read-only root. Uses docker where an
# engine answers, else buildah (installed if need be and if possible).
#
#   build/image.sh          build, run the demo in the images, print their sizes
#
#   build/image.sh layers   build, and write what the layers of each are: needs buildah
#
# The SBOM of each program is in dist/image then. ENGINE=buildah takes that where
# docker answers, too.
#
# GO_IMAGE names the build's base image. With buildah and no GO_IMAGE, a base
# is made from this machine's own Go, so that no registry is needed.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(git rev-parse HEAD)
[ -z "$(git status --porcelain)" ] || version+=-dirty
epoch=$(git log -1 --format=%ct)
build_time=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
limit=$((25 * 1000 * 1000))
work=$(mktemp -d)
containers=()
clean() {
  [ ${#containers[@]} -eq 0 ] || buildah rm "${containers[@]}" > /dev/null
  rm -rf "$work"
}
trap clean EXIT

mkdir -p dist/image
# bill writes the SBOM of a program that was taken out of its image.
bill() { go run ./internal/supply/sbom -version "$version" -time "$build_time" "$2" > "dist/image/$1.cdx.json"; }

say() { printf '\n== %s\n' "$*" >&2; }

build_with_docker() {
  for program in service consumer; do
    docker build --target "$program" --tag "tracehaul/$program:$version" \
      ${GO_IMAGE:+--build-arg "GO_IMAGE=$GO_IMAGE"} \
      --build-arg "VERSION=$version" --build-arg "BUILD_TIME=$build_time" .
    docker image inspect --format '{{.Size}}' "tracehaul/$program:$version" > "$work/$program.size"
    container=$(docker create "tracehaul/$program:$version")
    docker cp "$container:/$program" "$work/bill"
    docker rm "$container" > /dev/null
    bill "$program" "$work/bill"
    cat > "$work/$program" <<RUN
#!/usr/bin/env bash
exec docker run --rm --init=false --network host --read-only --cap-drop ALL \\
  --env-file <(env | grep -E '^(AWS_|_HANDLER|LAMBDA_|OTEL_|DATABASE_|TOPIC_|LISTEN_|DEAD_|EVENT_|ALB_)') \\
  "tracehaul/$program:$version" "\$@"
RUN
    chmod +x "$work/$program"
  done
}

# base_from_machine makes localhost/golang from what is installed here: Go,
# a shell, the few tools the build stage calls, and CA certificates.
base_from_machine() {
  local container root tool lib
  container=$(buildah from scratch)
  root=$(buildah mount "$container")
  mkdir -p "$root"/{bin,tmp,usr/local,etc/ssl/certs,root}
  chmod 1777 "$root/tmp"
  cp -a "$(go env GOROOT)" "$root/usr/local/go"
  # Its mode comes into the images, and must not be whoever builds them's.
  install -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  for tool in sh mkdir; do
    cp -L "$(command -v $tool)" "$root/bin/$tool"
    for lib in $(ldd "$(command -v $tool)" | grep -o '/[^ ]*'); do
      mkdir -p "$root$(dirname "$lib")"
      cp -L "$lib" "$root$lib"
    done
  done
  buildah umount "$container" > /dev/null
  buildah config --env PATH=/usr/local/go/bin:/bin --env GOPROXY=off --env GOFLAGS=-mod=mod \
    --env GOMODCACHE=/go/pkg/mod --env GOCACHE=/go/build --env GOSUMDB=off --env GOTELEMETRY=off "$container"
  buildah commit --quiet --rm "$container" localhost/golang:machine > /dev/null
  echo localhost/golang:machine
}

build_with_buildah() {
  export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
  local base=${GO_IMAGE:-} modules=()
  if [ -z "$base" ]; then
    say "no GO_IMAGE given: making a base image from this machine's Go"
    go mod download
    base=$(base_from_machine)
    modules=(--volume "$(go env GOMODCACHE):/go/pkg/mod" --volume "$(go env GOCACHE):/go/build")
  fi
  for program in service consumer; do
    buildah build --quiet --format docker --target "$program" --tag "localhost/tracehaul/$program:latest" --timestamp "$epoch" \
      "${modules[@]}" --build-arg "GO_IMAGE=$base" \
      --build-arg "VERSION=$version" --build-arg "BUILD_TIME=$build_time" .
    local container root
    container=$(buildah from "localhost/tracehaul/$program:latest")
    root=$(buildah mount "$container")
    containers+=("$container")
    du --bytes --summarize "$root" | cut -f1 > "$work/$program.size"
    bill "$program" "$root/$program"
    for file in LICENSE NOTICE THIRD_PARTY_NOTICES; do
      [ -s "$root/licenses/$file" ] || { echo "there is no /licenses/$file in the image of $program" >&2; exit 1; }
    done
    [ ! -e "$root/bin/sh" ] || { echo "there is a shell in the image of $program" >&2; exit 1; }
    buildah inspect --type image "localhost/tracehaul/$program:latest" |
      grep -E '"org.opencontainers.image.(revision|created)"' | sort -u >&2
    # The image's user, in a mount namespace where the image's root is
    # read-only, with no way back to more rights. Each step replaces the
    # process before it, so that signals reach the program itself.
    cat > "$work/$program" <<RUN
#!/bin/sh
exec $(command -v unshare) --mount --propagation private /bin/sh -c '
  $(command -v mount) --bind "$root" "$root" && $(command -v mount) -o remount,bind,ro "$root" &&
  cd / && exec $(command -v setpriv) --no-new-privs $(command -v chroot) --userspec=65532:65532 --groups= "$root" "\$0" "\$@"' /$program "\$@"
RUN
    chmod +x "$work/$program"
  done
}

if [ "${ENGINE:-docker}" = docker ] && [ "${1:-}" != layers ] && docker info > /dev/null 2>&1; then
  say "building with docker"
  build_with_docker
elif [ "$(id -u)" = 0 ] || ! command -v buildah > /dev/null; then
  command -v buildah > /dev/null || { say "installing buildah"; apt-get update -qq && apt-get install -y -qq buildah > /dev/null; } ||
    { echo "make image needs a docker engine or buildah (run as root)" >&2; exit 1; }
  say "building with buildah"
  build_with_buildah
else
  echo "make image needs a docker engine, or buildah run as root" >&2
  exit 1
fi

if [ "${1:-}" = layers ]; then
  for program in service consumer; do
    buildah inspect --type image --format '{{range .OCIv1.RootFS.DiffIDs}}{{println .}}{{end}}' "localhost/tracehaul/$program:latest" > "dist/image/$program.layers"
  done
  exit
fi

say "the demo, with the programs in the images"
go run ./cmd/tracehaul demo --service-program "$work/service" --consumer-program "$work/consumer"

say "sizes"
failed=0
for program in service consumer; do
  size=$(cat "$work/$program.size")
  printf '%-10s %6.1f MB (limit %d MB)\n' "$program" "$(awk "BEGIN{print $size/1e6}")" $((limit / 1000000))
  [ "$size" -le "$limit" ] || failed=1
done
exit $failed
