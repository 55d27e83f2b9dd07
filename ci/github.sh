#!/usr/bin/env bash
# The review step of the GitHub action: annotations in the log, a SARIF report for code scanning, a
# page for the summary of the job. See review.sh for what is said by the environment.
set -euo pipefail

summary="$(mktemp)"
REVIEW_REPORTS="markdown=$summary"
if [[ -n "${REVIEW_SARIF:-}" ]]; then REVIEW_REPORTS+=$'\n'"sarif=$REVIEW_SARIF"; fi
export REVIEW_REPORTS REVIEW_FORMAT=github

code=0
"$(dirname "${BASH_SOURCE[0]}")/review.sh" || code=$?
rm -f "$summary"
echo "exit-code=$code" >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$code"
