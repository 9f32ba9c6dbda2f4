#!/usr/bin/env bash
# Resolves the .in files into locks that name versions and hashes, and no registry.
set -euo pipefail
cd "$(dirname "$0")/.."
resolve() {
  .local/bootstrap/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-header --no-annotate "$@"
}
for name in layers/dependencies/requirements requirements/dev requirements/emulator requirements/livekit requirements/audit requirements/docs; do
  resolve "$name.in" -o "$name.lock"
done
# Only what its file names: the rest is in the dependencies layer.
resolve --no-deps layers/encryption/requirements.in -o layers/encryption/requirements.lock
