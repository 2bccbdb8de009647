#!/bin/sh
# Make .venv in the checkout ready: `scripts/setup.sh run` for the product, `dev` for the checks and tests as well.
# Every package is checked against the hashes in requirements/. A stamp makes the next run return at once, offline.
# uv is used when it is on the PATH, the pip that comes with Python otherwise. PYTHON=/path/to/python chooses one.
set -eu
cd "$(dirname "$0")/.."

fail() {
  printf 'plantproof: %s\n' "$*" >&2
  exit 1
}

set_name=${1:-run}
requirements=requirements/$set_name.txt
[ -f "$requirements" ] || fail "unknown set of requirements '$set_name'; use run or dev"

# Nothing else on a fresh machine is certain to compute a hash; cksum is POSIX.
wanted=$(cat requirements/run.txt "$requirements" pyproject.toml | cksum; pwd)
stamp=.venv/.plantproof-$set_name
if [ -x .venv/bin/plantproof ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
  exit 0
fi

good_python() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
  for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    if good_python "$name"; then
      command -v "$name"
      return 0
    fi
  done
  return 1
}

# The programs in a .venv name its path: after the checkout was moved or copied they start the wrong Python.
for old in .venv/.plantproof-*; do
  if [ -f "$old" ] && [ "$(tail -n 1 "$old")" != "$(pwd)" ]; then
    rm -rf .venv
    break
  fi
done

if ! good_python .venv/bin/python; then
  python=$(find_python) || fail "Python 3.11 or newer is missing (found: $(python3 --version 2>&1 || echo none)); install it (Debian 12: apt-get install python3 python3-venv) or name it: PYTHON=/path/to/python3.11 make …"
else
  python=.venv/bin/python
fi

uv=$(command -v uv || true)
installer=$([ -n "$uv" ] && echo uv || echo pip)
version=$("$python" -c 'import platform; print(platform.python_version())')
log=$(mktemp "${TMPDIR:-/tmp}/plantproof-setup.XXXXXX")
trap 'rm -f "$log"' EXIT
printf 'plantproof: making .venv ready once (%s, Python %s, %s): about a minute …\n' "$set_name" "$version" "$installer"

# quietly WHAT COMMAND...: show the end of the output and the cure only when the command fails.
quietly() {
  what=$1
  shift
  "$@" >"$log" 2>&1 && return 0
  tail -n 15 "$log" >&2
  fail "$what"
}

if [ "$python" != .venv/bin/python ]; then
  rm -rf .venv
  if [ -n "$uv" ]; then
    quietly "uv could not make .venv" "$uv" venv --quiet --python "$python" .venv
  else
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
      fail "the venv module of $python is missing; cure: apt-get install python3-venv (or install uv)"
    quietly "python -m venv failed; cure: apt-get install python3-venv (or install uv)" "$python" -m venv .venv
  fi
fi

if [ -n "$uv" ]; then
  # Company proxies sign with a certificate that only the system store knows; the second name is for older uv.
  export UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1
  # As pip does: without bytecode every start compiles thousands of modules and takes 35 MB more.
  install() { "$uv" pip install --quiet --compile-bytecode --python .venv/bin/python "$@"; }
else
  .venv/bin/python -m pip --version >/dev/null 2>&1 ||
    quietly "pip is missing in .venv; cure: rm -rf .venv and run again" .venv/bin/python -m ensurepip
  install() { .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input "$@"; }
fi

quietly "installing $requirements failed (needs the network once, or wheels in PIP_FIND_LINKS)" \
  install --require-hashes -r "$requirements"
quietly "installing the project itself failed" install --no-deps --no-build-isolation --editable .

# dev holds everything that run holds, in the same versions: `make demo` after `make test` starts at once.
printf '%s' "$wanted" >"$stamp"
if [ "$set_name" = dev ]; then
  printf '%s' "$(cat requirements/run.txt requirements/run.txt pyproject.toml | cksum; pwd)" >.venv/.plantproof-run
fi
