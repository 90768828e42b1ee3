"""Two accounts become one in a program that closes by quiet: sign-ins, employers and what was held before go on."""

from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.audit.models import Event
from rolebook.audit.recording import Origin
from rolebook.governance.account_answers import applicable_type
from rolebook.governance.employing import present_employment
from rolebook.governance.flows import record_sign_in
from rolebook.governance.flows.merge_accounts import merge_accounts
from rolebook.governance.flows.watch_quiet import watch_quiet
from rolebook.governance.models import AccessCheck, Grant, Participation, QuietWatch
from rolebook.governance.queries.duplicates import merge_preview
from rolebook.governance.queries.inactivity import closed_people, closed_person, quiet_overview
from rolebook.governance.reactivating import is_out
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.replaying import compare_with_log
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from rolebook.policy.months import months_after
from tests.governance.test_reactivating import DAY, END, HOUR, LATER, People
from tests.support import grants, iqcs, rolebooks
from tests.support.grants import codes
from tests.support.iqcs import LEAD, PROGRAM, TRAINING
from tests.support.people import COMMAND, START, WEB

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQIES-04")]
ZONE = "America/Boise"


def merge(
    kept: Account, closed: Account, at: datetime, by: Account | None = None, shown: str | None = None
) -> None:
    merge_accounts(
        acting_user=by,
        program_id=PROGRAM,
        kept_id=kept.public_id,
        closed_id=closed.public_id,
        shown=shown,
        reason="one person",
        at=at,
        origin=COMMAND if by is None else WEB,
    )


def signs_in(account: Account, at: datetime) -> None:
    record_sign_in(acting_user=account, program_id=PROGRAM, at=at, origin=WEB)


def part_of(account: Account) -> Participation:
    return Participation.objects.get(account=account, program_id=PROGRAM)


@pytest.fixture
def twins(db: None) -> tuple[Account, Account]:
    """The account that remains, which signed in once, and the other one of the same person."""
    iqcs.begin()
    kept, other = grants.user("Ana Kept", PROGRAM), grants.user("Ana Other", PROGRAM)
    signs_in(kept, START + DAY)
    signs_in(other, START)
    return kept, other


@pytest.mark.requirement("IQCS-08")
def test_twelve_months_count_from_the_later_sign_in_of_the_two(twins: tuple[Account, Account]) -> None:
    kept, other = twins
    signs_in(other, START + 300 * DAY)
    merge(kept, other, START + 301 * DAY)
    ends_at = months_after(START + 300 * DAY, 12, ZONE)
    assert (part_of(kept).last_signed_in_at, part_of(kept).quiet_ends_at) == (START + 300 * DAY, ends_at)
    told = Event.objects.get(tag="participation:sign-in-taken-over")
    assert told.beneficiary_id == kept.public_id
    assert ends_at.strftime("%Y-%m-%dT%H:%M:%S") in told.content
    assert compare_with_log().findings == []


@pytest.mark.requirement("IQCS-08")
def test_a_sign_in_before_ones_own_moves_nothing(twins: tuple[Account, Account]) -> None:
    kept, other = twins
    before = part_of(kept)
    merge(kept, other, START + 2 * DAY)
    assert part_of(kept).quiet_ends_at == before.quiet_ends_at == months_after(START + DAY, 12, ZONE)
    assert not Event.objects.filter(tag="participation:sign-in-taken-over").exists()


@pytest.mark.requirement("IQCS-08")
def test_an_end_that_was_put_off_stays_put_off_when_the_later_sign_in_gives_less(
    twins: tuple[Account, Account],
) -> None:
    kept, other = twins
    late = END + 20 * DAY
    Participation.objects.filter(account=kept).update(quiet_ends_at=late, quiet_warned_at=END)
    signs_in(other, START + 2 * DAY)
    merge(kept, other, END)
    assert (part_of(kept).quiet_ends_at, part_of(kept).quiet_warned_at) == (late, END)


@pytest.mark.requirement("IQCS-08")
@pytest.mark.requirement("IQCS-10")
def test_a_merge_gives_back_nothing_that_quiet_has_ended(twins: tuple[Account, Account]) -> None:
    kept, other = twins
    grants.placed(other, TRAINING, None, program_id=PROGRAM)
    past = months_after(START, 12, ZONE) + HOUR
    with pytest.raises(Refused) as refused:
        merge(kept, other, past)
    assert codes(refused) == ["merge_closed_not_active"]
    signs_in(other, past - 2 * HOUR)
    with pytest.raises(Refused) as refused:
        merge(kept, other, END + DAY + HOUR)
    assert codes(refused) == ["merge_kept_not_active"]


@pytest.mark.requirement("IQCS-03")
def test_the_employer_on_record_goes_over_and_who_merged_recorded_it(twins: tuple[Account, Account]) -> None:
    kept, other = twins
    steward = grants.steward(program_id=PROGRAM)
    iqcs.employed(other, "FWS-R6-BNR")
    iqcs.gives_access(other, "FWS-R6-BNR")
    merge(kept, other, START + 3 * DAY, by=steward)
    employment = present_employment(kept, PROGRAM)
    assert employment is not None
    assert (employment.organization.code, employment.recorded_by) == ("FWS-R6-BNR", steward)
    assert not AccessCheck.objects.exists()
    assert compare_with_log().findings == []


@pytest.mark.requirement("IQCS-03")
@pytest.mark.invariant("I5")
def test_the_merge_that_was_shown_is_bound_to_the_employer_that_it_names(
    twins: tuple[Account, Account],
) -> None:
    kept, other = twins
    steward = grants.steward(program_id=PROGRAM)
    said = "Benton Lake Refuge goes on record as employer of"
    before = merge_preview(steward, PROGRAM, kept.public_id, other.public_id, START + 2 * DAY)
    assert not any(sentence.startswith(said) for sentence in before.sentences)
    iqcs.employed(other, "FWS-R6-BNR", at=START + 2 * DAY)
    with pytest.raises(Refused) as refused:
        merge(kept, other, START + 3 * DAY, by=steward, shown=before.plan.digest)
    assert codes(refused) == ["merge_not_as_shown"]
    now = merge_preview(steward, PROGRAM, kept.public_id, other.public_id, START + 3 * DAY)
    assert f"{said} {kept.user_id}." in now.sentences
    merge(kept, other, START + 3 * DAY, by=steward, shown=now.plan.digest)


@pytest.mark.requirement("IQCS-03")
def test_an_employer_of_ones_own_stays(twins: tuple[Account, Account]) -> None:
    kept, other = twins
    iqcs.employed(kept, "BLM-MT")
    iqcs.employed(other, "FWS-R6-BNR")
    merge(kept, other, START + 3 * DAY)
    employment = present_employment(kept, PROGRAM)
    assert employment is not None
    assert employment.organization.code == "BLM-MT"


@pytest.mark.requirement("IQCS-02")
def test_who_held_an_account_before_a_merge_is_offered_a_modification(
    twins: tuple[Account, Account],
) -> None:
    kept, other = twins
    held = grants.placed(other, TRAINING, None, program_id=PROGRAM)
    Grant.objects.filter(pk=held.pk).update(closed_at=START + DAY)
    book = rolebooks.in_force(PROGRAM, START)
    assert applicable_type(book, kept, START + 2 * DAY) == "new"
    merge(kept, other, START + 3 * DAY)
    assert applicable_type(book, kept, START + 4 * DAY) == "modification"


@pytest.mark.requirement("IQCS-10")
def test_an_account_that_was_merged_is_not_reactivated_by_anybody(db: None) -> None:
    world = People()
    world.close()
    again = grants.user("Mia Again", PROGRAM, LATER)
    signs_in(again, LATER)
    assert [one.account_id for one in closed_people(world.rosa, PROGRAM, LATER).rows] == [world.mia.public_id]
    merge(again, world.mia, LATER + timedelta(minutes=1))
    with pytest.raises(NotFound):
        world.asks()
    with pytest.raises(NotFound):
        closed_person(world.rosa, PROGRAM, world.mia.public_id, LATER + HOUR)
    assert closed_people(world.rosa, PROGRAM, LATER + HOUR).rows == ()
    assert not is_out(world.mia, PROGRAM, LATER + HOUR)
    assert not Grant.objects.filter(account=world.mia, closed_at=None).exists()


@pytest.mark.requirement("IQCS-10")
def test_no_modification_reactivates_an_account_that_was_merged(db: None) -> None:
    world = People()
    iqcs.holder(LEAD, "FWS", "Lena Lead")
    world.close()
    again = grants.user("Mia Again", PROGRAM, LATER)
    signs_in(again, LATER)
    merge(again, world.mia, LATER + timedelta(minutes=1))
    with pytest.raises(Refused, match="beneficiary_not_active"):
        iqcs.asks(world.rosa, iqcs.answers({TRAINING: "add"}), beneficiary=world.mia, at=LATER + HOUR)


@pytest.mark.requirement("IQCS-08")
def test_an_account_that_was_merged_is_neither_warned_nor_due(twins: tuple[Account, Account]) -> None:
    kept, other = twins
    steward = grants.steward(program_id=PROGRAM)
    merge(kept, other, START + 3 * DAY)
    end = months_after(START, 12, ZONE)
    for one in (kept, steward):
        signs_in(one, end - 90 * DAY)
    QuietWatch.objects.update(ran_at=end - 60 * DAY)
    for before in (59, 30, 5):
        watch_quiet(PROGRAM, at=end - before * DAY, origin=Origin("job"))
    watched = watch_quiet(PROGRAM, at=end + 10 * DAY, origin=Origin("job"))
    while derive_notices(now=end + 10 * DAY):
        pass
    assert (watched.warned, watched.closed) == (0, 0)
    assert not Notice.objects.filter(kind="closing-near").exists()
    overview = quiet_overview(steward, PROGRAM, end + 10 * DAY)
    assert (overview.past, len(overview.due.rows)) == (0, 2)
