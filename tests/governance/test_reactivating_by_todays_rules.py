"""Of what newer rules forbid together, the preview of a reactivation says what stays ended; so it is done (IQCS-10)."""

from dataclasses import replace

import pytest

from rolebook.governance.account_answers import check_answers
from rolebook.governance.authority import standing_of
from rolebook.governance.models import Grant, Participation
from rolebook.governance.queries.account_preview import preview_of
from rolebook.governance.queries.inactivity import ClosedPerson, closed_person
from rolebook.governance.queries.reactivations import ReactivationTold, reactivation_told
from rolebook.governance.reactivating import comes_back
from rolebook.policy.model import Rolebook
from tests.governance.test_reactivating import DAY, END, HOUR, LATER, People
from tests.support import grants, iqcs, rolebooks
from tests.support.grants import decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM, TRAINING

pytestmark = pytest.mark.requirement("IQCS-10")
SAID = "Role Training Officer: "
BOTH = {
    "Role Account Manager",
    "Role Training Officer",
    "Access to Benton Lake Refuge (FWS-R6-BNR) with lower levels",
}


def exclusive(book: Rolebook) -> Rolebook:
    """The same rolebook with training officers in a category of their own, beside which no other is held."""
    roles = tuple(replace(one, category_id="responder") if one.id == TRAINING else one for one in book.roles)
    categories = tuple(replace(one, exclusive=True) for one in book.categories)
    return replace(book, roles=roles, categories=categories)


@pytest.fixture
def world(db: None) -> People:
    """Mia held two roles at her closing that the rolebook allowed together then."""
    people = People()
    grants.placed(people.mia, TRAINING, None, program_id=PROGRAM)
    people.close()
    return people


def forbidden_together() -> None:
    rolebooks.put_in_force(exclusive(rolebooks.in_force(PROGRAM, END)), END + DAY)


def to_reactivate(world: People) -> ClosedPerson:
    return closed_person(world.rosa, PROGRAM, world.mia.public_id, LATER)


def told(world: People) -> ReactivationTold:
    request = world.asks()
    found = reactivation_told(rolebooks.in_force(PROGRAM, LATER), request.public_id, LATER, tell_reason=True)
    assert found is not None
    decides(world.sven, open_stage(request), at=LATER + HOUR)
    return found


def test_what_is_allowed_together_still_comes_back_whole(world: People) -> None:
    assert set(to_reactivate(world).comes_back) == BOTH
    assert to_reactivate(world).refused == ()
    assert told(world).refused == ()
    assert world.held(LATER + HOUR) == {MANAGER, TRAINING, "FWS-R6-BNR"}


def test_of_two_that_are_now_forbidden_together_the_preview_names_the_one_that_stays_ended(
    world: People,
) -> None:
    forbidden_together()
    shown = to_reactivate(world)
    assert set(shown.comes_back) == BOTH - {"Role Training Officer"}
    [refused] = shown.refused
    assert refused.startswith(SAID)
    assert "Account Manager" in refused
    asked = told(world)
    assert (asked.comes_back, asked.refused) == (shown.comes_back, shown.refused)


def test_what_the_preview_says_is_what_the_reactivation_does(world: People) -> None:
    forbidden_together()
    part = Participation.objects.get(account=world.mia, program_id=PROGRAM)
    returning = comes_back(rolebooks.in_force(PROGRAM, LATER), part, LATER)
    said = {one.role_id if isinstance(one, Grant) else one.organization.code for one in returning.back}
    told(world)
    assert world.held(LATER + HOUR) == said == {MANAGER, "FWS-R6-BNR"}


@pytest.mark.requirement("IQCS-02")
def test_a_modification_that_reactivates_says_so_before_it_is_sent(world: People) -> None:
    forbidden_together()
    standing = standing_of(world.rosa, PROGRAM, LATER)
    checked = check_answers(standing, world.mia, iqcs.answers(codes=["BLM-MT"]))
    shown = preview_of(standing, world.mia, checked.wishes)
    [refused] = shown.not_back
    assert refused.startswith(SAID)
    assert not any("Training Officer" in said for said in shown.afterwards)
