"""Which role do I need: smallest sets of one category, fewest extras first."""

from itertools import combinations
from random import Random

import pytest

from rolebook.decision.library import load
from rolebook.decision.which_role import which_role
from tests.agreement.worlds import make_world


@pytest.mark.requirement("IQIES-03")
def test_one_role_that_has_all_comes_before_sets_and_fewest_extras_come_first() -> None:
    found = load("iqies").which_role("View survey details", "View intake details")
    assert {len(given.role_ids) for given in found[:4]} == {1}
    extras = [len(given.extras) for given in found if len(given.role_ids) == 1]
    assert extras == sorted(extras)
    assert "view_survey_details" not in found[0].extras


@pytest.mark.requirement("IQIES-03", "IQIES-08")
def test_a_role_that_cannot_be_requested_is_shown_as_such() -> None:
    (given,) = load("iqies").which_role("Delete a survey")
    assert (given.role_ids, given.not_requestable) == (("cms_admin",), ("cms_admin",))


@pytest.mark.requirement("IQIES-03", "IQIES-04")
def test_a_set_never_mixes_categories() -> None:
    iqies = load("iqies")
    category = {role.id: role.category_id for role in iqies.rolebook.roles}
    for given in iqies.which_role("View user profile", "iQIES role approval"):
        assert {category[role_id] for role_id in given.role_ids} == {given.category_id}
    assert iqies.which_role("View user profile", "Add a patient") == ()


def test_an_unknown_privilege_is_given_by_no_role() -> None:
    assert load("iqies").which_role("Fly") == ()
    assert load("iqies").which_role() == ()


@pytest.mark.parametrize("seed", range(60))
def test_sets_are_exactly_the_smallest_that_trying_all_of_them_finds(seed: int) -> None:
    random = Random(seed)
    world = make_world(random, people=0)
    while len(world.rolebook.roles) > 8:  # more sets than can be tried
        world = make_world(random, people=0)
    rolebook, program = world.rolebook, world.program
    privileges = [privilege.id for privilege in rolebook.privileges]
    needed = random.sample(privileges, random.randint(1, min(4, len(privileges))))
    expected = set()
    for category in rolebook.categories:
        roles = [role.id for role in rolebook.roles if role.category_id == category.id]
        for size in range(1, len(roles) + 1):
            sets = [
                chosen
                for chosen in combinations(roles, size)
                if set(needed) <= {given for role_id in chosen for given in rolebook.powers(role_id)}
            ]
            if sets:
                expected |= set(sets)
                break
    found = which_role(rolebook, program, needed, limit=10_000)
    assert {given.role_ids for given in found} == expected
    for given in found:
        gives = {privilege for role_id in given.role_ids for privilege in rolebook.powers(role_id)}
        assert set(given.extras) == gives - set(needed)
    keys = [(len(given.role_ids), len(given.own_record_only), len(given.extras)) for given in found]
    assert keys == sorted(keys)
