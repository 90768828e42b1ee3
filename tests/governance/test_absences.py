"""Out of office: who decides meanwhile, what a delegate never gains, and whose word is a second one (IQCS-04)."""

import uuid
from datetime import date, datetime, timedelta

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.governance.flows.end_designation import end_designation
from rolebook.governance.flows.record_absence import decline_delegation, end_absence, record_absence
from rolebook.governance.models import Absence, Delegation, Outcome
from rolebook.governance.queries import pending_requests, request_detail
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.policy.words import sentence
from tests.support import grants, people, rolebooks
from tests.support.grants import OFFICIAL, STAFF, asks, codes, decides, open_stage
from tests.support.people import COMMAND, START, WEB

pytestmark = [pytest.mark.usefixtures("qpp"), pytest.mark.requirement("IQCS-04")]
TODAY = START.date()
LATER = START + timedelta(hours=2)
AFTER = START + timedelta(days=10)


@pytest.fixture
def official(practice: Organization) -> Account:
    return grants.official(practice)


@pytest.fixture
def colleague(practice: Organization) -> Account:
    return grants.official(practice, "Cora Colleague")


def goes(
    account: Account,
    delegate: Account | None = None,
    *,
    days: int = 3,
    first_on: date = TODAY,
    role_id: str = OFFICIAL,
    at: datetime = START,
) -> Absence:
    """Somebody is away for some days, and names whoever is given."""
    return record_absence(
        acting_user=account,
        program_id="qpp",
        first_on=first_on,
        last_on=first_on + timedelta(days=days - 1),
        delegates={} if delegate is None else {role_id: delegate.public_id},
        at=at,
        origin=WEB,
    )


def decidable(account: Account, at: datetime = LATER) -> int:
    return len(pending_requests(account, "qpp", at, show="to decide").rows)


def test_the_delegate_decides_and_the_record_says_for_whom(
    practice: Organization, official: Account, colleague: Account
) -> None:
    goes(official, colleague)
    request = asks(grants.user(), practice)
    decides(colleague, open_stage(request), at=LATER)
    assert Outcome.objects.get().delegate_for == official
    (step,) = request_detail(colleague, request.public_id, "qpp", LATER).present.steps
    assert (step.decided_by, step.delegate_for) == (colleague.name, official.name)


def test_an_absence_ends_by_itself_at_the_end_of_its_last_day_and_without_any_job(
    practice: Organization, official: Account, colleague: Account
) -> None:
    absence = goes(official, colleague, days=1)
    assert absence.ends_at.isoformat() == "2026-03-03T05:00:00+00:00"
    request = asks(grants.user(), practice)
    decides(colleague, open_stage(request), at=absence.ends_at)
    assert Outcome.objects.get().delegate_for is None


def test_who_is_away_can_still_decide_and_decides_for_themselves(
    practice: Organization, official: Account, colleague: Account
) -> None:
    goes(official, colleague)
    decides(official, open_stage(asks(grants.user(), practice)), at=LATER)
    assert Outcome.objects.get().delegate_for is None


@pytest.mark.fault(12)
@pytest.mark.invariant("I2")
def test_nobody_names_a_delegate_for_a_role_that_they_lack(official: Account, colleague: Account) -> None:
    for role_id in (STAFF, "steward", "no_such_role"):
        with pytest.raises(Refused) as refusal:
            goes(official, colleague, role_id=role_id)
        assert codes(refusal) == ["delegated_beyond_own"]
    with pytest.raises(NotFound):
        goes(grants.user("Stan Staff"), colleague)
    assert not Absence.objects.exists()


@pytest.mark.fault(12)
@pytest.mark.invariant("I2")
def test_a_delegate_is_somebody_who_could_decide_anyway_at_the_same_place(
    practice: Organization, official: Account
) -> None:
    elsewhere = grants.official(people.practice("Harbor Point Clinic"), "Edna Elsewhere")
    staff = grants.staff(practice, official)
    for other in (elsewhere, staff, grants.steward()):
        with pytest.raises(Refused) as refusal:
            goes(official, other)
        assert codes(refusal) == ["delegate_could_not_decide"]
    with pytest.raises(Refused) as refusal:
        goes(official, official)
    assert codes(refusal) == ["own_delegate"]


@pytest.mark.invariant("I1", "I14")
def test_naming_a_stranger_as_delegate_is_answered_like_naming_nobody(official: Account) -> None:
    stranger = people.new_user("Zoe Zimmer").account

    def said(named: uuid.UUID, role_id: str) -> list[str]:
        with pytest.raises(Refused) as refusal:
            record_absence(
                acting_user=official,
                program_id="qpp",
                first_on=TODAY,
                last_on=TODAY,
                delegates={role_id: named},
                at=START,
                origin=WEB,
            )
        return [sentence(one.code, **one.params) for one in refusal.value.violations]

    for role_id in (OFFICIAL, STAFF):
        told = said(stranger.public_id, role_id)
        assert told == said(uuid.uuid4(), role_id)
        assert "Zimmer" not in " ".join(told)


@pytest.mark.fault(12)
@pytest.mark.invariant("I2")
def test_nothing_is_delegated_beyond_the_end_of_ones_own_role_or_of_the_delegates(
    practice: Organization, official: Account, colleague: Account
) -> None:
    _ends(colleague, START + timedelta(days=2))
    with pytest.raises(Refused) as refusal:
        goes(official, colleague, days=3)
    assert codes(refusal) == ["delegate_could_not_decide"]
    goes(official, colleague, days=1)
    with pytest.raises(Refused) as refusal:
        goes(colleague, official, days=3)
    assert codes(refusal) == ["delegated_beyond_own"]


def _ends(account: Account, ends_at: datetime) -> None:
    """Have the official's role end at an instant, as one does that was given for a time."""
    from rolebook.governance.flows import designate_role
    from rolebook.governance.models import Grant

    grant = Grant.objects.get(account=account)
    end_designation(
        acting_user=None, program_id="qpp", grant_id=grant.public_id, at=START, origin=COMMAND, reason="dated"
    )
    designate_role(
        acting_user=None,
        program_id="qpp",
        role_id=OFFICIAL,
        beneficiary_id=account.public_id,
        organization_id=grant.organization.public_id if grant.organization else None,
        ends_at=ends_at,
        at=START,
        origin=COMMAND,
    )


@pytest.mark.fault(12)
@pytest.mark.invariant("I2", "I7")
def test_a_delegate_who_has_lost_the_office_decides_nothing_whatever_the_record_says(
    practice: Organization, official: Account, colleague: Account
) -> None:
    goes(official, colleague)
    request = asks(grants.user(), practice)
    from rolebook.governance.models import Grant

    end_designation(
        acting_user=None,
        program_id="qpp",
        grant_id=Grant.objects.get(account=colleague).public_id,
        at=LATER,
        origin=COMMAND,
        reason="left",
    )
    with pytest.raises((NotFound, NotAllowed)):
        decides(colleague, open_stage(request), at=LATER + timedelta(seconds=1))


@pytest.mark.fault(9)
@pytest.mark.invariant("I6")
def test_a_delegate_is_no_second_signature_of_a_request_that_the_absent_person_signed(
    practice: Organization, official: Account, colleague: Account
) -> None:
    rolebooks.put_in_force(rolebooks.two_official_stages(rolebooks.in_force()))
    third = grants.official(practice, "Thea Third")
    request = asks(grants.user(), practice)
    decides(official, open_stage(request), at=LATER)
    goes(official, colleague, at=LATER)
    assert (decidable(colleague), decidable(third)) == (0, 1)
    with pytest.raises(Refused) as refusal:
        decides(colleague, open_stage(request), at=LATER)
    assert codes(refusal) == ["delegate_of_decider"]
    decides(third, open_stage(request), at=LATER)


@pytest.mark.fault(9)
@pytest.mark.invariant("I6")
def test_the_absent_person_is_no_second_signature_of_a_request_that_the_delegate_signed_for_them(
    practice: Organization, official: Account, colleague: Account
) -> None:
    rolebooks.put_in_force(rolebooks.two_official_stages(rolebooks.in_force()))
    steward = grants.steward()
    request = asks(grants.user(), practice)
    absence = goes(official, colleague)
    decides(colleague, open_stage(request), at=LATER)
    end_absence(acting_user=official, program_id="qpp", absence_id=absence.public_id, at=LATER, origin=WEB)
    for who, code in ((official, "delegate_decided"), (colleague, "decided_before")):
        assert decidable(who) == 0
        with pytest.raises(Refused) as refusal:
            decides(who, open_stage(request), at=LATER)
        assert codes(refusal) == [code]
    # Nobody is left in the office whose word would not be a second one.
    assert decidable(steward) == 1
    decides(steward, open_stage(request), at=LATER)


@pytest.mark.parametrize("ending", ["ended", "declined", "over"])
def test_a_delegation_that_is_over_counts_for_nothing(
    practice: Organization, official: Account, colleague: Account, ending: str
) -> None:
    absence = goes(official, colleague)
    request = asks(grants.user(), practice)
    at = LATER
    if ending == "ended":
        end_absence(
            acting_user=official, program_id="qpp", absence_id=absence.public_id, at=LATER, origin=WEB
        )
    elif ending == "declined":
        [one] = Delegation.objects.all()
        decline_delegation(
            acting_user=colleague, program_id="qpp", delegation_id=one.public_id, at=LATER, origin=WEB
        )
    else:
        at = AFTER
    decides(colleague, open_stage(request), at=at)
    assert Outcome.objects.get().delegate_for is None


def test_only_who_is_away_ends_it_and_only_who_was_named_declines(
    official: Account, colleague: Account
) -> None:
    absence = goes(official, colleague)
    [delegation] = Delegation.objects.all()
    with pytest.raises(NotFound):
        end_absence(
            acting_user=colleague, program_id="qpp", absence_id=absence.public_id, at=LATER, origin=WEB
        )
    with pytest.raises(NotFound):
        decline_delegation(
            acting_user=official,
            program_id="qpp",
            delegation_id=delegation.public_id,
            at=LATER,
            origin=WEB,
        )


@pytest.mark.parametrize(
    ("first", "days", "code"),
    [
        (-1, 3, "absence_in_the_past"),
        (3, 0, "absence_wrong_order"),
        (1, 400, "absence_too_long"),
        (2, 5, "absence_overlaps"),
    ],
)
def test_days_that_cannot_be_are_refused(official: Account, first: int, days: int, code: str) -> None:
    goes(official, days=4)
    with pytest.raises(Refused) as refusal:
        goes(official, first_on=TODAY + timedelta(days=first), days=days)
    assert codes(refusal) == [code]


def test_who_is_away_on_those_days_cannot_be_named(official: Account, colleague: Account) -> None:
    goes(colleague, days=2, first_on=TODAY + timedelta(days=1))
    with pytest.raises(Refused) as refusal:
        goes(official, colleague)
    assert codes(refusal) == ["delegate_away"]


def test_the_operator_records_ends_and_lists_absences_at_the_command_line(
    official: Account, colleague: Account
) -> None:
    import json

    from click.testing import CliRunner

    from rolebook.audit import clock
    from rolebook.cli.server.requests import requests

    def run(*arguments: str) -> str:
        told = CliRunner().invoke(requests, arguments)
        assert told.exit_code == 0, told.output
        return told.output

    first = (clock.now() + timedelta(days=2)).date()
    days = ("--first", str(first), "--last", str(first + timedelta(days=2)))
    made = json.loads(
        run(
            "away",
            "qpp",
            *("--user", official.user_id),
            *days,
            *("--delegate", f"security-official={colleague.user_id}", "--json"),
        )
    )
    assert made["delegates"] == {OFFICIAL: colleague.user_id}
    assert [one["user_id"] for one in json.loads(run("absences", "qpp", "--json"))] == [official.user_id]
    wrong = CliRunner().invoke(requests, ["away", "qpp", "--user", official.user_id, *days])
    assert "nothing was done: You are out of office" in wrong.output
    run("back", "qpp", "--user", official.user_id)
    assert run("absences", "qpp") == "nobody is, or will be, out of office\n"
