#!/usr/bin/env bash
# Calls everybody in a CSV file: checks the file, starts the calls, waits, and prints the result of each row.
# Usage: API=https://… KEY=as_… AGENT_ID=… ./campaign.sh appointments.csv
set -euo pipefail
file=${1:?usage: campaign.sh FILE.csv}

request() { curl -sS --fail-with-body -H "x-api-key: $KEY" -H "Content-Type: application/json" "$@"; }
field() { python3 -c 'import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1].split("."):
    value = value[name]
print("" if value is None else value)' "$1"; }
wait_for() {  # STATUS [/export]
  local status
  until status=$(request "$API/api/v1/batches/$batch${2:-}" | field status) && [ "$status" = "$1" ]; do
    case $status in refused | cancelled | failed) echo "$status" >&2 && exit 1 ;; esac
    sleep 1
  done
}

created=$(request -X POST "$API/api/v1/batches" -d '{
  "name": "appointments",
  "body": {"agentId": "'"$AGENT_ID"'", "phoneNumber": "{{row.phone}}",
           "metadata": {"name": "{{row.name}}", "day": "{{row.day}}"}},
  "dry_run": true
}')
batch=$(field id <<<"$created")
curl -sS --fail-with-body -T "$file" "$(field upload.url <<<"$created")"

request -X POST "$API/api/v1/batches/$batch/start" >/dev/null
wait_for checked
request "$API/api/v1/batches/$batch" | field forecast >&2

request -X POST "$API/api/v1/batches/$batch/start" >/dev/null
wait_for completed
request -X POST "$API/api/v1/batches/$batch/export" >/dev/null
wait_for ready /export
curl -sS --fail-with-body "$(request "$API/api/v1/batches/$batch/export" | field url)"
