#!/usr/bin/env bash
# The VS Code tests: sets up what they need, builds the extension, runs them. `make editors` calls this.
#
#   run.sh               all of them; exit code 75 when what they need cannot be fetched here
#   run.sh SCRIPT…       some
#
# MIRADOR_EDITORS is where Node and code-server are kept; SHOTS a folder for pictures.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../../.. && pwd)
folder=${MIRADOR_EDITORS:-${XDG_CACHE_HOME:-$HOME/.cache}/mirador-editors}
python=$root/.venv/bin/python
unavailable=75
scripts=(api.mjs markdown.mjs panel_axe.mjs panel_keys.mjs panel.mjs dashboard.mjs ui.mjs comments.mjs start.mjs real.mjs)
[ $# = 0 ] || scripts=("$@")

export NODE_BIN="$folder/node/bin" CODE_SERVER="$folder/code-server/node_modules/.bin/code-server"
export PATH="$NODE_BIN:$PATH"
export EXTENSION="$root/editors/vscode" VSIX="$root/editors/vscode/mirador.vsix"
export MIRADOR=${MIRADOR:-$root/.venv/bin/mirador}

fetch() {
  PYTHON=$python timeout 900 ./setup.sh "$folder" || return 1
  for place in "$EXTENSION" .; do
    (cd "$place" && timeout 300 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || return 1
  done
}

# What cannot be fetched is nobody's fault only where nothing can be.
can_fetch() {
  local there
  there=$(mktemp -d)
  timeout 60 "$python" -m pip download --quiet --no-deps --dest "$there" colorama >/dev/null 2>&1
  local code=$?
  rm -rf "$there"
  return $code
}

if ! fetch; then
  if can_fetch; then
    echo "VS Code: what the tests need could not be set up, though the network is there." >&2
    exit 1
  fi
  echo "VS Code: 0 scripts run, ${#scripts[@]} SKIPPED: Node, code-server or Chromium cannot be fetched here." >&2
  exit "$unavailable"
fi

# It prints much, and what counts only where it fails.
built=$(cd "$EXTENSION" && npm run package 2>&1) || {
  echo "$built" >&2
  exit 1
}
failed=()
for script in "${scripts[@]}"; do
  echo "VS Code: $script"
  timeout 900 node "$script" || failed+=("$script")
done
echo "VS Code: ${#scripts[@]} scripts run, ${#failed[@]} failed, 0 skipped. ${failed[*]}"
[ "${#failed[@]}" = 0 ]
