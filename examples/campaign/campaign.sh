#!/usr/bin/env bash
# Calls everybody in a CSV file: checks it first, then calls, waits, and prints what came of each row.
# Usage: API=https://… KEY=as_… AGENT_ID=… ./campaign.sh appointments.csv
set -euo pipefail
file=${1:?name a CSV file}

ask() { curl -sS --fail-with-body -H "x-api-key: $KEY" -H "Content-Type: application/json" "$@"; }
field() { python3 -c 'import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1].split("."):
    value = value[name]
print("" if value is None else value)' "$1"; }
wait_for() {
  until [ "$(ask "$API/api/v1/batches/$batch" | field status)" = "$1" ]; do sleep 1; done
}

made=$(ask -X POST "$API/api/v1/batches" -d '{
  "name": "appointments",
  "body": {"agentId": "'"$AGENT_ID"'", "phoneNumber": "{{row.phone}}",
           "metadata": {"name": "{{row.name}}", "day": "{{row.day}}"}},
  "dry_run": true
}')
batch=$(field id <<<"$made")
curl -sS --fail-with-body -T "$file" "$(field upload.url <<<"$made")"

ask -X POST "$API/api/v1/batches/$batch/start" >/dev/null
wait_for checked
ask "$API/api/v1/batches/$batch" | field forecast >&2

ask -X POST "$API/api/v1/batches/$batch/start" >/dev/null
wait_for completed
ask -X POST "$API/api/v1/batches/$batch/export" >/dev/null
until url=$(ask "$API/api/v1/batches/$batch/export" | field url) && [ -n "$url" ]; do sleep 1; done
curl -sS --fail-with-body "$url"
