#!/usr/bin/env bash
# Fuzzes every parser of outside input: each target for FUZZTIME (10s), one after
# the other.
#
#   build/fuzz.sh                      all of this repository
#   build/fuzz.sh ./event ./service    those of these packages
#   SHARD=2/6 build/fuzz.sh            the second sixth of them
#   SHARD=turn/8 build/fuzz.sh         an eighth that the commit's hash chooses
#   build/fuzz.sh -list                print them, and fuzz none
#
# An input that breaks one is left where it becomes a test, in the package's
# testdata/fuzz, and copied into dist/fuzz. One that hangs breaks its target, too:
# Go says nothing of it, and keeps no input. All targets have their turn before it
# fails. New inputs that only reach new code stay in Go's cache of builds.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${FUZZTIME:-10s} shard=${SHARD:-1/1} list=
[ "${1:-}" != -list ] || { list=yes; shift; }
[ $# -gt 0 ] || set -- ./...

number=${shard%/*} of=${shard#*/}
# Not the number of commits, which is always 1 where only the last one is fetched.
[ "$number" != turn ] || number=$((0x$(git rev-parse HEAD | cut -c 1-8) % of + 1))
[[ $number/$of =~ ^[0-9]+/[0-9]+$ ]] && [ "$number" -ge 1 ] && [ "$number" -le "$of" ] ||
  { echo "fuzz: SHARD=$shard, want such as 2/6, or turn/6" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' "$@" | while read -r package; do
  for target in $({ grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$package"/*_test.go || true; } | cut -c6- | sort -u); do
    echo "${package#"$PWD"/} $target"
  done
done > "$work/all"
# Neighbours are alike: each shard gets some of every package.
awk -v number="$number" -v of="$of" 'NR % of == number % of' "$work/all" > "$work/targets"
if [ -n "$list" ]; then
  cat "$work/targets"
  exit
fi

# seconds is a duration as Go writes it, 1m30s; 0 of a number of inputs, 100x.
seconds() { awk -v text="$1" 'BEGIN { while (match(text, /^[0-9.]+[hms]/)) { n += substr(text, 1, RLENGTH - 1) * (text ~ /^[0-9.]+h/ ? 3600 : text ~ /^[0-9.]+m/ ? 60 : 1); text = substr(text, RLENGTH + 1) }; print int(n) }'; }

# hangs says whether a target did not end when its time was up. A worker comes to an
# end with its input; one that does not within 2s is killed, and Go reports success.
hangs() {
  local want took
  want=$(seconds "$time")
  took=$(seconds "$(sed -n 's/^fuzz: elapsed: \([^,]*\),.*/\1/p' "$work/log" | tail -n 1)")
  [ "$want" -gt 0 ] && [ "$took" -ge $((want + 2)) ]
}

# A turn is too short to go through what earlier ones kept.
cache=$(go env GOCACHE)/fuzz module=$(go list -m) found=()
[[ $shard != turn/* ]] || cache=$work/cache
while read -r package target; do
  program=$work/${package//\//-}.test
  # -fuzz has the compiler count what an input reaches.
  [ -e "$program" ] || go test -c -fuzz "^$target\$" -o "$program" "./$package"
  echo "== $target in $package"
  # Go would spend up to a minute on making each new input small, and for a slow
  # target that is all of its time.
  if ! (cd "$package" && "$program" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" -test.fuzzminimizetime 100x -test.fuzzcachedir "$cache/$module/$package" \
    ${FUZZPARALLEL:+-test.parallel "$FUZZPARALLEL"}) > "$work/log" 2>&1 &&
    # The end of the time may reach a worker as an error of its own: golang/go#75804.
    ! { grep -qx '    context deadline exceeded' "$work/log" && ! grep -q 'Failing input written' "$work/log"; }; then
    cat "$work/log"
    found+=("$package $target")
    mapfile -t inputs < <(sed -n 's,.*Failing input written to \(testdata/fuzz/[^ ]*\).*,\1,p' "$work/log")
    for input in "${inputs[@]}"; do
      mkdir -p "dist/fuzz/$package/$(dirname "$input")"
      cp "$package/$input" "dist/fuzz/$package/$input"
    done
  elif hangs; then
    echo "an input takes for ever: it had not come to an end 2s after the time was up, and is not kept"
    found+=("$package $target")
  fi
  grep -E '^fuzz: elapsed' "$work/log" | tail -n 1 || true
done < "$work/targets"

count=$(wc -l < "$work/targets")
if [ ${#found[@]} -gt 0 ]; then
  cat >&2 <<TEXT

fuzz: ${#found[@]} of $count targets broke:
$(printf '  %s\n' "${found[@]}")
What broke them is in dist/fuzz; on GitHub it is the artefact fuzz-*, which gh run download
brings. In a clone:

    cp -r DIRECTORY/. .                # each lands in its package's testdata/fuzz
    go test ./PACKAGE -run TARGET      # fails, until it is mended
    git add '*/testdata/fuzz'          # and is a test from then on
TEXT
  exit 1
fi
echo "fuzz: $count of $(wc -l < "$work/all") targets, $time each: nothing broke"
