"""What `bench_nightly` measures, in a process that has its database in the environment; prints the peak last."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - Django is set up before anything of ours is imported
from django.db import connection  # noqa: E402

from bench.bench_nightly import BOUND_SECONDS  # noqa: E402
from rolebook.audit.recording import Origin  # noqa: E402
from rolebook.governance.flows.warn_of_ends import warn_of_ends  # noqa: E402
from rolebook.governance.flows.watch_quiet import watch_quiet  # noqa: E402
from rolebook.governance.models import Participation, QuietWatch  # noqa: E402
from rolebook.policy.months import months_after  # noqa: E402
from tests.support import people  # noqa: E402

PROGRAM, ZONE = "iqcs", "America/Boise"
START = datetime(2025, 1, 6, 15, tzinfo=UTC)
NOW = months_after(START, 12, ZONE)
DUE = 100
"""One of so many is due: to be closed, and (others) near the end of a temporary detail."""

_LOADING = (
    "INSERT INTO accounts_account (public_id, password, user_id, name, email, email_key, status, status_reason, "
    "session_salt, last_totp_step, created_at) SELECT gen_random_uuid(), '!', 'person' || n, 'Person ' || n, "
    "'p' || n || '@agency.example', 'p' || n || '@agency.example', 'active', '', 'salt' || n, 0, %(start)s "
    "FROM generate_series(1, %(people)s) n",
    "INSERT INTO governance_participation (program_id, account_id, status, status_reason, fsid, created_at, "
    "last_signed_in_at, quiet_ends_at, quiet_warned_at, quiet_warned_days) SELECT 'iqcs', id, 'active', '', '', "
    "%(start)s, CASE WHEN id %% %(due)s = 0 THEN %(start)s ELSE %(now)s - (id %% 250) * interval '1 day' END, "
    "CASE WHEN id %% %(due)s = 0 THEN %(now)s ELSE %(now)s + (115 + id %% 250) * interval '1 day' END, "
    "CASE WHEN id %% %(due)s = 0 THEN %(now)s - interval '60 days' END, "
    "CASE WHEN id %% %(due)s = 0 THEN 7 END FROM accounts_account",
    # A role for all; access for the due ones, and access that ends in some days for as many others.
    "INSERT INTO governance_designation (public_id, program_id, account_id, role_id, reason, designated_at) "
    "SELECT gen_random_uuid(), 'iqcs', id, 'training_officer', '', %(start)s FROM accounts_account",
    "INSERT INTO governance_grant (public_id, program_id, participation_id, account_id, role_id, starts_at, "
    "designation_id) SELECT gen_random_uuid(), 'iqcs', p.id, d.account_id, d.role_id, %(start)s, d.id "
    "FROM governance_designation d JOIN governance_participation p ON p.account_id = d.account_id",
    "INSERT INTO governance_designation (public_id, program_id, account_id, role_id, organization_id, lower_levels, "
    "reason, designated_at) SELECT gen_random_uuid(), 'iqcs', a.id, '', o.id, false, '', %(start)s "
    "FROM accounts_account a, (SELECT min(id) AS id FROM accounts_organization) o WHERE a.id %% %(due)s IN (0, 1)",
    "INSERT INTO governance_access (public_id, program_id, participation_id, account_id, organization_id, "
    "lower_levels, starts_at, ends_at, designation_id) SELECT gen_random_uuid(), 'iqcs', p.id, d.account_id, "
    "d.organization_id, false, %(start)s, CASE WHEN d.account_id %% %(due)s = 1 THEN %(now)s + interval '2 days' END, "
    "d.id FROM governance_designation d JOIN governance_participation p ON p.account_id = d.account_id "
    "WHERE d.organization_id IS NOT NULL",
)


def load(number: int) -> None:
    """Load so many people; everybody holds a role, one of a hundred is due and holds access, too."""
    call_command("migrate", verbosity=0)
    people.activate(PROGRAM, START)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in _LOADING:
            cursor.execute(statement, {"people": number, "start": START, "now": NOW, "due": DUE})
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")
    QuietWatch.objects.create(program_id=PROGRAM, ran_at=NOW - timedelta(days=1), counted_by=f"12 {ZONE}")


def measured[Answer](what: str, number: int, call: Callable[[], Answer]) -> tuple[float, Answer]:
    """Run a call and print how long it took."""
    began = time.perf_counter()
    answer = call()
    took = time.perf_counter() - began
    print(f"{what:<46} {number:>16,} {took:>14.1f} s", flush=True)
    return took, answer


def held(name: str) -> float:
    """Return megabytes of this process from /proc: VmRSS now, VmHWM the most since `forget_the_peak`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def forget_the_peak() -> None:
    """Let the peak begin at what is held now: loading the world is not measured."""
    Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    """Load, run the night, check what came of it, and print the table's lines."""
    number = int(sys.argv[1])
    load(number)
    forget_the_peak()
    before = held("VmRSS")
    job = Origin("job")
    first, done = measured(
        "inactivity: watch, batches of 500", number, lambda: watch_quiet(PROGRAM, at=NOW, origin=job)
    )
    second, told = measured("expiry: warnings before ends", number, lambda: warn_of_ends(NOW))
    expected = number // DUE
    closed = Participation.objects.filter(status="closed", status_cause="inactivity").count()
    if not done.closed == closed == expected or told != expected:
        raise SystemExit(f"found {done} and {told} warnings, expected {expected} of each")
    print(f"{'closed, with what they held':<46} {number:>16,} {done.closed:>7,} {done.ended:>8,}")
    print(f"{'both':<46} {number:>16,} {first + second:>14.1f} s  ≤ {BOUND_SECONDS} s")
    print(f"{'peak memory of the run':<46} {number:>16,} {held('VmHWM') - before:>13.1f} MB")
    print(held("VmHWM") - before)


if __name__ == "__main__":
    main()
