#!/bin/sh
# Makes .venv from the locked requirements. Needs a supported Python and, for what runs later, a supported Java.
# Run through make, which runs it only when the lock, the project file or this script changed.
set -eu
cd "$(dirname "$0")/.."
UV_VERSION=0.13.9

fail() {
    echo "$1" >&2
    exit 2
}

# On a terminal the tools show their progress; a log gets one line a step.
quiet=--quiet
[ ! -t 2 ] || quiet=""

supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null
}

python=""
found=""
for candidate in ${PYTHON:-python3 python3.12 python3.11 python}; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    if supported "$candidate"; then
        python=$candidate
        break
    fi
    found="$found; $candidate is $("$candidate" --version 2>&1 | head -n 1)"
done
[ -n "$python" ] || fail "Python 3.11 or 3.12 is needed${found:-; there is none}: install one, or name it: make PYTHON=/path/to/python3.12 ..."

# Before anything is downloaded: without Java nothing would start.
PYTHONPATH=src PYTHONDONTWRITEBYTECODE=1 "$python" -m marketpulse.local.java >/dev/null || exit 2

if [ -x .venv/bin/python ] && ! supported .venv/bin/python; then
    rm -rf .venv
fi
if [ ! -x .venv/bin/python ]; then
    echo "Making .venv with $("$python" --version)" >&2
    "$python" -m venv .venv >/dev/null 2>&1 || {
        rm -rf .venv
        fail "$python cannot make a virtual environment: install its venv module, for example 'apt-get install python3-venv'"
    }
fi
if [ "$(.venv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" != "$UV_VERSION" ]; then
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
    .venv/bin/python -m pip install $quiet --disable-pip-version-check "uv==$UV_VERSION" ||
        fail "uv $UV_VERSION could not be installed: check the network and try again"
fi
echo "Installing the locked requirements into .venv" >&2
export VIRTUAL_ENV="$PWD/.venv"
.venv/bin/uv pip sync $quiet --require-hashes requirements.lock ||
    fail "the locked requirements could not be installed: check the network and try again"
# The build tools are in the lock, so the package itself needs nothing more.
.venv/bin/uv pip install --quiet --no-deps --no-build-isolation --offline --editable . ||
    fail "the package itself could not be installed: see above"
touch .venv/.installed
