#!/usr/bin/env bash
# Builds livekit-server into .local/bin, and creates the virtual environment of its tests. Without Go it prints
# a warning and succeeds: the tests then run against the stand-in only.
set -euo pipefail
cd "$(dirname "$0")/.."
version=v1.13.5

if [ ! -x .local/livekit/bin/python ]; then
  .local/bootstrap/bin/uv venv -q --no-config --python .venv/bin/python .local/livekit
fi
.local/bootstrap/bin/uv pip sync -q --require-hashes --python .local/livekit/bin/python requirements/livekit.lock
.local/bootstrap/bin/uv pip install -q --no-deps --no-build-isolation --python .local/livekit/bin/python -e .

if [ -x .local/bin/livekit-server ]; then exit 0; fi
if ! command -v go > /dev/null; then
  echo "!! Go is not installed: the tests against a real livekit-server are SKIPPED (https://go.dev/dl)." >&2
  exit 0
fi
echo "Building livekit-server $version; this takes two minutes, once"
mkdir -p .local/bin
GOBIN="$PWD/.local/bin" go install "github.com/livekit/livekit-server/cmd/server@$version"
mv .local/bin/server .local/bin/livekit-server
