#!/usr/bin/env bash
# Writes a report as a comment on the pull request $NUMBER, and updates it the next time: its first line tells which is which.
set -euo pipefail
report="$1"
[ -f "$report" ] || exit 0 # what kept the report from being written is in the log
cat "$report" >> "$GITHUB_STEP_SUMMARY"
comments="repos/$GITHUB_REPOSITORY/issues"

# Anybody could write the first line of a report: only a comment of this workflow is updated.
find='
import json, sys
for comment in (comment for page in json.load(sys.stdin) for comment in page):
    if comment["user"]["login"] == "github-actions[bot]" and comment["body"].splitlines()[:1] == sys.argv[1:]:
        sys.exit(print(comment["id"]))
'
write() {
  known="$(gh api --paginate --slurp "$comments/$NUMBER/comments?per_page=100" |
    python -c "$find" "$(head -n 1 "$report")")" || return
  if [ -n "$known" ]; then
    gh api --silent --method PATCH "$comments/comments/$known" --field "body=@$report"
  else
    gh api --silent --method POST "$comments/$NUMBER/comments" --field "body=@$report"
  fi
}
write || echo "::warning::kontrakt could not comment on the pull request; one of a fork lacks the permission pull-requests: write"
