"""The tables of grants agree with the log, and whoever writes past the flows is found (I11)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from rolebook.accounts.models import Account, Organization
from rolebook.audit import tags, triggers
from rolebook.audit.models import Event
from rolebook.audit.recording import unit_of_work
from rolebook.governance.flows import remove_access
from rolebook.governance.models import Designation, Grant, Import, ImportedApproval
from rolebook.governance.replaying import compare_with_log
from tests.governance.importing import grants_from, row_of, run
from tests.support import grants, people
from tests.support.grants import LATER, OFFICIAL, STAFF
from tests.support.people import START, WEB

pytestmark = [pytest.mark.usefixtures("qpp"), pytest.mark.invariant("I11"), pytest.mark.fault(28)]


@pytest.fixture
def world(practice: Organization) -> Iterator[dict[str, Any]]:
    """An official by designation, staff by request, one of them removed, one by import; then nothing protects rows."""
    official = grants.official(practice)
    staff = grants.staff(practice, official)
    gone = grants.staff(practice, official, "Gone")
    remove_access(
        acting_user=official,
        program_id="qpp",
        organization_id=practice.public_id,
        beneficiary_id=gone.public_id,
        at=LATER,
        origin=WEB,
    )
    imported = grants.user("Imported")
    grants_from(row_of(imported, practice))
    triggers.drop_all()
    yield {"practice": practice, "official": official, "staff": staff, "gone": gone, "imported": imported}
    if connection.needs_rollback is False:
        for app_label in ("audit", "accounts", "governance"):
            triggers.install(app_label)


def explanations() -> list[str]:
    return [finding.explanation for finding in compare_with_log().findings]


def of(account: Account) -> Grant:
    return Grant.objects.get(account=account)


def test_what_the_flows_wrote_agrees_with_the_log(world: dict[str, Any]) -> None:
    told: list[tuple[int, int]] = []
    seen = compare_with_log(progress=lambda done, in_all: told.append((done, in_all)))
    assert (seen.findings, seen.grants) == ([], 4)
    assert told[-1] == (4, 4)
    assert compare_with_log(program_id="qpp").grants == 4
    assert compare_with_log(program_id="iqies").grants == 0


def changed(**values: object) -> Callable[[Grant], object]:
    return lambda grant: Grant.objects.filter(pk=grant.pk).update(**values)


TAMPERING: dict[str, tuple[str, Callable[[Grant], object], str]] = {
    "a closed grant is opened again": (
        "gone",
        changed(closed_at=None),
        "closed_at: found none, expected 2026-03-02",
    ),
    "a closing is put off": (
        "gone",
        changed(closed_at=LATER + timedelta(days=9)),
        "closed_at: found 2026-03-11T16:00:00.000000Z, expected 2026-03-02T16:00:00.000000Z, as event",
    ),
    "a grant is closed past the log": ("staff", changed(closed_at=LATER), "expected none, as event"),
    "a role is made another": (
        "staff",
        changed(role_id=OFFICIAL),
        f"role_id: found {OFFICIAL}, expected {STAFF}",
    ),
    "a beginning is put back": (
        "staff",
        changed(starts_at=START - timedelta(days=90)),
        "starts_at: found 2025-12-02",
    ),
    "an end is set": ("staff", changed(ends_at=LATER + timedelta(days=9)), "ends_at: found 2026-03-11"),
    "an imported role is made another": (
        "imported",
        changed(role_id=OFFICIAL),
        "other grants than those that event",
    ),
    "an imported role is closed past the log": (
        "imported",
        changed(closed_at=LATER),
        "as no event says otherwise",
    ),
    "an imported role is deleted": (
        "imported",
        lambda grant: grant.delete(),
        "found 0 grants, expected 1, as event",
    ),
    "a grant is deleted": ("staff", lambda grant: grant.delete(), "found no row, expected the one of event"),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found_and_named(world: dict[str, Any], what: str) -> None:
    whose, tamper, expected = TAMPERING[what]
    grant = of(world[whose])
    name = (
        str(grant.imported and grant.imported.imported.public_id)
        if "import" in expected
        else str(grant.public_id)
    )
    tamper(grant)
    [found] = explanations()
    assert expected in found
    assert name in found or whose == "imported"


def test_a_grant_that_is_given_to_somebody_else_is_found(world: dict[str, Any]) -> None:
    grant, other = of(world["staff"]), grants.user("Other")
    changed(account=other)(grant)
    [found] = explanations()
    assert f"{grant.public_id}: beneficiary_id: found {other.public_id}" in found


def test_a_grant_that_no_event_opened_is_found(world: dict[str, Any]) -> None:
    grants.placed(grants.user("Mallory"), OFFICIAL, world["practice"])
    [found] = explanations()
    assert "found a row that no event opened" in found


def test_a_forged_import_is_found(world: dict[str, Any]) -> None:
    whole = Import.objects.create(program_id="qpp", source_hash="0" * 64, imported_at=START)
    approval = ImportedApproval.objects.create(
        program_id="qpp",
        imported=whole,
        line=2,
        approved_on=START.date(),
        approved_by="Mallory",
        source="none",
    )
    grant = grants.placed(grants.user("Mallory"), OFFICIAL, world["practice"])
    changed(designation=None, imported=approval)(grant)
    Designation.objects.filter(grant=None, account=grant.account).delete()
    [found] = explanations()
    assert found == f"import {whole.public_id}: found a row that no event tells of, expected none"


def test_an_event_of_somebody_who_is_not_there_is_counted(world: dict[str, Any]) -> None:
    with unit_of_work(at=LATER, origin=WEB) as work:
        nobody = people.new_user().account
        work.record(
            tags.GRANT_CLOSED, program_id="qpp", beneficiary_id=nobody.public_id, new={"grant_id": "x"}
        )
    Event.objects.filter(beneficiary_id=nobody.public_id).update(beneficiary_id=world["practice"].public_id)
    assert any("events of what people hold, and" in one for one in explanations())


def test_it_is_read_in_bounded_pieces(
    practice: Organization, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    official = grants.official(practice)
    for number in range(12):
        grants.staff(practice, official, f"Person {number}")
    with django_assert_max_num_queries(13):
        assert compare_with_log().grants == 13


def test_the_command_names_what_differs_and_leaves_with_1(world: dict[str, Any]) -> None:
    grant = of(world["gone"])
    changed(closed_at=None)(grant)
    result = run("audit", "verify")
    assert result.return_value == 1
    assert f"wrong: grant {grant.public_id}: closed_at: found none, expected" in result.output
