#!/usr/bin/env bash
# The VS Code tests: sets up what they need, builds the extension, runs it. `make editors` calls this.
# MIRADOR_EDITORS is where Node and code-server are kept; SHOTS a folder for pictures.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../../.. && pwd)
folder=${MIRADOR_EDITORS:-${XDG_CACHE_HOME:-$HOME/.cache}/mirador-editors}

PYTHON="$root/.venv/bin/python" ./setup.sh "$folder"
export NODE_BIN="$folder/node/bin" CODE_SERVER="$folder/code-server/node_modules/.bin/code-server"
export PATH="$NODE_BIN:$PATH"
export EXTENSION="$root/editors/vscode" VSIX="$root/editors/vscode/mirador.vsix"
export MIRADOR=${MIRADOR:-$root/.venv/bin/mirador}

make -C "$root" --no-print-directory vsix
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
[ $# -gt 0 ] || set -- markdown.mjs dashboard.mjs ui.mjs api.mjs real.mjs
for script in "$@"; do
  node "$script"
done
