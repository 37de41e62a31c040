#!/bin/sh
# Run a command with a key of its own: for an hour, and for one channel. Revoke the key at the end.
set -eu
portal=$1 channel=$2
shift 2
name="job ${CI_JOB_ID:-$$}" end=$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)
body="{\"name\":\"$name\",\"scopes\":[\"messages:write\"],\"channels\":[\"$channel\"],\"expiresAt\":\"$end\"}"
PUMBLE_API_KEY=$(printf 'ApiKey: %s' "$MANAGING_KEY" | curl -sSf -H @- -d "$body" "$portal/createKey" |
    sed -n 's/.*"key":"\(pmb_[0-9A-Za-z_]*\)".*/\1/p')
[ -n "$PUMBLE_API_KEY" ]
export PUMBLE_API_KEY
unset MANAGING_KEY
trap 'printf "ApiKey: %s" "$PUMBLE_API_KEY" | curl -sSf -H @- -d "{}" -o /dev/null "$portal/revokeKey"' EXIT
"$@"
