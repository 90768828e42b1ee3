"""On that day, where access is held apart from roles: details, employers and last sign-ins as they were."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.authority import standing_of
from rolebook.governance.flows import change_participation_status, record_sign_in
from rolebook.governance.flows.ask_reactivation import ask_reactivation
from rolebook.governance.flows.edit_organization import edit_organization
from rolebook.governance.flows.merge_accounts import merge_accounts
from rolebook.governance.flows.warn_of_quiet import warn_of_quiet
from rolebook.governance.models import Participation
from rolebook.governance.organization_record import Typed
from rolebook.governance.past.holdings import people_at
from rolebook.governance.past.sign_ins import last_sign_ins
from rolebook.governance.queries.then_lists import people_then, person_then, users_then
from rolebook.governance.queries.then_rows import PersonThen
from rolebook.governance.queries.then_who_could import could_then
from rolebook.policy.months import months_after
from tests.support import grants, iqcs, rolebooks
from tests.support.grants import decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM, SECURITY, place
from tests.support.people import COMMAND, START, WEB

pytestmark = [pytest.mark.usefixtures("iqcs_world"), pytest.mark.invariant("I10")]
REPORT = "responder_reports"
NOW = START + timedelta(days=200)
SECOND = timedelta(seconds=1)


def then(person: Account, at: datetime) -> PersonThen:
    """What a person sees of their own past."""
    return person_then(person, person.public_id, PROGRAM, at, NOW)


def told_to_reviews(person: Account, at: datetime) -> datetime | None:
    """The last sign-in up to an instant, as the report of a review has it."""
    part = Participation.objects.select_related("account").get(account=person, program_id=PROGRAM)
    return last_sign_ins([part], PROGRAM, at)[part.pk]


def held(person: Account, at: datetime) -> set[str]:
    """Roles by title, and access by code."""
    return {one.organization_code or one.title for one in then(person, at).held}


@pytest.mark.requirement("IQCS-11")
def test_a_detail_was_held_from_its_first_to_its_last_instant_and_could_be_used_then_only(
    person: Account, representative: Account, security: Account
) -> None:
    form = iqcs.answers({MANAGER: "add"}, ["FWS-R6"], starts_on="2026-05-10", ends_on="2026-05-31")
    request = iqcs.asks(person, form)
    for who in (representative, security):
        decides(who, open_stage(request), at=START)
    begins = datetime.fromisoformat("2026-05-10T06:00:00+00:00")
    ends = datetime.fromisoformat("2026-06-01T06:00:00+00:00")
    for at, there in ((begins - SECOND, False), (begins, True), (ends - SECOND, True), (ends, False)):
        assert ("FWS-R6" in held(person, at), "Account Manager" in held(person, at)) == (there, there)
        [could] = could_then([person], PROGRAM, REPORT, place("FWS-R6"), at)
        # The walk of today, asked for that instant, gives the same.
        assert could.allowed is there is standing_of(person, PROGRAM, at).allows(REPORT, place("FWS-R6"))
        [other] = could_then([person], PROGRAM, REPORT, place("USAF-ACC"), at)
        assert not other.allowed


@pytest.mark.requirement("IQCS-04")
def test_a_role_without_access_and_access_without_a_role_could_do_nothing_on_that_day(
    person: Account,
) -> None:
    given = START + timedelta(days=10)
    grants.designated(person, MANAGER, program_id=PROGRAM, at=START + timedelta(days=1))
    iqcs.gives_access(person, "FWS-R6", at=given)
    before, after = (
        could_then([person], PROGRAM, REPORT, place("FWS-R6-BNR"), given - SECOND),
        could_then([person], PROGRAM, REPORT, place("FWS-R6-BNR"), given),
    )
    assert ([one.allowed for one in before], [one.allowed for one in after]) == ([False], [True])
    assert held(person, given - SECOND) == {"Account Manager"}
    assert held(person, given) == {"Account Manager", "FWS-R6"}
    # View Users then: whose access reaches the unit from above, and nobody before it was given.
    steward = grants.steward("Stella Steward", PROGRAM)
    unit = place("FWS-R6-BNR").public_id

    def connected(at: datetime) -> set[str]:
        return {one.name for one in users_then(steward, unit, PROGRAM, at, NOW).people.rows}

    assert person.name not in connected(given - SECOND)
    assert person.name in connected(given)


@pytest.mark.requirement("IQCS-13")
def test_the_employer_on_that_day_is_the_one_on_record_then(person: Account) -> None:
    grants.designated(person, MANAGER, program_id=PROGRAM)
    moved = START + timedelta(days=30)
    iqcs.employed(person, "FWS-R6-BNR", at=START)
    iqcs.employed(person, "USAF-ACC", at=moved)
    steward = grants.steward("Stella Steward", PROGRAM)

    def employer(at: datetime) -> str:
        rows = people_then(steward, PROGRAM, at, NOW).rows
        return next(one.employer for one in rows if one.name == person.name)

    assert employer(moved - SECOND) == "Benton Lake Refuge"
    assert employer(moved) == "Air Combat Command"


@pytest.mark.requirement("IQCS-13")
def test_the_employer_on_that_day_is_called_as_it_was_then(person: Account) -> None:
    grants.designated(person, MANAGER, program_id=PROGRAM)
    iqcs.employed(person, "FWS-R6-BNR", at=START)
    steward = grants.steward("Stella Steward", PROGRAM)
    for name, days in (("Northern Refuge", 40), ("Southern Refuge", 50)):
        edit_organization(
            acting_user=None,
            program_id=PROGRAM,
            organization_id=place("FWS-R6-BNR").public_id,
            typed=Typed(name, "FWS-R6-BNR"),
            at=START + timedelta(days=days),
            origin=COMMAND,
        )

    def employer(days: int) -> str:
        rows = people_then(steward, PROGRAM, START + timedelta(days=days), NOW).rows
        return next(one.employer for one in rows if one.name == person.name)

    named = ["Benton Lake Refuge", "Northern Refuge", "Northern Refuge", "Southern Refuge"]
    assert [employer(days) for days in (39, 40, 49, 50)] == named


@pytest.mark.requirement("IQCS-13")
def test_the_last_sign_in_on_that_day_is_none_that_came_later(person: Account) -> None:
    first, second = START + timedelta(days=5), START + timedelta(days=50)
    for at in (first, second):
        record_sign_in(acting_user=person, program_id=PROGRAM, at=at, origin=WEB)
    told = [
        then(person, at).last_signed_in_at for at in (first - SECOND, first, second - SECOND, second, NOW)
    ]
    assert told == [None, first, first, second, second]


@pytest.mark.requirement("IQCS-13")
def test_a_sign_in_that_came_with_a_merge_is_not_told_of_the_time_before_as_the_kept_accounts(
    person: Account,
) -> None:
    other = grants.user("The Same", PROGRAM)
    mine, theirs = START + timedelta(days=3), START + timedelta(days=9)
    record_sign_in(acting_user=person, program_id=PROGRAM, at=mine, origin=WEB)
    record_sign_in(acting_user=other, program_id=PROGRAM, at=theirs, origin=WEB)
    merge_accounts(
        acting_user=None, program_id=PROGRAM, kept_id=person.public_id, closed_id=other.public_id, shown=None,
        reason="the same", at=START + timedelta(days=20), origin=COMMAND,
    )  # fmt: skip
    assert then(person, theirs - SECOND).last_signed_in_at == mine
    assert then(person, mine - SECOND).last_signed_in_at is None
    assert then(person, NOW).last_signed_in_at == theirs
    assert told_to_reviews(person, theirs - SECOND) == mine
    # Between their sign-in and the merge it was not the kept account's yet, whoever signs in afterwards.
    merged, between = START + timedelta(days=20), START + timedelta(days=15)
    for _ in range(2):
        assert then(person, between).last_signed_in_at == told_to_reviews(person, between) == mine
        assert then(person, merged).last_signed_in_at == told_to_reviews(person, merged) == theirs
        record_sign_in(acting_user=person, program_id=PROGRAM, at=START + timedelta(days=30), origin=WEB)


def warned(person: Account, at: datetime) -> None:
    """Warn who was never warned: the end moves to the end of the grace."""
    warn_of_quiet(rolebooks.in_force(PROGRAM, at), at=at, origin=COMMAND)


def deactivated(person: Account, at: datetime) -> None:
    """Deactivate somebody."""
    change_participation_status(
        acting_user=None, program_id=PROGRAM, beneficiary_id=person.public_id, status="deactivated",
        reason="She is ill.", at=at, origin=COMMAND,
    )  # fmt: skip


def reactivated(person: Account, at: datetime) -> None:
    """Reactivate somebody whom no job has closed."""
    steward, security = (
        grants.steward("Stella Steward", PROGRAM, at),
        iqcs.holder(SECURITY, None, "Sven", at=at),
    )
    request = ask_reactivation(
        acting_user=steward, program_id=PROGRAM, beneficiary_id=person.public_id, reason="She is back.",
        at=at, origin=WEB,
    )  # fmt: skip
    decides(security, open_stage(request), at=at)


@pytest.mark.requirement("IQCS-08")
@pytest.mark.parametrize(
    ("ends_it", "afterwards"),
    [(warned, "active"), (deactivated, "deactivated"), (reactivated, "active")],
)
def test_who_was_past_their_quiet_on_that_day_could_do_nothing_then_whatever_came_afterwards(
    person: Account, ends_it: Callable[[Account, datetime], None], afterwards: str
) -> None:
    """No job had closed them: power had ended by itself, and neither a warning nor a reactivation gives that back."""
    grants.designated(person, MANAGER, program_id=PROGRAM)
    iqcs.gives_access(person, "FWS-R6")
    end = months_after(START, 12, "America/Boise")
    # What had been asked on that day.
    assert not standing_of(person, PROGRAM, end).allows(REPORT, place("FWS-R6"))
    later = end + timedelta(days=5)
    ends_it(person, later)
    for at, status in (
        (end - SECOND, "active"),
        (end, "closed"),
        (later - SECOND, "closed"),
        (later, afterwards),
    ):
        [told] = people_at(PROGRAM, [person], at, apart=True)
        [could] = could_then([person], PROGRAM, REPORT, place("FWS-R6"), at)
        assert (told.status, could.allowed) == (status, status == "active"), at
