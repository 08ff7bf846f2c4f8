#!/bin/sh
# Make the environment in .venv from the hashed locks, or do nothing where it is up to date.
#
# Everything installed is in requirements-dev.lock by hash, also what builds the project itself;
# nothing else is fetched (wheels only: a source package would fetch its builder unasked).
# It is made anew when that lock or the Python changes.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "environment: $*"; }
stop() {
  printf '%s\n' "environment: $*" >&2
  exit 1
}

# (1) A Python of 3.11 or later; PYTHON names one.
fit() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
python=
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
  if command -v "$candidate" >/dev/null 2>&1 && fit "$candidate"; then
    python=$(command -v "$candidate")
    break
  fi
done
[ -n "$python" ] || stop "no Python 3.11 or later found; install one (Debian, Ubuntu: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3"

# (2) Up to date, and where it was made (its programs name their folder)? The stamps are written last, so an interrupted installation is begun anew.
version=$("$python" -c 'import platform, sys; print(platform.python_version(), sys.prefix)')
packages="$version $PWD $(cksum < requirements-dev.lock)"
project="$packages $(cksum < pyproject.toml)"
[ "$(cat .venv/.project-stamp 2>/dev/null || :)" != "$project" ] || exit 0

# One at a time, where the machine can say so; the lock file itself is what is locked.
exec 9< requirements-dev.lock
if command -v flock >/dev/null 2>&1; then
  flock 9
  [ "$(cat .venv/.project-stamp 2>/dev/null || :)" != "$project" ] || exit 0
fi

log=.venv/install.log
failed() {
  printf '%s\n' "environment: $1; the last lines of $PWD/$log:" >&2
  tail -n 8 "$log" | sed 's/^/  /' >&2
  printf '%s\n' "environment: $2" >&2
  exit 1
}

# pip of the environment itself, or, where Debian left ensurepip out, the machine's own pip.
pip() { PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore $pip "$@"; }

# Counts packages as pip takes them up, on a terminal only.
counted() {
  if [ -t 1 ]; then
    awk -v all="$1" '/^Collecting /{ n++; printf "\renvironment: %d of %d packages", n, all; fflush() }
      /^Installing /{ printf "\renvironment: unpacking %d packages ", n; fflush() }
      END { printf "\r\033[K" }'
  else
    cat >/dev/null
  fi
}

if [ "$(cat .venv/.packages-stamp 2>/dev/null || :)" != "$packages" ]; then
  "$python" -c 'import venv' 2>/dev/null || missing=venv
  "$python" -c 'import ensurepip' 2>/dev/null || missing=${missing:-ensurepip}
  if [ "${missing:-}" = ensurepip ] && "$python" -m pip --python "$python" --version >/dev/null 2>&1; then
    say "this Python has no ensurepip; using the pip that is installed beside it"
    without=--without-pip
  elif [ -n "${missing:-}" ]; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    sudo=$([ "$(id -u)" = 0 ] || echo "sudo ")
    stop "$python comes without $missing (Debian and Ubuntu pack it apart). Type
    ${sudo}apt-get update && ${sudo}apt-get install $package
and then the same make command again."
  fi
  count=$(grep -c '^[a-zA-Z0-9].*==' requirements-dev.lock)
  say "making .venv with $python ($("$python" -c 'import platform; print(platform.python_version())'))"
  rm -rf .venv
  # Not below .venv before it is made: its own messages must survive a failure.
  made=$("$python" -m venv ${without:-} .venv 2>&1) || stop "python -m venv failed:
$made"
  say "installing up to $count locked packages, each checked against its hash (log: $log)"
  pip="$PWD/.venv/bin/python -m pip"
  [ -z "${without:-}" ] || pip="$python -m pip --python $PWD/.venv/bin/python"
  printf '%s\n' "$pip" > .venv/.pip
  { pip install --progress-bar off --only-binary :all: --require-hashes -r requirements-dev.lock 2>&1 || echo failed > .venv/.failed; } \
    | tee "$log" | counted "$count"
  [ ! -e .venv/.failed ] || failed "the packages could not be installed" \
    "without a network, give pip a folder of wheels: PIP_NO_INDEX=1 PIP_FIND_LINKS=/folder make …"
  printf '%s\n' "$packages" > .venv/.packages-stamp
fi

# (3) The project itself, editable; its builder is in the lock, so nothing is fetched.
pip=$(cat .venv/.pip)
pip install --quiet --no-index --no-deps --no-build-isolation --editable . >"$log" 2>&1 \
  || failed "the project itself could not be installed" "if pyproject.toml was changed, look there"
printf '%s\n' "$project" > .venv/.project-stamp
say "ready"
