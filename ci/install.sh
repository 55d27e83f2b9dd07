#!/usr/bin/env bash
# Installs Mirador for a CI job and fetches the models that it names.
#
#   REVIEW_SOURCE   what pip installs: a folder or an address; without it the folder of this script
#   REVIEW_MODELS   models to fetch, apart by blanks, as `mirador models list` names them
#
# A Mirador that is in the PATH already is taken as it is.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

if ! command -v mirador >/dev/null; then
  pinned=()
  if [[ -z "${REVIEW_SOURCE:-}" && -f "$here/constraints.txt" ]]; then
    pinned=(-c "$here/constraints.txt")
  fi
  python3 -m pip install --quiet --disable-pip-version-check "${pinned[@]}" "${REVIEW_SOURCE:-$here}"
fi
mirador --version

read -r -a models <<<"${REVIEW_MODELS:-}"
if ((${#models[@]})); then
  mirador models pull "${models[@]}"
fi
