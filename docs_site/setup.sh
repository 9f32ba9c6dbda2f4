#!/usr/bin/env bash
# Installs mkdocs-material into .local/docs-tools; does nothing if it is up to date.
# It is apart from `make setup`: only who builds the documentation needs it.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=.local/docs-tools/setup.stamp
want=$(cat docs_site/setup.sh requirements/docs.lock .local/setup.stamp | cksum | tr -d ' ')
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then exit 0; fi
echo "  Installing what builds the documentation"
uv=.local/bootstrap/bin/uv
# Anew: what was left half installed, or by another lock, would stay broken.
rm -rf .local/docs-tools
"$uv" venv -q --no-config --python .venv/bin/python .local/docs-tools
"$uv" pip sync -q --require-hashes --python .local/docs-tools/bin/python requirements/docs.lock
echo "$want" > "$stamp"
