"""Import of grants at migration: what people hold, with the original approvals; all of a file or nothing."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from rolebook.accounts import table_file
from rolebook.accounts.flows.organizations import import_organizations
from rolebook.accounts.models import Organization
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit.models import Event
from rolebook.audit.recording import unit_of_work
from rolebook.governance import grant_file, locks
from rolebook.governance.flows import (
    import_grants,
    remove_access,
)
from rolebook.governance.grant_file import read_grants
from rolebook.governance.importing import rows_hash
from rolebook.governance.ledger import open_imported_grant
from rolebook.governance.locks import LocksMissing
from rolebook.governance.models import Grant, Import, ImportedApproval, Participation
from rolebook.governance.participations import participation_of
from rolebook.governance.queries.access import my_access
from rolebook.governance.queries.listing import list_grants
from rolebook.policy.errors import RolebookError, RolebookErrors
from tests.authzen.asking import VIEW, ask, catch_up, decision_point, evaluation, token_for
from tests.governance.importing import HEADER, accounts_from, grants_from, places, qpp_book, row_of
from tests.support import grants, people
from tests.support.grants import OFFICIAL, STAFF
from tests.support.people import COMMAND, START, WEB

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("IQIES-02")
def test_an_imported_grant_points_at_its_import_and_says_who_approved_it_when(
    practice: Organization,
) -> None:
    person = grants.user()
    report = grants_from(row_of(person, practice))
    grant = Grant.objects.get(account=person)
    assert grant.imported is not None
    assert (grant.request_item, grant.designation) == (None, None)
    assert (grant.imported.approved_by, grant.imported.approved_on) == ("Rita Ray", date(2021, 5, 4))
    assert (grant.imported.line, grant.imported.source) == (2, "HARP 7")
    # Midnight in New York, QPP's time zone: who held what on a day before the migration is a query, too.
    assert grant.starts_at == datetime(2021, 5, 4, 4, 0, tzinfo=UTC)
    [listed] = list_grants("qpp", datetime(2022, 1, 1, tzinfo=UTC))
    assert listed.origin == f"import {report.import_id}, approved by Rita Ray on 2021-05-04 (HARP 7)"
    [held] = my_access(person, "qpp", START)
    assert held.why is not None
    assert (held.why.how, held.why.by, held.why.approved_on) == ("import", None, date(2021, 5, 4))
    assert (held.why.at, held.why.reason) == (START, "Migration from the old portal")


def test_my_access_says_when_it_was_approved_what_was_imported_and_not_by_whom(
    practice: Organization,
) -> None:
    person = people.user_with_totp()
    grants_from(row_of(person.account, practice))
    page = people.signed_in_client(person).get("/qpp/my-access/").content.decode()
    assert "Imported from an earlier system on" in page
    assert "approved there on May 4, 2021" in " ".join(page.split())
    assert "Rita Ray" not in page


@pytest.mark.requirement("IQIES-02")
def test_one_event_tells_of_the_whole_file_and_its_digests_bind_the_rows(practice: Organization) -> None:
    first, second = grants.user("Ann"), grants.user("Ben")
    rows = [row_of(first, practice), row_of(second, practice, "security official")]
    report = grants_from(*rows)
    event = Event.objects.get(tag="grants:imported")
    told = json.loads(event.content)["new"]
    assert event.sequence == report.sequence
    assert told["source_hash"] == hashlib.sha256("\n".join([HEADER, *rows]).encode()).hexdigest()
    assert told["grants_opened"] == 2
    stored = [
        (
            *(one.public_id, one.account.public_id, one.role_id, practice.public_id),
            *(one.starts_at, one.ends_at, one.imported.public_id if one.imported else None),
        )
        for one in Grant.objects.order_by("pk")
    ]
    assert told["rows_hash"] == rows_hash(stored)
    assert "Rita" not in event.content


@pytest.mark.fault(50)
def test_a_file_of_more_grants_than_one_unit_has_events_is_still_one_event(qpp: str) -> None:
    person = grants.user()
    text = "code,name,kind\n" + "".join(f"{n},P{n},practice\n" for n in range(100_000_000, 100_000_520))
    import_organizations(
        acting_user=None, program_id="qpp", data=text.encode(), file="p.csv", at=START, origin=COMMAND
    )
    told: list[tuple[int, int]] = []
    rows = [f"{person.user_id},Staff User,{n},2021-05-04,R,S" for n in range(100_000_000, 100_000_520)]
    report = import_grants(
        program_id="qpp",
        data="\n".join([HEADER, *rows]).encode(),
        file="roles.csv",
        reason="",
        at=START,
        origin=COMMAND,
        progress=lambda done, total: told.append((done, total)),
    )
    assert len(report.opened) == Grant.objects.filter(account=person).count() == 520
    assert Event.objects.filter(tag="grants:imported").count() == 1
    assert told[-1] == (520, 520)


@pytest.mark.invariant("I2")
@pytest.mark.requirement("IQIES-04")
@pytest.mark.fault(50)
def test_an_import_is_held_to_the_rules_of_every_grant_and_row_k_leaves_nothing() -> None:
    people.activate("iqies")
    state = Organization.objects.filter(program_id="iqies", kind_id="state").order_by("pk").first()
    assert state is not None
    good, torn, gone = (grants.user(name, program_id="iqies") for name in ("Good", "Torn", "Gone"))
    Participation.objects.create(account=gone, program_id="iqies", created_at=START, status="deactivated")
    before = Event.objects.count()
    tail = "2021-05-04,Rita,S"
    with pytest.raises(RolebookErrors) as errors:
        grants_from(
            f"{good.user_id},State Agency General User,{state.code},{tail}",
            f"{torn.user_id},State Agency General User,{state.code},{tail}",
            f"{torn.user_id},CMS Security Official,,{tail}",
            f"{torn.user_id},State Agency General User,{state.code},{tail}",
            f"{good.user_id},CMS Security Official,{state.code},{tail}",
            f"{good.user_id},State Agency Security Official,,{tail}",
            f"{gone.user_id},State Agency General User,{state.code},{tail}",
            program_id="iqies",
        )
    assert sorted({one.line for one in errors.value.errors}) == [4, 5, 6, 7, 8]
    assert all(one.message.startswith("not allowed: found '") for one in errors.value.errors)
    assert not Grant.objects.exists()
    assert not Import.objects.exists()
    assert not ImportedApproval.objects.exists()
    assert not Participation.objects.filter(account=good).exists()
    assert Event.objects.count() == before


@pytest.mark.requirement("IQIES-08")
def test_a_role_had_by_designation_only_is_imported_with_its_record() -> None:
    people.activate("iqies")
    person = grants.user(program_id="iqies")
    grants_from(f"{person.user_id},CMS Security Official,,2021-05-04,Rita,S", program_id="iqies")
    assert Grant.objects.get(account=person).role_id == "cms_security_official"


@pytest.mark.invariant("I1", "I2", "I4")
@pytest.mark.fault(50)
def test_foreign_and_closed_places_unknown_people_and_the_stewards_office_are_refused(
    practice: Organization,
) -> None:
    people.activate("iqies")
    foreign = Organization.objects.filter(program_id="iqies").first()
    closed = people.practice("Closed Clinic")
    Organization.objects.filter(pk=closed.pk).update(closed_at=START)
    person = grants.user()
    assert foreign is not None
    with pytest.raises(RolebookErrors) as errors:
        grants_from(
            row_of(person, foreign),
            row_of(person, closed),
            f"nobody,Staff User,{practice.code},2021-05-04,R,S",
        )
    column = len(person.user_id) + 13
    assert places(errors) == [
        f"2:{column} unknown organization",
        f"3:{column} unknown organization",
        "4:1 unknown user_id",
    ]
    with pytest.raises(RolebookErrors) as errors:
        grants_from(
            f"{person.user_id},steward,,2021-05-04,R,S",
            f"{person.user_id},Stuff User,{practice.code},2021-05-04,R,S",
        )
    assert [one.message.split(":")[0] for one in errors.value.errors] == ["role not imported", "unknown role"]
    assert "did you mean 'Staff User'?" in str(errors.value)
    assert not Grant.objects.exists()


def test_an_organization_is_named_by_its_number_as_well_as_by_its_code(qpp: str) -> None:
    import_organizations(
        acting_user=None,
        program_id="qpp",
        data=b"code,name,kind,tin\ncedar,Cedar Valley,practice,12-3456789\n",
        file="p.csv",
        at=START,
        origin=COMMAND,
    )
    cedar = Organization.objects.get(code="cedar")
    for written in ("cedar", "12-3456789", "123456789"):
        person = grants.user()
        grants_from(f"{person.user_id},Staff User,{written},2021-05-04,R,S")
        assert Grant.objects.get(account=person).organization == cedar


def test_days_are_the_programs_and_the_last_day_is_held_to_its_end(practice: Organization) -> None:
    person = grants.user()
    header = f"{HEADER},starts_on,ends_on"
    grants_from(row_of(person, practice, more=",2021-06-01,2026-03-31"), header=header)
    grant = Grant.objects.get(account=person)
    assert grant.starts_at == datetime(2021, 6, 1, 4, 0, tzinfo=UTC)
    assert grant.ends_at == datetime(2026, 4, 1, 4, 0, tzinfo=UTC)
    with pytest.raises(RolebookErrors) as errors:
        grants_from(
            row_of(person, practice, more=",2021-06-01,2026-03-01"),
            row_of(person, practice, more=",2021-13-01,20260401"),
            f"{person.user_id},Staff User,{practice.code},2027-01-01,,",
            f",,{practice.code},",
            header=header,
        )
    assert [one.message.split(":")[0] for one in errors.value.errors] == [
        "bad ends_on",
        "bad starts_on",
        "bad ends_on",
        "bad approved_on",
        "missing approved_by",
        "missing source",
        *("missing user_id", "missing role", "missing approved_by", "missing approved_on", "missing source"),
    ]


@pytest.mark.fault(50)
def test_a_dry_run_of_grants_says_what_the_run_then_does_and_writes_nothing(practice: Organization) -> None:
    rows = [row_of(grants.user("Ann"), practice), row_of(grants.user("Ben"), practice, OFFICIAL)]
    before = Event.objects.count()
    dry = grants_from(*rows, dry_run=True)
    assert not Grant.objects.exists()
    assert not Participation.objects.exists()
    assert Event.objects.count() == before
    wet = grants_from(*rows)
    assert dry.opened == wet.opened
    with pytest.raises(RolebookErrors) as dry_errors:
        grants_from(*rows, dry_run=True)
    with pytest.raises(RolebookErrors) as wet_errors:
        grants_from(*rows)
    assert dry_errors.value.errors == wet_errors.value.errors


@pytest.mark.invariant("I10")
def test_the_decision_point_knows_an_import_with_its_event_and_its_removal_too(
    practice: Organization,
) -> None:
    person, official = grants.user(), grants.official(practice)
    token = token_for("qpp")
    point = decision_point()
    asked = evaluation(person, VIEW, practice)
    assert ask(point, asked, token).json["decision"] is False
    grants_from(row_of(person, practice))
    catch_up(point)
    assert ask(point, asked, token).json["decision"] is True
    remove_access(
        acting_user=official,
        program_id="qpp",
        organization_id=practice.public_id,
        beneficiary_id=person.public_id,
        at=START + timedelta(hours=1),
        origin=WEB,
    )
    catch_up(point)
    assert ask(point, asked, token).json["decision"] is False


def test_an_import_and_its_approvals_never_change(practice: Organization) -> None:
    grants_from(row_of(grants.user(), practice))
    for model, changed in (
        (Import, {"reason": "x"}),
        (ImportedApproval, {"approved_by": "x"}),
        (Grant, {"imported": None}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.update(**changed)


def test_the_ledger_opens_no_imported_grant_without_the_locks(practice: Organization) -> None:
    person = grants.user()
    _, book = rolebook_in_force("qpp", START)
    with pytest.raises(LocksMissing), unit_of_work(at=START, origin=COMMAND) as work:
        open_imported_grant(
            work,
            locks.lock(accounts=[person.pk]),
            book=book,
            participation=participation_of(work, person, "qpp", START),
            role_id=STAFF,
            organization=practice,
            approval=ImportedApproval(),
            starts_at=START,
            ends_at=None,
        )


@pytest.mark.fault(51)
def test_files_over_the_limits_are_refused_before_anything_is_judged(
    qpp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grant_file, "MOST_ROWS", 1)
    with pytest.raises(RolebookErrors, match="too many rows: found '2', expected at most 1"):
        grants_from("a,b,c,d,e,f", "a,b,c,d,e,f")
    monkeypatch.setattr(table_file, "LARGEST_BYTES", 10)
    with pytest.raises(RolebookErrors, match="file too large"):
        grants_from("a,b,c,d,e,f")
    with pytest.raises(RolebookErrors, match="file too large"):
        accounts_from("user_id,name,email\na,b,c")


@pytest.mark.fault(43)
@given(
    st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: f"{HEADER}\n{text}".encode()))
)
def test_any_bytes_give_rows_or_errors_with_places_and_never_fail_otherwise(data: bytes) -> None:
    errors: tuple[RolebookError, ...] = ()
    try:
        read_grants(data, "roles.csv", qpp_book(), date(2026, 3, 2))
    except RolebookErrors as wrong:
        errors = wrong.errors
    assert all(one.line >= 1 and one.column >= 1 for one in errors)
