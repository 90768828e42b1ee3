"""Organizations with fewer than two officials: told once a month, as advice (IQIES-06)."""

from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.notices.models import Notice, OfficialsRound
from rolebook.notices.shortage import LISTED, tell_shortages
from tests.support import grants, people
from tests.support.databases import CommittedDatabase
from tests.support.people import START

pytestmark = pytest.mark.requirement("IQIES-06")
APRIL = datetime.fromisoformat("2026-04-01T09:00-04:00")
"""Nine in the morning of the month after START, in New York."""


@pytest.fixture
def begun(qpp: str) -> None:
    """QPP, looked at once: the first month is left out."""
    assert tell_shortages(START) == 0


def told() -> dict[str, Notice]:
    notices = Notice.objects.filter(kind__startswith="few-officials:").select_related("recipient")
    return {notice.recipient.name: notice for notice in notices if notice.recipient}


def test_the_only_official_is_told_once_a_month_and_two_are_not(begun: None) -> None:
    alone, together = people.practice("Cedar Valley"), people.practice("Harbor Point")
    grants.official(alone, "Olga Official")
    for name in ("Omar Official", "Odo Official"):
        grants.official(together, name)
    assert tell_shortages(APRIL - timedelta(seconds=1)) == 0
    assert tell_shortages(APRIL) == 1
    assert tell_shortages(APRIL + timedelta(days=20)) == 0
    [(name, notice)] = told().items()
    assert name == "Olga Official"
    assert notice.subject == "QPP: Few officials: Cedar Valley"
    assert "This is advice: nothing stops working." in notice.text
    assert "Harbor Point" not in notice.text
    assert notice.unsubscribe_url == ""
    assert tell_shortages(APRIL + timedelta(days=30)) == 1


@pytest.mark.fault(58)
def test_months_missed_while_no_worker_ran_are_not_made_up_for(begun: None) -> None:
    grants.official(people.practice(), "Olga Official")
    late = APRIL + timedelta(days=100)
    assert [tell_shortages(late), tell_shortages(late + timedelta(hours=1))] == [1, 0]
    assert OfficialsRound.objects.count() == 2


def test_the_steward_is_told_of_organizations_that_have_nobody(begun: None) -> None:
    grants.steward("Stella Steward")
    for number in range(LISTED + 2):
        people.practice(f"Practice {number:02}")
    assert tell_shortages(APRIL) == 1
    notice = told()["Stella Steward"]
    assert notice.subject == "QPP: No official: 22 organizations"
    assert "And 2 more." in notice.text


def test_an_official_of_many_organizations_gets_one_mail_about_them_all(begun: None) -> None:
    official = grants.user("Olga Official")
    places = [people.practice(name) for name in ("Cedar Valley", "Harbor Point")]
    for place in places:
        grants.placed(official, grants.OFFICIAL, place)
    assert tell_shortages(APRIL) == 1
    text = told()["Olga Official"].text
    assert all(place.name in text for place in places)


@pytest.mark.invariant("I7")
def test_who_is_not_active_counts_for_nothing_and_closed_organizations_are_left_out(begun: None) -> None:
    place, closed = people.practice("Cedar Valley"), people.practice("Harbor Point")
    grants.official(place, "Olga Official")
    away = grants.official(place, "Omar Official")
    grants.official(closed, "Odo Official")
    Account.objects.filter(pk=away.pk).update(status=Account.Status.DEACTIVATED)
    Organization.objects.filter(pk=closed.pk).update(closed_at=START)
    assert tell_shortages(APRIL) == 1
    assert set(told()) == {"Olga Official"}


@pytest.mark.django_db
def test_a_program_that_recommends_nothing_tells_nobody() -> None:
    people.activate("iqcs")
    assert [tell_shortages(START), tell_shortages(APRIL)] == [0, 0]
    assert not OfficialsRound.objects.exists()


@pytest.mark.django_db
def test_iqies_advises_states_and_providers_and_no_other_kind() -> None:
    people.activate("iqies")
    tell_shortages(START)
    grants.steward("Stella Steward", "iqies")
    assert tell_shortages(APRIL) == 1
    states = Organization.objects.filter(program_id="iqies", kind_id="state").count()
    assert 0 < states < Organization.objects.filter(program_id="iqies").count()
    notice = told()["Stella Steward"]
    assert notice.subject == f"iQIES: No official: {states} organizations"
    assert "State Agency Security Official" in notice.text
    assert "CMS recommends that every provider and state has at least two" in notice.text


@pytest.mark.fault(47)
def test_workers_at_the_same_time_tell_everybody_once(committed_db: CommittedDatabase) -> None:
    people.activate("qpp")
    tell_shortages(START)
    grants.official(people.practice(), "Olga Official")
    committed_db.in_threads([lambda: tell_shortages(APRIL)] * 4)
    assert Notice.objects.filter(kind__startswith="few-officials:").count() == 1
