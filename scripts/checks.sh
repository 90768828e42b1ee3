# Sourced by ./run: the linters and the two passes of the tests.
# shellcheck shell=sh

WORKERS=${ROLEBOOK_TEST_WORKERS:-2}

# Run a check, remember that it failed, go on: people see everything that is wrong at once.
check() {
    label=$1
    shift
    say "$label"
    if ! "$@"; then
        FAILED="${FAILED:-}${FAILED:+, }$label"
    fi
}

report() {
    if [ -n "${FAILED:-}" ]; then
        fail "failed: $FAILED"
    fi
}

lint() {
    check "ruff check" "$VENV/bin/ruff" check --quiet .
    check "ruff format" "$VENV/bin/ruff" format --check --quiet .
    check "mypy" "$VENV/bin/mypy" --no-error-summary
    check "lint-imports" quietly "$VENV/bin/lint-imports" --no-logo
    check "djlint" lint_templates
    check "makemigrations --check" quietly "$VENV/bin/python" -m tests.support.cluster --database sqlite -- \
        "$VENV/bin/python" -W error -m django makemigrations --check --dry-run --settings rolebook.server.settings
}

run_lint() {
    lint
    report
    say "nothing to complain about"
}

# Show what a talkative tool printed only when it failed.
quietly() {
    log=$(mktemp)
    if "$@" >"$log" 2>&1; then
        rm -f "$log"
    else
        cat "$log"
        rm -f "$log"
        return 1
    fi
}

lint_templates() {
    [ -n "$(find src -name '*.html' | head -n 1)" ] || return 0
    quietly "$VENV/bin/djlint" src --lint && quietly "$VENV/bin/djlint" src --check
}

# What the tests need beside Python. A missing browser or database is installed or reported, never skipped.
ensure_test_programs() {
    if ! "$VENV/bin/python" -m tests.support.chromium >/dev/null; then
        install_or_fail "a chromium browser" chromium fonts-liberation
    fi
    if ! "$VENV/bin/python" -m tests.support.cluster --find >/dev/null; then
        no_main_cluster=/etc/postgresql-common/createcluster.d/rolebook-tests.conf
        if [ "$(id -u)" -eq 0 ]; then
            # Debian starts a server for every new PostgreSQL; the tests start their own and leave nothing running.
            mkdir -p "$(dirname "$no_main_cluster")"
            printf 'create_main_cluster = false\n' >"$no_main_cluster"
        fi
        install_or_fail "the PostgreSQL server (15 or newer)" postgresql
        rm -f "$no_main_cluster"
    fi
}

#   install_or_fail DESCRIPTION PACKAGES...
install_or_fail() {
    description=$1
    shift
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        apt_install "$@"
    else
        fail "the tests need $description: install it (Debian: apt-get install $*), or use ./run test --quick"
    fi
}

# Run one pass of the tests. The child gets SIGTERM when this script is interrupted, stops its database and cleans up.
#   test_pass DATABASE PYTEST-ARGUMENTS...
test_pass() {
    database=$1
    shift
    "$VENV/bin/python" -m tests.support.cluster --database "$database" -- \
        "$VENV/bin/python" -m pytest -q -n "$WORKERS" "$@" &
    child=$!
    trap 'kill -TERM $child 2>/dev/null; wait $child || true; exit 130' INT TERM HUP
    result=0
    wait $child || result=$?
    trap - INT TERM HUP
    return $result
}

run_tests() {
    if [ "${1:-}" = --quick ]; then
        shift
        lint
        export ROLEBOOK_HYPOTHESIS="${ROLEBOOK_HYPOTHESIS:-quick}"
        check "quick tests on SQLite" test_pass sqlite -m "not slow and not browser" "$@"
    else
        ensure_test_programs
        lint
        # Only what all tests came to goes into the acceptance report.
        if [ $# -eq 0 ]; then
            check "tests on SQLite" test_pass sqlite --junitxml test-results/sqlite.xml
            check "tests on PostgreSQL" test_pass postgres -m "not browser" --junitxml test-results/postgres.xml
        else
            check "tests on SQLite" test_pass sqlite "$@"
            check "tests on PostgreSQL" test_pass postgres -m "not browser" "$@"
        fi
    fi
    report
}

# The tests that walk the guides take the pictures on their way.
take_screenshots() {
    ensure_test_programs
    ROLEBOOK_SCREENSHOTS=yes "$VENV/bin/python" -m tests.support.cluster --database sqlite -- \
        "$VENV/bin/python" -m pytest -q tests/browser/test_guides.py
}
