#!/bin/sh
# Make the lock files anew from pyproject.toml: `make lock`; `make lock UPGRADE=1` takes the newest.
#
# The locks hold names, versions and hashes and nothing else: where packages come from is the
# business of whoever installs. They hold for every platform and Python 3.11 and later.
# uv comes from its own lock (requirements-build.lock) into an environment that is thrown away.
set -eu
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

if [ -z "${UV:-}" ]; then
  "${PYTHON:-python3}" -m venv "$work/venv"
  echo "lock: fetching the locked uv"
  "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --require-hashes -r requirements-build.lock
  UV=$work/venv/bin/uv
fi

lock() { # lock FILE ARGUMENT...
  file=$1
  shift
  rm -f "$work/new"
  [ -n "${UPGRADE:-}" ] || [ ! -e "$file" ] || cp "$file" "$work/new"
  "$UV" pip compile --quiet --no-config --universal --python-version 3.11 \
    --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
    --output-file "$work/new" "$@"
  if grep -nE '://|^ *--(index|extra|find)' "$work/new"; then
    echo "lock: $file would hold the addresses above; it was left as it is" >&2
    exit 1
  fi
  { echo "# Made by make lock; hashes only, no addresses."; cat "$work/new"; } > "$file"
  echo "lock: $file, $(grep -c '^[a-z].*==' "$file") packages"
}

lock requirements.lock pyproject.toml
lock requirements-dev.lock --constraint requirements.lock --extra embedded-db --group dev pyproject.toml
lock requirements-build.lock --group build
