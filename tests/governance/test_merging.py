"""Two accounts of one person become one: nothing is gained by it, nothing is lost, and all of it is on record."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.person_models import SamePerson
from rolebook.audit.models import Event
from rolebook.governance.authority import in_force, standing_of
from rolebook.governance.flows.merge_accounts import Merged, merge_accounts
from rolebook.governance.flows.name_same_person import declare_same_person, tell_apart
from rolebook.governance.merging import plan_merge
from rolebook.governance.models import Grant, Participation, Request
from rolebook.governance.one_voice import spoken_before
from rolebook.governance.queries import my_access
from rolebook.governance.queries.audit_trail import own_history
from rolebook.governance.queries.duplicates import merge_preview, possible_duplicates
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.replaying import compare_with_log
from tests.support import grants as people
from tests.support.grants import LATER, codes
from tests.support.people import COMMAND, START, WEB, activate

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQIES-04")]
MUCH_LATER = LATER + timedelta(hours=1)


def merge(
    by: Account | None, kept: Account, closed: Account, program_id: str = "qpp", shown: str | None = None
) -> Merged:
    return merge_accounts(
        acting_user=by,
        program_id=program_id,
        kept_id=kept.public_id,
        closed_id=closed.public_id,
        shown=shown,
        reason="both told me so on the phone",
        at=MUCH_LATER,
        origin=WEB,
    )


def joins(account: Account, program_id: str = "qpp") -> Account:
    Participation.objects.get_or_create(
        account=account, program_id=program_id, defaults={"created_at": START}
    )
    return account


def test_what_the_closed_account_held_goes_over_with_its_origin_and_its_end(
    practice: Organization,
) -> None:
    steward, olga = people.steward(), people.official(practice)
    old, kept = people.staff(practice, olga, "Ana Lopez"), joins(people.user("Ana Lopez"))
    done = merge(steward, kept, old)
    assert (done.moved, done.ended) == (1, 0)
    replayed = compare_with_log()
    assert (replayed.findings, replayed.grants) == ([], 4)
    before, now = Grant.objects.get(account=old), Grant.objects.get(account=kept)
    assert (before.closed_at, now.starts_at) == (MUCH_LATER, MUCH_LATER)
    assert (now.moved_from_id, now.request_item_id, now.ends_at) == (before.pk, None, before.ends_at)
    [held] = my_access(kept, "qpp", MUCH_LATER)
    assert held.why is not None
    office = f"a Security Official of {practice.name}"
    assert (held.why.how, held.why.by) == ("request", office)
    for account, at in ((old, LATER), (kept, MUCH_LATER)):
        assert [one.account_id for one in Grant.objects.filter(in_force(at), role_id=people.STAFF)] == [
            account.pk
        ]


@pytest.mark.invariant("I7")
def test_the_closed_account_is_closed_for_good_and_points_at_the_one_that_remains(
    practice: Organization,
) -> None:
    steward, olga = people.steward(), people.official(practice)
    old, kept = people.staff(practice, olga), joins(people.user())
    salt = Account.objects.get(pk=old.pk).session_salt
    merge(steward, kept, old)
    fresh = Account.objects.get(pk=old.pk)
    assert (fresh.status, fresh.merged_into_id) == ("closed", kept.pk)
    assert fresh.session_salt != salt
    assert not standing_of(old, "qpp", MUCH_LATER).person.active
    with pytest.raises(Refused) as refused:
        merge(steward, kept, old)
    assert codes(refused) == ["merge_already"]
    third = joins(people.user("Ana Third"))
    merge(steward, third, kept)
    assert Account.objects.get(pk=old.pk).merged_into_id == third.pk


def test_a_merge_that_would_break_one_category_is_refused_and_changes_nothing(db: None) -> None:
    activate("iqies")
    steward = people.steward(program_id="iqies")
    one, other = (joins(people.user(name, "iqies"), "iqies") for name in ("Ana One", "Ana Other"))
    ohio = Organization.objects.get(program_id="iqies", code="OH")
    people.placed(one, "cms_general_user", None, program_id="iqies")
    people.placed(other, "state_general_user", ohio, program_id="iqies")
    with pytest.raises(Refused) as refused:
        merge(steward, one, other, "iqies")
    assert codes(refused) == ["merge_category"]
    assert Account.objects.filter(status="active").count() == 3
    assert Event.objects.filter(tag="attempt:refused:merge").count() == 1


@pytest.mark.invariant("I6")
@pytest.mark.fault(7)
def test_a_role_that_ones_other_account_gave_ends_with_the_merge(practice: Organization) -> None:
    steward, olga = people.steward(), people.official(practice)
    mine = people.staff(practice, olga, "Olga Official")
    assert merge(steward, mine, olga).ended == 1
    held = Grant.objects.filter(in_force(MUCH_LATER), account=mine)
    assert [one.role_id for one in held] == [people.OFFICIAL]


@pytest.mark.invariant("I6")
def test_a_role_that_the_remaining_account_gave_to_the_other_does_not_go_over(practice: Organization) -> None:
    steward, olga = people.steward(), people.official(practice)
    mine = people.staff(practice, olga, "Olga Official")
    assert (merge(steward, olga, mine).moved, Grant.objects.get(account=mine).closed_at) == (0, MUCH_LATER)


@pytest.mark.invariant("I6")
def test_requests_of_the_closed_account_end_and_the_remaining_one_decides_none_of_its_own(
    practice: Organization,
) -> None:
    steward, olga = people.steward(), people.official(practice)
    nora = people.user("Nora New")
    asked = people.asks(nora, practice)
    done = merge(steward, olga, nora)
    asked.refresh_from_db()
    assert (done.withdrawn, asked.state) == (1, Request.State.WITHDRAWN)


@pytest.mark.invariant("I6")
@pytest.mark.fault(9)
def test_what_the_closed_account_decided_counts_as_decided_by_the_one_that_remains(
    practice: Organization,
) -> None:
    steward, olga = people.steward(), people.official(practice)
    second = people.official(practice, "Olga Again")
    request = people.asks(people.user("Nora New"), practice)
    stage = people.open_stage(request)
    people.decides(olga, stage)
    merge(steward, second, olga)
    twin = people.waiting(people.user("Nick New"), practice)
    twin.request_id, twin.chain_id = stage.request_id, stage.chain_id
    assert spoken_before(standing_of(second, "qpp", LATER), twin) == "decided_before"


@pytest.mark.invariant("I2")
def test_who_is_no_steward_of_every_program_concerned_merges_nothing(practice: Organization) -> None:
    activate("iqies")
    steward, olga = people.steward(), people.official(practice)
    old, kept = people.staff(practice, olga), joins(people.user())
    with pytest.raises(NotFound):
        merge(olga, kept, old)
    joins(old, "iqies")
    with pytest.raises(Refused) as refused:
        merge(steward, kept, old)
    assert codes(refused) == ["merge_other_programs"]
    assert not merge(None, kept, old, "qpp").withdrawn


@pytest.mark.invariant("I6")
def test_a_steward_merges_no_account_of_their_own(practice: Organization) -> None:
    steward, olga = people.steward(), people.official(practice)
    with pytest.raises(Refused) as refused:
        merge(steward, steward, people.staff(practice, olga))
    assert codes(refused) == ["own_merge"]


@pytest.mark.invariant("I5")
def test_a_merge_that_is_not_what_was_shown_is_refused(practice: Organization) -> None:
    steward, olga = people.steward(), people.official(practice)
    old, kept = people.staff(practice, olga), joins(people.user())
    shown = plan_merge(kept, old, MUCH_LATER).digest
    people.asks(old, practice, role_id=people.OFFICIAL)
    with pytest.raises(Refused) as refused:
        merge(steward, kept, old, shown=shown)
    assert codes(refused) == ["merge_not_as_shown"]


def test_nothing_comes_alive_by_a_merge_that_was_deactivated(practice: Organization) -> None:
    steward, olga = people.steward(), people.official(practice)
    old, kept = people.staff(practice, olga), joins(people.user())
    Participation.objects.filter(account=old).update(status="deactivated")
    with pytest.raises(Refused) as refused:
        merge(steward, kept, old)
    assert codes(refused) == ["merge_closed_not_active"]


def test_the_same_name_and_the_same_first_part_of_the_address_are_found_until_told_apart(
    practice: Organization,
) -> None:
    steward = people.steward()
    one, other, third = (joins(people.user(name)) for name in ("Ana Lopez", "ana lopez", "Ana Lopez"))
    Account.objects.filter(pk=one.pk).update(email_key="ana@one.example")
    Account.objects.filter(pk=other.pk).update(email_key="ana@other.example")
    Account.objects.filter(pk=third.pk).update(email_key="ana.l@other.example")
    [pair] = possible_duplicates(steward, "qpp", LATER)
    assert {pair.one.account_id, pair.other.account_id} == {one.public_id, other.public_id}
    tell_apart(
        acting_user=steward,
        program_id="qpp",
        one_id=other.public_id,
        other_id=one.public_id,
        reason="",
        at=LATER,
        origin=WEB,
    )
    assert possible_duplicates(steward, "qpp", LATER) == ()
    with pytest.raises(NotFound):
        possible_duplicates(people.official(practice), "qpp", LATER)


@pytest.mark.invariant("I14")
def test_declaring_another_account_answers_alike_and_merges_nothing(practice: Organization) -> None:
    steward, ana, other = people.steward(), joins(people.user("Ana")), joins(people.user("Bea"))
    before = own_history(ana, "qpp", LATER).lines
    for user_id in ("nobody-of-that-name", other.user_id, ana.user_id):
        declare_same_person(acting_user=ana, user_id=user_id, at=LATER, origin=COMMAND)
    assert SamePerson.objects.get().source == "declared"
    assert own_history(ana, "qpp", LATER).lines == before
    assert Account.objects.filter(status="active").count() == 3
    [pair] = possible_duplicates(steward, "qpp", LATER)
    told = merge_preview(steward, "qpp", pair.one.account_id, pair.other.account_id, LATER).sentences
    assert told[-1] == "This cannot be undone."
    # What a steward found of it is not told in one's own history either.
    tell_apart(
        acting_user=steward,
        program_id="qpp",
        one_id=ana.public_id,
        other_id=other.public_id,
        reason="",
        at=LATER,
        origin=WEB,
    )
    assert own_history(ana, "qpp", LATER).lines == before
