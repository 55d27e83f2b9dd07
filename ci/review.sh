#!/usr/bin/env bash
# Reviews in a CI job. What is to be done is said by the environment, so that no name of a branch or
# a file is ever read as a part of this script:
#
#   REVIEW_PATHS      files and folders, one to a line; default: the whole workspace
#   REVIEW_DIFF       only what changed: a revision, A..B or A...B; the checkout has to reach it
#   REVIEW_STAGES     instant, quick, deep, synthesis, apart by commas; default: all of them where a
#                     model is named, else instant
#   REVIEW_MODELS     the models that were fetched, if any (install.sh)
#   REVIEW_FORMAT     what is written to stdout: github, gitlab, text, …; default: what suits the host
#   REVIEW_REPORTS    further reports, FORMAT=FILE, one to a line
#   REVIEW_FAIL_ON    the bar of the exit code; default: error or, with a baseline, new
#   REVIEW_BASELINE   a file of known findings
#   REVIEW_BUDGET     seconds that it may take
#   REVIEW_ARGUMENTS  further arguments, one to a line
#   REVIEW_ENGINE     a model server to ask, its address; default: models of this machine
#   REVIEW_KIND       what it speaks: openai (the default) or ollama
#   REVIEW_MODEL      the model to ask there
#   REVIEW_KEY        its key, if it needs one
#
# The exit code is Mirador's: 0, 1 for findings at or above the bar, 2 when it could not run.
set -euo pipefail

lines() { # the lines of $1 that are not empty, into the array `found`
  found=()
  local line
  while IFS= read -r line; do
    if [[ -n "$line" ]]; then found+=("$line"); fi
  done <<<"${1:-}"
}

quoted() { # $1 as a string of TOML
  if [[ "$1" == *[[:cntrl:]\"\\]* ]]; then
    echo "mirador: a value for the engine holds a quote, a backslash or a control character" >&2
    exit 2
  fi
  printf '"%s"' "$1"
}

options=()

if [[ -n "${REVIEW_ENGINE:-}" ]]; then
  if [[ -z "${REVIEW_MODEL:-}" ]]; then
    echo "mirador: REVIEW_ENGINE needs REVIEW_MODEL as well" >&2
    exit 2
  fi
  # Only the user's own settings name a server, so this job gets settings of its own.
  folder="$(mktemp -d)"
  trap 'rm -rf "$folder"' EXIT
  {
    echo '[[servers]]'
    echo 'name = "ci"'
    echo "kind = $(quoted "${REVIEW_KIND:-openai}")"
    echo "url = $(quoted "$REVIEW_ENGINE")"
    if [[ -n "${REVIEW_KEY:-}" ]]; then echo 'key_env = "REVIEW_KEY"'; fi
  } >"$folder/config.toml"
  chmod 600 "$folder/config.toml"
  export MIRADOR_CONFIG_DIR="$folder"
  options+=(--model "ci/$REVIEW_MODEL")
fi

format="${REVIEW_FORMAT:-}"
if [[ -z "$format" ]]; then
  format=text
  if [[ "${GITHUB_ACTIONS:-}" == true ]]; then format=github; fi
fi
stages="${REVIEW_STAGES:-}"
if [[ -z "$stages" ]]; then
  stages=instant
  if [[ -n "${REVIEW_MODELS:-}${REVIEW_ENGINE:-}" ]]; then stages=instant,quick,deep,synthesis; fi
fi
options+=(--format "$format" --stages "$stages" --nothing-ok)
if [[ -n "${REVIEW_DIFF:-}" ]]; then options+=("--diff=$REVIEW_DIFF"); fi
if [[ -n "${REVIEW_FAIL_ON:-}" ]]; then options+=(--fail-on "$REVIEW_FAIL_ON"); fi
if [[ -n "${REVIEW_BASELINE:-}" ]]; then options+=(--baseline "$REVIEW_BASELINE"); fi
if [[ -n "${REVIEW_BUDGET:-}" ]]; then options+=(--budget "$REVIEW_BUDGET"); fi

lines "${REVIEW_REPORTS:-}"
for report in "${found[@]}"; do options+=(--report "$report"); done
lines "${REVIEW_ARGUMENTS:-}"
options+=("${found[@]}")
change="${REVIEW_DIFF:-}"
for argument in "${found[@]}"; do
  case "$argument" in
    --diff* | --staged | --uncommitted | --since* | --patch* | --pr*) change="$argument" ;;
  esac
done

lines "${REVIEW_PATHS:-}"
if ((${#found[@]} == 0)) && [[ -z "$change" ]]; then options+=(--workspace); fi
if ((${#found[@]})); then options+=(-- "${found[@]}"); fi

code=0
mirador review "${options[@]}" || code=$?

if [[ -n "${GITHUB_STEP_SUMMARY:-}" ]]; then
  lines "${REVIEW_REPORTS:-}"
  for report in "${found[@]}"; do
    if [[ "$report" == markdown=* && -f "${report#markdown=}" ]]; then
      cat "${report#markdown=}" >>"$GITHUB_STEP_SUMMARY"
    fi
  done
fi
exit "$code"
