"""What an account request comes to: new places of kept roles, and what was given already and begins later (IQCS-05)."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.account_answers import CodeAnswer, check_answers
from rolebook.governance.authority import standing_of
from rolebook.governance.queries import my_access
from rolebook.governance.queries.account_preview import Preview, preview_of
from rolebook.governance.queries.account_requests import form_to_fill
from rolebook.governance.queries.codes import my_codes
from tests.support import iqcs
from tests.support.grants import decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM, TRAINING
from tests.support.people import START

pytestmark = pytest.mark.usefixtures("iqcs_world")
LATER = START + timedelta(hours=1)
FIRST, LAST = "2026-05-10", "2026-05-31"


def preview(person: Account, *codes: CodeAnswer, roles: dict[str, str] | None = None) -> Preview:
    """What a form comes to, an hour after the start."""
    standing = standing_of(person, PROGRAM, LATER)
    checked = check_answers(standing, person, iqcs.answers(roles, codes))
    assert checked.problems == ()
    return preview_of(standing, person, checked.wishes)


def detail(person: Account, *approvers: Account) -> None:
    """Give a role and a code for some days that are still to come."""
    form = iqcs.answers({MANAGER: "add"}, ["FWS-R6"], starts_on=FIRST, ends_on=LAST)
    request = iqcs.asks(person, form)
    for who in approvers:
        decides(who, open_stage(request))


@pytest.mark.requirement("IQCS-05")
@pytest.mark.parametrize(
    ("asked", "gained", "lost"),
    [
        (CodeAnswer("BLM-MT"), ["BLM Montana State Office (BLM-MT)"], []),
        (CodeAnswer("FWS-R6-BNR", lower_levels=True), [], []),
        (
            CodeAnswer("USAF-ACC", lower_levels=True),
            ["Air Combat Command (USAF-ACC) with lower levels"],
            [],
        ),
        (
            CodeAnswer("FWS-R6", "remove"),
            [],
            ["FWS Mountain-Prairie Region (FWS-R6) with lower levels"],
        ),
    ],
    ids=["another code", "inside of what is held", "wider than what is held", "removed"],
)
def test_places_that_a_kept_role_reaches_anew_or_no_longer_are_named(
    asked: CodeAnswer, gained: list[str], lost: list[str]
) -> None:
    manager = iqcs.manager("FWS-R6")
    iqcs.gives_access(manager, "USAF-ACC", lower_levels=False)
    shown = preview(manager, asked)
    assert (list(shown.gained_places), list(shown.lost_places)) == (gained, lost)
    assert (shown.gained, shown.lost) == ((), ())


@pytest.mark.requirement("IQCS-05", "IQCS-11")
def test_of_a_code_that_is_held_twice_nothing_is_lost_by_asking_for_something_else(
    representative: Account, security: Account
) -> None:
    manager = iqcs.manager("FWS-R6-BNR")
    wide = iqcs.answers(codes=[CodeAnswer("FWS-R6", lower_levels=True)], ends_on=LAST)
    request = iqcs.asks(manager, wide)
    for who in (representative, security):
        decides(who, open_stage(request))
    iqcs.gives_access(manager, "FWS-R6", lower_levels=False, at=LATER)
    shown = preview(manager, roles={TRAINING: "add"})
    assert (shown.gained_places, shown.lost_places) == ((), ())


@pytest.mark.requirement("IQCS-11")
def test_what_was_given_for_later_days_is_shown_with_them_before_it_begins(
    person: Account, representative: Account, security: Account
) -> None:
    detail(person, representative, security)
    days = "from May 10, 2026 to the end of May 31, 2026; not yet in force"
    [role], [code] = my_access(person, PROGRAM, LATER), my_codes(person, PROGRAM, LATER)
    assert (role.role.role_id, role.days, role.begins_later) == (MANAGER, days, True)
    assert (code.organization_code, code.days, code.begins_later) == ("FWS-R6", days, True)
    shown = preview(person, roles={TRAINING: "add"})
    assert shown.dated == (
        f"Account Manager, {days}",
        f"Access to FWS Mountain-Prairie Region (FWS-R6), {days}",
    )
    assert shown.today == ("This person holds no role and no access.",)
    form = form_to_fill(person, PROGRAM, LATER)
    assert [one.days for one in form.roles if one.held] == [days]
    assert [one.days for one in form.held] == [days]


@pytest.mark.requirement("IQCS-02", "IQCS-11")
def test_to_ask_for_what_is_held_for_some_days_is_to_extend_it(
    person: Account, representative: Account, security: Account
) -> None:
    detail(person, representative, security)
    shown = preview(person, CodeAnswer("FWS-R6"), CodeAnswer("BLM-MT"), roles={MANAGER: "add"})
    assert shown.changes == (
        "Extend the role Account Manager",
        "Extend access to FWS Mountain-Prairie Region (FWS-R6)",
        "Add access to BLM Montana State Office (BLM-MT)",
    )


@pytest.mark.requirement("IQCS-11")
def test_once_it_has_begun_it_is_shown_with_its_last_day(
    person: Account, representative: Account, security: Account
) -> None:
    detail(person, representative, security)
    begun = START.replace(month=5, day=20)
    [role], [code] = my_access(person, PROGRAM, begun), my_codes(person, PROGRAM, begun)
    assert {role.days, code.days} == {"until the end of May 31, 2026"}
    assert not role.begins_later
    assert my_access(person, PROGRAM, begun.replace(month=6)) == ()


def in_days(
    person: Account, first: str, last: str, *codes: str, roles: dict[str, str] | None = None
) -> Preview:
    """What a form for some days comes to."""
    standing = standing_of(person, PROGRAM, LATER)
    form = iqcs.answers(roles, codes, starts_on=first, ends_on=last)
    checked = check_answers(standing, person, form)
    assert checked.problems == ()
    return preview_of(standing, person, checked.wishes)


@pytest.fixture
def ending(person: Account, representative: Account, security: Account) -> Account:
    """Somebody with a role and a code until the end of May."""
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["FWS-R6"], ends_on=LAST))
    for who in (representative, security):
        decides(who, open_stage(request))
    return person


@pytest.mark.requirement("IQCS-05", "IQCS-11")
def test_afterwards_is_what_can_be_done_in_the_days_asked_for_and_not_what_ends_before(
    ending: Account,
) -> None:
    shown = in_days(ending, "2026-08-01", "2026-09-30", roles={MANAGER: "add"})
    assert shown.could_before
    assert shown.changes == ("Add the role Account Manager",)
    assert shown.afterwards == (
        "This person then holds the role Account Manager.",
        "Without access to an organization code, the roles of managers give nothing.",
    )
    assert shown.apart == (
        "Roles and organization codes are not held together from Aug 1, 2026 to the end of Sep 30, 2026: "
        "one gives nothing without the other."
    )
    assert (shown.gained, shown.lost, shown.gained_places, shown.lost_places) == ((), (), (), ())


@pytest.mark.requirement("IQCS-05", "IQCS-11")
def test_where_the_code_goes_on_with_the_role_afterwards_is_what_both_give_and_nothing_is_apart(
    ending: Account,
) -> None:
    shown = in_days(ending, "2026-06-01", "2026-09-30", "FWS-R6", roles={MANAGER: "add"})
    assert shown.changes == (
        "Extend the role Account Manager",
        "Extend access to FWS Mountain-Prairie Region (FWS-R6)",
    )
    assert shown.afterwards[1].endswith(", in FWS Mountain-Prairie Region (FWS-R6).")
    assert (shown.apart, shown.gained, shown.gained_places) == ("", (), ())


@pytest.mark.requirement("IQCS-05", "IQCS-11")
def test_afterwards_counts_a_code_that_begins_later_and_it_is_said_when_the_role_has_none(
    person: Account, representative: Account, security: Account
) -> None:
    detail(person, representative, security)
    shown = in_days(person, FIRST, "2026-06-30", roles={MANAGER: "add"})
    assert shown.changes == ("Extend the role Account Manager",)
    assert shown.today == ("This person holds no role and no access.",)
    assert shown.afterwards[1].endswith(", in FWS Mountain-Prairie Region (FWS-R6).")
    assert "from Jun 1, 2026 to the end of Jun 30, 2026: one" in shown.apart
    earlier = in_days(person, "", "2026-06-30", roles={MANAGER: "add"})
    assert "together until the end of May 9, 2026 and from Jun 1, 2026 to the end" in earlier.apart
    assert preview(person, roles={TRAINING: "add"}).apart.endswith(
        "until the end of May 9, 2026 and from Jun 1, 2026 on: one gives nothing without the other."
    )


@pytest.mark.requirement("IQCS-05")
def test_who_asks_for_a_role_and_has_no_code_at_any_time_is_told_that_once(person: Account) -> None:
    shown = preview(person, roles={MANAGER: "add"})
    assert shown.afterwards[-1].startswith("Without access to an organization code")
    assert shown.apart == ""
