#!/usr/bin/env bash
# Installs what builds the TypeScript client; does nothing if it is up to date.
# Apart from `make setup`: nothing else needs it.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=clients/typescript/node_modules/.setup.stamp
want=$(cat clients/setup.sh clients/typescript/package-lock.json .local/setup.stamp | cksum | tr -d ' ')
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then exit 0; fi
clients/typescript/npm.sh ci --silent --no-audit --no-fund
echo "$want" > "$stamp"
