#!/usr/bin/env bash
# Refuses to deploy the commit in the work tree unless it comes after the one that
# an environment was last deployed with, or is the same: a slower build, or an old
# run that somebody runs again, would take the newer commit away.
#
#   .github/scripts/forwards.sh "$(.github/scripts/last-deployed.sh prod)"
#
# Without a commit nothing was deployed yet. Wants the whole history. With
# ROLLBACK=true it warns instead.
set -euo pipefail
deployed=$1
if [ -z "$deployed" ]; then exit; fi
own=$(git rev-parse HEAD)
if git merge-base --is-ancestor "$deployed" "$own"; then exit; fi

if git merge-base --is-ancestor "$own" "$deployed"; then
  says="$own is older than $deployed, which $ENVIRONMENT was deployed with"
else
  says="$ENVIRONMENT was deployed with $deployed, which is not among the commits before $own: main was set back, or written anew"
fi
if [ "${ROLLBACK:-false}" = true ]; then
  echo "::warning title=backwards::$says; rollback is set"
  exit
fi
echo "::error title=backwards::$says. To go back, revert on main; see docs/delivery.md"
exit 1
