#!/bin/sh
# Make .venv with exactly the packages of uv.lock. Costs nothing when that is already so;
# mends what an interrupted call left. Everything it writes lies inside the checkout, so it
# works with an unwritable home. Called by make, which sets the cache folders.
set -eu
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9
stamp=.venv/setup-stamp
# A copied or moved checkout has an environment that points to the old place: the path is
# part of what must be the same.
wanted="$(pwd) uv-$UV_VERSION $(cat uv.lock pyproject.toml tools/setup.sh | cksum)"

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi

python=$(sh tools/find_python.sh)
say() { printf 'set-up: %s\n' "$*" >&2; }
say "using $python"
log=.cache/setup.log
mkdir -p .cache
: >"$log"

# What pip or uv says is shown only when it fails.
quietly() {
    if ! "$@" >>"$log" 2>&1; then
        tail -n 15 "$log" >&2
        say "failed (all of it is in $log); the next call of make starts where this one stopped"
        exit 1
    fi
}

# uv is kept apart from .venv: an exact sync would remove it from there.
tool=".cache/uv-$UV_VERSION"
uv="$tool/bin/uv"
if ! "$uv" --version >/dev/null 2>&1; then
    say "getting uv $UV_VERSION"
    rm -rf "$tool"
    if "$python" -m pip --version >/dev/null 2>&1; then
        PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 \
            quietly "$python" -m pip install --quiet --no-deps --target "$tool" "uv==$UV_VERSION"
    elif "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        quietly "$python" -m venv "$tool"
        quietly "$tool/bin/python" -m pip install --quiet --no-deps "uv==$UV_VERSION"
    else
        say "$python has neither pip nor venv; on Debian or Ubuntu: apt install python3-venv, then call make again"
        exit 1
    fi
fi

# An environment without a stamp is half made, and one whose Python is gone is of no use.
if ! [ -f "$stamp" ] || ! .venv/bin/python -c '' 2>/dev/null; then
    rm -rf .venv
fi
rm -f "$stamp"
say "installing the locked packages (about 800 MB, a minute or two the first time)"
quietly "$uv" sync --quiet --frozen --compile-bytecode --python "$python"
quietly .venv/bin/python -m compileall -q src
# matplotlib looks through the fonts once; better here than inside a timed study.
quietly .venv/bin/python -c 'import matplotlib.font_manager'
printf '%s\n' "$wanted" >"$stamp"
say "done"
