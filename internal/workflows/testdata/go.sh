#!/usr/bin/env bash
# Stands in for the go command: go build -o FILE ./cmd/tracehaul gives the real
# tracehaul, which asks those who replay what AWS has answered, by command, and
# does not wait for the time of it. go run ./internal/supply/sbom gives an SBOM.
set -euo pipefail
if [ "$1 $2" = "run ./internal/supply/sbom" ]; then
  [ "$3 $4 $5" = "-version $GITHUB_SHA -time" ]
  echo '{"bomFormat": "CycloneDX"}'
  exit
fi
[ "$1 $2 $4" = "build -o ./cmd/tracehaul" ]
mkdir -p "$(dirname "$3")"
cat >"$3" <<'TRACEHAUL'
#!/usr/bin/env bash
set -euo pipefail
printf '%s\n' "tracehaul $*" >>"$CALLS"
case "$2 $*" in
  preflight*--component\ ledger*) export AWS_ENDPOINT_URL=$BEFORE_CONSUMER ;;
  preflight*--component\ intake*) export AWS_ENDPOINT_URL=$BEFORE_SERVICE ;;
  preflight*) export AWS_ENDPOINT_URL=$PREFLIGHT ;;
  verdict*--function-version*) export AWS_ENDPOINT_URL=$CONSUMER ;;
  verdict*) export AWS_ENDPOINT_URL=$SERVICE ;;
esac
if [ "$2" = verdict ]; then
  args=()
  for arg; do
    # The time of the preflight is that of the test; what is replayed is older.
    [[ $arg == 20*T*Z ]] && arg=2026-03-25T09:00:00Z
    args+=("$arg")
  done
  set -- "${args[@]}" --poll 5ms
fi
exec "$TRACEHAUL" "$@"
TRACEHAUL
chmod +x "$3"
