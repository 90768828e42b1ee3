"""What `bench_review` measures, in a process that has its database in the environment."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - Django is set up before anything of ours is imported
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from bench.bench_review import (  # noqa: E402
    AGENCIES,
    OPENING_SECONDS,
    PAGE_MILLISECONDS,
    REGIONS,
    STATEMENTS,
    UNITS,
    peak,
    processor_seconds,
    row,
    seconds,
    timed,
)
from bench.browsing import browser  # noqa: E402
from rolebook.accounts.flows.organizations import import_organizations  # noqa: E402
from rolebook.accounts.models import Account  # noqa: E402
from rolebook.audit import clock  # noqa: E402
from rolebook.audit.recording import Origin  # noqa: E402
from rolebook.governance.flows.close_review import close_review  # noqa: E402
from rolebook.governance.flows.open_review import open_review  # noqa: E402
from rolebook.governance.flows.tend_reviews import tend_reviews  # noqa: E402
from rolebook.governance.models import ReviewCampaign, ReviewItem  # noqa: E402
from rolebook.governance.queries.paging import to_text  # noqa: E402
from tests.support import grants, iqcs, people  # noqa: E402

COMMAND, PROGRAM = Origin("command"), "iqcs"
START = datetime(2024, 1, 1, tzinfo=UTC)


def load(number: int) -> None:
    """Load agencies, units and people: two roles and three codes each, a tenth of the codes at another agency."""
    call_command("migrate", verbosity=0)
    people.activate(PROGRAM, START)
    lines = ["kind,code,name,parent"]
    for agency in AGENCIES:
        for region in range(REGIONS):
            lines.append(f"region,{agency}-R{region},{agency} Region {region},{agency}")
            lines += [
                f"unit,{agency}-R{region}-U{unit},{agency} Unit {region}{unit},{agency}-R{region}"
                for unit in range(UNITS)
            ]
    import_organizations(
        acting_user=None,
        program_id=PROGRAM,
        data="\n".join(lines).encode(),
        file="units.csv",
        at=START,
        origin=COMMAND,
    )
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in _LOADING:
            cursor.execute(statement, {"people": number, "at": START})
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")


_UNIT = "(SELECT array_agg(id ORDER BY code) FROM accounts_organization WHERE kind_id = 'unit')"
_LOADING = (
    "INSERT INTO accounts_account (public_id, password, user_id, name, email, email_key, status, status_reason, "
    "session_salt, last_totp_step, created_at) SELECT gen_random_uuid(), '!', 'person' || n, 'Person ' || n, "
    "'p' || n || '@agency.example', 'p' || n || '@agency.example', 'active', '', 'salt' || n, 0, %(at)s "
    "FROM generate_series(1, %(people)s) n",
    "INSERT INTO governance_participation (program_id, account_id, status, status_reason, fsid, last_signed_in_at, "
    "created_at) SELECT 'iqcs', id, 'active', '', '', now() - (id %% 400) * interval '1 day', %(at)s "
    "FROM accounts_account WHERE user_id LIKE 'person%%'",
    "INSERT INTO governance_employment (public_id, program_id, participation_id, organization_id, reason, "
    f"recorded_at) SELECT gen_random_uuid(), 'iqcs', p.id, u.ids[1 + p.id %% 1000], '', %(at)s "
    f"FROM governance_participation p, (SELECT {_UNIT} AS ids) u",
    "INSERT INTO governance_designation (public_id, program_id, account_id, role_id, reason, designated_at) "
    "SELECT gen_random_uuid(), 'iqcs', p.account_id, r, '', %(at)s FROM governance_participation p, "
    "unnest(ARRAY['account_manager', 'training_officer']) r",
    "INSERT INTO governance_grant (public_id, program_id, participation_id, account_id, role_id, starts_at, "
    "designation_id) SELECT gen_random_uuid(), 'iqcs', p.id, d.account_id, d.role_id, %(at)s, d.id "
    "FROM governance_designation d JOIN governance_participation p ON p.account_id = d.account_id",
    "INSERT INTO governance_designation (public_id, program_id, account_id, role_id, organization_id, lower_levels, "
    "reason, designated_at) SELECT gen_random_uuid(), 'iqcs', p.account_id, '', "
    "u.ids[1 + (p.id + CASE WHEN n = 3 AND p.id %% 10 = 0 THEN 100 ELSE (n - 1) * 1 END) %% 1000], false, '', %(at)s "
    f"FROM governance_participation p, generate_series(1, 3) n, (SELECT {_UNIT} AS ids) u",
    "INSERT INTO governance_access (public_id, program_id, participation_id, account_id, organization_id, "
    "lower_levels, starts_at, designation_id) SELECT gen_random_uuid(), 'iqcs', p.id, d.account_id, "
    "d.organization_id, false, %(at)s, d.id FROM governance_designation d "
    "JOIN governance_participation p ON p.account_id = d.account_id WHERE d.organization_id IS NOT NULL",
)
_ANSWERING = """
UPDATE governance_reviewitem SET answer = 'keep', version = 1, answered_together = 1,
    answered_by_id = (SELECT MIN(account_id) FROM governance_participation) + reviewed_id / 400 * 400,
    answered_at = added_at + id %% 100000 * interval '1 second'
WHERE campaign_id = %(campaign)s AND settled_at IS NULL
"""


def measure_pages(campaign: ReviewCampaign, lead: Account, steward: Account) -> None:
    """Measure the pages of a lead whose agency has a tenth of everything, and those of the steward."""
    base = f"/{PROGRAM}/reviews/"
    mine = f"{base}{campaign.public_id}/"
    one = ReviewItem.objects.filter(
        campaign=campaign, place__organization__code__startswith="FWS-R1", about="account"
    ).select_related("reviewed__account")[0]
    client, other = browser(lead), browser(steward)
    _measure(
        ("reviews (lead)", client, base),
        ("accounts left to do, first page", client, mine),
        ("accounts left to do, in the middle", client, f"{mine}?after={_middle(campaign)}"),
        ("accounts searched by name", client, f"{mine}?search=person 1234"),
        ("accounts submitted", client, f"{mine}?show=done"),
        ("one account", client, f"{mine}accounts/{one.reviewed.account.public_id}/"),
        ("many that are alike", client, f"{mine}alike/"),
        ("all reviews (steward)", other, base),
        ("how far a campaign is (steward)", other, f"{mine}progress/"),
    )


def measure_answers(campaign: ReviewCampaign, steward: Account) -> None:
    """Let every 400th person answer about 400 accounts, and measure the page of how people answered."""
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERING, {"campaign": campaign.pk})
        cursor.execute("VACUUM ANALYZE governance_reviewitem")
    page = f"/{PROGRAM}/reviews/{campaign.public_id}/reports/quality/"
    _measure(("how people answered (steward)", browser(steward), page))


def _measure(*pages: tuple[str, Client, str]) -> None:
    for what, asks, address in pages:
        asks.get(address)
        made: list[str] = []
        with connection.execute_wrapper(_counting(made)):
            answer = asks.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code}")
        took = timed(lambda asks=asks, address=address: asks.get(address))  # type: ignore[misc]
        row(
            f"page: {what}",
            f"{took:,.0f} ms, {len(made)}",
            f"≤ {PAGE_MILLISECONDS} ms, {STATEMENTS} statements",
        )


def _counting(made: list[str]) -> Callable[..., Any]:
    """Return what notes every statement that is made."""

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        made.append(sql)
        return execute(sql, *rest)

    return note


def _middle(campaign: ReviewCampaign) -> str:
    rows = campaign.reviewed.filter(place__organization__code__startswith="FWS-").order_by("pk")
    return to_text(("", rows.values_list("pk", flat=True)[rows.count() // 2]))


def main(number: int) -> None:
    """Load, open, look, answer, tend and close."""
    took, _ = seconds(lambda: load(number))
    row(f"load {number:,} people", f"{took:,.1f} s")
    lead = iqcs.holder("agency_lead", "FWS", "Lena Lead", at=clock.now())
    steward = grants.steward("Stella Steward", PROGRAM, clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    before, worked = peak(), processor_seconds(backend)
    took, campaign = seconds(
        lambda: open_review(
            acting_user=None,
            program_id=PROGRAM,
            review_id="annual_user_audit",
            at=clock.now(),
            origin=COMMAND,
        )
    )
    row(
        f"open: {campaign.accounts:,} accounts, {campaign.items:,} items",
        f"{took:,.1f} s",
        f"< {OPENING_SECONDS} s",
    )
    row("processor time of that, here and in PostgreSQL", f"{processor_seconds(backend) - worked:,.1f} s")
    row("memory that opening added to the process", f"{peak() - before:,.0f} MB", "bounded")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    measure_pages(campaign, lead, steward)
    took, _ = seconds(lambda: tend_reviews(clock.now()))
    row("the job that tends an open campaign", f"{took:,.1f} s")
    measure_answers(campaign, steward)
    took, _ = seconds(
        lambda: close_review(
            acting_user=None,
            program_id=PROGRAM,
            campaign_id=campaign.public_id,
            at=clock.now(),
            origin=COMMAND,
        )
    )
    row("close it, all answered and nothing submitted", f"{took:,.1f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]))
