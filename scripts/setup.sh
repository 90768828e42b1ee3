# Sourced by ./run: finds a Python, makes .venv and installs the hash-pinned requirements, each step once.
# shellcheck shell=sh

VENV=$ROOT/.venv
STAMPS=$VENV/rolebook-stamps

say() {
    printf 'run: %s\n' "$*"
}

fail() {
    printf 'run: %s\n' "$*" >&2
    exit 2
}

# Print the candidates for a Python, best first, one a line. A candidate may not exist, or exist and not run (a
# version manager's shim does): only executing it tells.
python_candidates() {
    if [ -n "${ROLEBOOK_PYTHON:-}" ]; then
        printf '%s\n' "$ROLEBOOK_PYTHON"
    fi
    for name in python3.14 python3.13 python3.12 python3 python; do
        command -v "$name" 2>/dev/null || true
    done
    for path in "${HOME:-/nonexistent}"/.pyenv/versions/*/bin/python3 /usr/local/bin/python3* \
        /opt/*/bin/python3 /opt/python/*/bin/python3; do
        case $path in
        *-config) ;;
        *) [ ! -x "$path" ] || printf '%s\n' "$path" ;;
        esac
    done
}

# Print the first candidate that runs and is Python >= 3.12; nothing when there is none.
find_python() {
    python_candidates | while IFS= read -r candidate; do
        if "$candidate" -c 'import sqlite3, ssl, sys
sys.exit(sys.version_info < (3, 12) or sys.version_info[3] != "final")' </dev/null >/dev/null 2>&1; then
            printf '%s\n' "$candidate"
            break
        fi
    done
}

# Debian splits venv's pip off into python3.NN-venv: install it as root, else say so.
ensure_venv_module() {
    if "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        return
    fi
    package=$("$1" -c 'import sys; print(f"python3.{sys.version_info[1]}-venv")')
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        apt_install "$package"
    else
        fail "$1 cannot make virtual environments: install $package (apt-get install $package) and run this again"
    fi
}

# Install Debian packages, saying so in one line; what apt-get prints is shown only when it fails.
apt_install() {
    say "installing with apt-get: $*"
    log=$(mktemp)
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } \
        </dev/null >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        rm -f "$log"
        fail "apt-get could not install $* (its last lines stand above)"
    fi
    rm -f "$log"
}

# A virtual environment knows its own path: one that was moved, or whose Python is gone, is made anew.
ensure_venv() {
    if [ "$(cat "$STAMPS/venv" 2>/dev/null)" = "$VENV" ] && "$VENV/bin/python" -c '' 2>/dev/null; then
        return
    fi
    python=$(find_python)
    [ -n "$python" ] ||
        fail "no Python 3.12 or newer found: install one, or name it (ROLEBOOK_PYTHON=/path/to/python3 ./run ...)"
    ensure_venv_module "$python"
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear "$VENV"
    mkdir -p "$STAMPS"
    printf '%s\n' "$VENV" >"$STAMPS/venv"
}

pip_install() {
    "$VENV/bin/python" -m pip --disable-pip-version-check install -qq --no-input "$@" </dev/null ||
        fail "pip could not install: $*"
}

# Do a step unless the files it depends on are as they were when it was last done.
#   once STAMP "FILES" COMMAND...
once() {
    stamp=$STAMPS/$1
    # shellcheck disable=SC2086  # a list of file names of our own
    sum=$(cat $2 | cksum)
    shift 2
    if [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ]; then
        "$@"
        printf '%s\n' "$sum" >"$stamp"
    fi
}

install_locked() {
    say "installing the requirements $1 from $2"
    pip_install --require-hashes -r "$2"
}

install_package() {
    say "installing rolebook from src/"
    pip_install --no-deps --no-build-isolation --editable .
}

# ensure runtime | dev | bench: what the commands of ./run need before they start.
ensure() {
    ensure_venv
    once runtime "requirements.lock" install_locked "to run" requirements.lock
    once build "requirements-build.lock" install_locked "to build" requirements-build.lock
    once package "requirements-build.lock pyproject.toml src/rolebook/__init__.py" install_package
    case $1 in
    dev | bench)
        once dev "requirements-dev.lock" install_locked "to test and lint" requirements-dev.lock
        ;;
    esac
    if [ "$1" = bench ]; then
        once bench "requirements-bench.lock" install_locked "to compare with others" requirements-bench.lock
    fi
}

# Write the four locks. No address of a registry gets into them: whoever installs uses the one they trust.
make_locks() {
    for pair in runtime:requirements build:requirements-build dev:requirements-dev bench:requirements-bench; do
        lock=${pair#*:}.lock
        say "writing $lock"
        "$VENV/bin/uv" pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
            --no-annotate --no-header --python-version 3.12 --quiet "$@" \
            --output-file "$lock" "requirements/${pair%%:*}.in" >/dev/null
    done
}
