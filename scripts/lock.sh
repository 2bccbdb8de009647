#!/usr/bin/env bash
# Pin everything again after pyproject.toml changed: requirements/run.txt and requirements/dev.txt.
# The files hold versions and hashes, never an address, so that any mirror or a folder of wheels can serve them.
# `scripts/lock.sh --upgrade` takes the newest versions; without it the present pins stay where they fit.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

UV=$(command -v uv || true)
[ -n "$UV" ] || UV=.venv/bin/uv
[ -x "$UV" ] || { echo "lock: uv is missing; install it, for example: pipx install uv" >&2; exit 1; }

compile() {
  local output=$1
  shift
  "$UV" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-annotate --no-strip-extras \
    --custom-compile-command "scripts/lock.sh" --output-file "$output" "$@"
}

compile requirements/run.txt "$@" pyproject.toml requirements/build.in
compile requirements/dev.txt "$@" pyproject.toml requirements/build.in --group dev --constraints requirements/run.txt
grep -c '==' requirements/run.txt requirements/dev.txt
