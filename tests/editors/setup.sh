#!/usr/bin/env bash
# Installs the editors that the tests drive, as far as this machine lets us: Emacs with Eglot and
# lsp-mode, Vim with ALE, an older Neovim, tmux, and a linter for Lua. Without them their tests are
# skipped, and say so. (VS Code has a setup of its own, in vscode/.)
set -euo pipefail

packages=(emacs-nox elpa-eglot elpa-lsp-mode vim vim-ale neovim tmux lua-check)
lacking=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
    lacking+=("$package")
done
[ "${#lacking[@]}" = 0 ] && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Not installed, so not tested: ${lacking[*]} (on Debian and Ubuntu: apt install ${lacking[*]})"
  exit 0
fi
echo "Installing ${lacking[*]}…"
apt-get update -qq
# One by one: a package that a distribution does not have must not keep the others away.
for package in "${lacking[@]}"; do
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
    echo "Could not be installed, so not tested: $package"
done
