#!/usr/bin/env bash
# Copies the image of a release, its signature and its SBOM into the repository of
# an environment. The tag is the commit; the digest stays what it was.
#
#   .github/scripts/copy-image.sh IMAGE@sha256:... REPOSITORY
#
# A tag there never moves: one that has another image is refused.
set -euo pipefail
image=$1 repository=$2
registry=${repository%%/*} name=${repository#*/}

there=$(aws ecr describe-images --repository-name "$name" --query "imageDetails[?contains(imageTags || \`[]\`, '$GITHUB_SHA')].imageDigest" --output text)
case $there in
  "${image#*@}") echo "$repository:$GITHUB_SHA is there" ;;
  "")
    aws ecr get-login-password | oras login --username AWS --password-stdin "$registry"
    oras cp --recursive "$image" "$repository:$GITHUB_SHA"
    ;;
  *)
    echo "::error title=image::$repository:$GITHUB_SHA is $there, want ${image#*@}: this commit was built twice, and deployed from the other build"
    exit 1
    ;;
esac
