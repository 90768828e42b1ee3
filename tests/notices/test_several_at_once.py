"""One letter to one person about one act: many decided with one press, one request to many organizations."""

from datetime import timedelta

import pytest
from django.db import transaction

from rolebook.accounts.models import Account, Organization
from rolebook.governance.flows import ShownStage, decide_stages
from rolebook.governance.models import Request, Stage
from rolebook.notices import derivation
from rolebook.notices.derivation import derive_notices, derive_postponed
from rolebook.notices.models import Notice, PostponedEvent
from rolebook.notices.table import Telling, tellings_of
from tests.support import grants, people
from tests.support.grants import LATER, OFFICIAL, asks
from tests.support.people import WEB

pytestmark = pytest.mark.usefixtures("qpp")
NOW = LATER + timedelta(minutes=5)


def decide_all(official: Account, stages: list[Stage], verdict: str = "approved", reason: str = "") -> None:
    shown = [ShownStage(stage.public_id, stage.request_version, stage.items_hash) for stage in stages]
    results = decide_stages(
        acting_user=official,
        program_id="qpp",
        stages=shown,
        verdict=verdict,
        reason=reason,
        at=LATER,
        origin=WEB,
    )
    assert len(results) == len(stages)


def open_stages(*requests: Request) -> list[Stage]:
    return list(Stage.objects.filter(request__in=requests, state="open").order_by("pk"))


def mails(account: Account, kind: str) -> list[Notice]:
    return list(Notice.objects.filter(recipient=account, kind=kind).order_by("pk"))


@pytest.fixture
def forty() -> tuple[Account, Account, list[Organization]]:
    """Two officials of many practices: the first of all of them, the second of the first one too."""
    places = people.practices(40)
    first = grants.official(places[0], "Olga Official")
    for place in places[1:]:
        grants.designated(first, OFFICIAL, place)
    second = grants.official(places[0], "Omar Official")
    derive_notices(now=NOW, batch=1_000)
    Notice.objects.all().delete()
    return first, second, places


@pytest.mark.requirement("QPP-09")
def test_a_request_for_forty_organizations_sends_one_mail_to_each_official(
    forty: tuple[Account, Account, list[Organization]],
) -> None:
    first, second, places = forty
    asks(grants.user("Uma User"), *places, reason="I submit for all of them.")
    derive_notices(now=NOW)
    [several], [one] = mails(first, "request-waiting"), mails(second, "request-waiting")
    assert several.subject == "QPP: 40 requests waiting for you: Staff User for Uma User"
    assert "Uma User asks in one request for the role Staff User at 40 organizations" in several.text
    assert "Prairie Practice 39" in several.text
    assert "I submit for all of them." in several.text
    assert "Prairie Practice 39" in several.html
    assert one.subject == "QPP: Request waiting for you: Staff User at Prairie Practice 00 for Uma User"


@pytest.mark.requirement("QPP-07", "QPP-08")
def test_a_bulk_decision_sends_one_mail_to_each_of_its_people(
    forty: tuple[Account, Account, list[Organization]],
) -> None:
    official, _, places = forty
    uma, nina = grants.user("Uma User"), grants.user("Nina New")
    requests = [asks(uma, place) for place in places[:3]] + [asks(nina, places[0])]
    derive_notices(now=NOW, batch=1_000)
    Notice.objects.all().delete()
    decide_all(official, open_stages(*requests), "denied", "Please ask for Security Official.")
    derive_notices(now=NOW, batch=2)
    [own], [hers], [nina_mail] = (
        mails(official, "own-decision"),
        mails(uma, "decision"),
        mails(nina, "decision"),
    )
    assert Notice.objects.count() == 3
    assert own.subject == "QPP: You denied 4 requests"
    assert "You denied 4 requests of 2 people." in own.text
    assert "Nina New: Staff User at Prairie Practice 00" in own.text
    assert hers.subject == "QPP: 3 of your requests were denied"
    assert "Nina" not in hers.text
    assert "Please ask for Security Official." in hers.text
    assert nina_mail.subject == "QPP: Access denied: Staff User at Prairie Practice 00"


@pytest.mark.requirement("QPP-08")
def test_each_answer_of_a_request_for_many_organizations_is_told_and_the_last_one_tells_of_all(
    forty: tuple[Account, Account, list[Organization]],
) -> None:
    official, _, places = forty
    uma = grants.user("Uma User")
    request = asks(uma, *places[:5])
    stages = open_stages(request)
    decide_all(official, stages[:2])
    derive_notices(now=NOW)
    [part] = mails(uma, "part-decided")
    assert part.subject.startswith("QPP: Partly answered: approved: Staff User at Prairie Practice 00")
    assert "and 1 more" in part.subject
    assert "3 other parts of your request still wait for a decision." in part.text
    decide_all(official, stages[2:4], "denied", "Not there.")
    derive_notices(now=NOW)
    assert "Not there." in mails(uma, "part-decided")[1].text
    assert mails(uma, "decision") == []
    decide_all(official, stages[4:])
    derive_notices(now=NOW)
    [whole] = mails(uma, "decision")
    assert whole.subject.startswith("QPP: Partly approved")
    assert len(mails(uma, "part-decided")) == 2


@pytest.mark.fault(47, 56)
def test_a_reader_that_is_killed_after_wording_loses_and_doubles_nothing(
    forty: tuple[Account, Account, list[Organization]], monkeypatch: pytest.MonkeyPatch
) -> None:
    official, _, places = forty
    asks(grants.user("Uma User"), *places)
    whole = derivation.notices_of_act

    def worded_then_killed(events: list[object], now: object) -> object:
        whole(events, now)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(derivation, "notices_of_act", worded_then_killed)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        derive_notices(now=NOW, batch=3)
    assert not Notice.objects.exists()
    monkeypatch.setattr(derivation, "notices_of_act", whole)
    while derive_notices(now=NOW, batch=3):
        pass
    assert len(mails(official, "request-waiting")) == 1


def test_an_event_that_cannot_be_read_is_left_out_of_the_letter_and_told_by_itself_later(
    forty: tuple[Account, Account, list[Organization]],
) -> None:
    official, _, places = forty
    asks(grants.user("Uma User"), *places[:4])
    first = iter([True])

    def unreadable(tag: str) -> tuple[Telling, ...]:
        if tag == "stage:opened" and next(first, False):
            raise KeyError("a state nobody foresaw")
        return tellings_of(tag)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(derivation, "tellings_of", unreadable)
        derive_notices(now=NOW)
    [letter] = mails(official, "request-waiting")
    assert letter.subject.startswith("QPP: 3 requests waiting for you")
    assert PostponedEvent.objects.count() == 1
    assert derive_postponed(now=NOW + timedelta(hours=1)) == 1
    assert len(mails(official, "request-waiting")) == 2
