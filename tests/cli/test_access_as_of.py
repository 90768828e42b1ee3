"""`rolebook access`: the past at the command line, with what stood behind each line."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from rolebook.cli.server.access import access
from rolebook.cli.server.grants import grants as grants_command
from rolebook.governance.flows import remove_access
from tests.support import clocks, grants, people
from tests.support.people import START, WEB

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> str:
    """Stan was Staff User for a week of March; it is April."""
    people.activate("qpp", START)
    place = people.practice(at=START)
    olga = grants.official(place)
    stan = grants.staff(place, olga)
    remove_access(
        acting_user=olga,
        program_id="qpp",
        organization_id=place.public_id,
        beneficiary_id=stan.public_id,
        at=START + timedelta(days=7),
        origin=WEB,
    )
    clocks.it_is(monkeypatch, START + timedelta(days=40))
    return place.code


def run(*arguments: str) -> str:
    done = CliRunner().invoke(access, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_what_people_held_on_a_day_comes_with_who_asked_decided_and_ended_it(told: str) -> None:
    then = run("as-of", "qpp", "2026-03-05", "--organization", told)
    assert "approved by Olga Official on 2026-03-02" in then
    assert "because: It was removed; by Olga Official" in then
    assert "Stan Staff" not in run("as-of", "qpp", "2026-03-09", "--organization", told)
    rows = json.loads(run("as-of", "qpp", "2026-03-05", "--organization", told, "--json"))
    [row] = [one for one in rows if one["name"] == "Stan Staff"]
    assert row["held"][0]["behind"]["decided"][0]["by"] == "Olga Official"


def test_a_user_id_that_nobody_in_the_program_has_is_refused_in_words(told: str) -> None:
    done = CliRunner().invoke(access, ("as-of", "qpp", "2026-03-05", "--user", "nobody"))
    assert done.exit_code == 1
    assert done.output == "Error: --user: found 'nobody', expected the user ID of somebody in qpp\n"


def test_who_could_do_a_privilege_on_a_day_or_at_a_minute_of_it(told: str) -> None:
    asked = ("who-could", "qpp", "submit_performance_data", told)
    assert "Stan Staff" in run(*asked, "2026-03-05")
    # Removed on March 9 at 10 in the morning, in New York: at its end no more, a minute before still.
    assert "Stan Staff" not in run(*asked, "2026-03-09")
    both = json.loads(run(*asked, "2026-03-09T09:59", "--json"))
    assert [one["role_id"] for one in both if one["name"] == "Stan Staff"] == ["staff_user"]


def test_a_day_that_has_not_come_and_a_privilege_there_was_not_end_the_command(told: str) -> None:
    ahead = CliRunner().invoke(access, ["as-of", "qpp", "2999-01-01"])
    assert (ahead.exit_code, "has come: it is 20" in ahead.output) == (1, True)
    assert "in America/New_York, the time zone of qpp" in ahead.output
    none = CliRunner().invoke(access, ["who-could", "qpp", "fly", told, "2026-03-05"])
    assert (none.exit_code, "fly" in none.output) == (1, True)


def test_the_list_of_grants_means_days_of_the_programs_zone(told: str) -> None:
    def listed(day: str) -> str:
        return CliRunner().invoke(grants_command, ["list", "qpp", "--as-of", day]).output

    assert "staff_user" in listed("2026-03-08")
    assert "staff_user" not in listed("2026-03-09")
    assert "staff_user" in listed("2026-03-09T09:59")
