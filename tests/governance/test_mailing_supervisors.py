"""Anybody may be named as supervisor: how often an address is mailed for one requester is bounded (IQCS-02, I8)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance import supervisor_links
from rolebook.governance.flows import withdraw_request
from rolebook.governance.flows.answer_as_supervisor import answer_as_supervisor, ask_supervisor_again
from rolebook.governance.models import Request, SupervisorWord
from rolebook.governance.refusals import Refused
from tests.support import grants, iqcs, people
from tests.support.grants import codes
from tests.support.iqcs import PROGRAM, TRAINING
from tests.support.people import START, WEB

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("iqcs_world"),
    pytest.mark.requirement("IQCS-02"),
    pytest.mark.invariant("I8"),
]
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture
def post() -> iqcs.Post:
    return iqcs.Post()


@pytest.fixture
def waiting(person: Account, post: iqcs.Post) -> Request:
    """A request that waits for its supervisor, who was mailed once."""
    return iqcs.asks(person, iqcs.answers({TRAINING: "add"}), authorized=False, post=post)


def again(
    request: Request, post: iqcs.Post, times: int, since: timedelta = SECOND
) -> Iterator[SupervisorWord]:
    for number in range(times):
        yield ask_supervisor_again(
            acting_user=request.requester,
            program_id=PROGRAM,
            request_id=request.public_id,
            send=post,
            at=START + since + number * SECOND,
            origin=WEB,
        )


def test_a_supervisor_is_asked_again_five_times_in_a_day_and_the_last_link_works(
    waiting: Request, post: iqcs.Post
) -> None:
    assert len(list(again(waiting, post, 5))) == 5
    word = SupervisorWord.objects.get(form__request=waiting)
    with pytest.raises(Refused) as refusal:
        list(again(waiting, post, 1, timedelta(hours=1)))
    assert codes(refusal) == ["supervisor_mailed_often"]
    assert len(post.sent) == 6
    assert SupervisorWord.objects.get(form__request=waiting).token_hash == word.token_hash
    assert len(list(again(waiting, post, 1, DAY + SECOND))) == 1
    answer_as_supervisor(
        program_id=PROGRAM, authorize=True, token=post.sent[-1].token, at=START + DAY + 2 * SECOND, origin=WEB
    )


def test_the_same_address_in_other_letters_is_the_same_mailbox_and_another_ones_requests_count_apart(
    waiting: Request, post: iqcs.Post
) -> None:
    assert len(list(again(waiting, post, 5))) == 5
    withdraw_request(
        acting_user=waiting.requester, program_id=PROGRAM, request_id=waiting.public_id, at=START, origin=WEB
    )
    shouted = iqcs.answers({TRAINING: "add"}, supervisor_email="SAM.Supervisor@Agency.example")
    request = iqcs.asks(waiting.requester, shouted, authorized=False, post=post)
    with pytest.raises(Refused, match="supervisor_mailed_often"):
        list(again(request, post, 1, timedelta(hours=1)))
    other = iqcs.asks(grants.user("Olaf Other", PROGRAM), shouted, authorized=False, post=post)
    assert len(list(again(other, post, 5, timedelta(hours=1)))) == 5


def test_sending_and_withdrawing_a_request_over_and_over_mails_nobody_without_end(
    person: Account, post: iqcs.Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_links, "MAILED", replace(supervisor_links.MAILED, attempts=3))
    for _ in range(3):
        request = iqcs.asks(person, iqcs.answers({TRAINING: "add"}), authorized=False, post=post)
        withdraw_request(
            acting_user=person, program_id=PROGRAM, request_id=request.public_id, at=START, origin=WEB
        )
    with pytest.raises(Refused, match="supervisor_mailed_often"):
        iqcs.asks(person, iqcs.answers({TRAINING: "add"}), authorized=False, post=post)
    assert len(post.sent) == Request.objects.filter(requester=person).count() == 3


def test_the_page_says_that_a_supervisor_was_mailed_often(db: None) -> None:
    who = iqcs.person("Rita Real")
    grants.agree(who.account, PROGRAM)
    request = iqcs.asks(who.account, iqcs.answers({TRAINING: "add"}), authorized=False)
    client = people.signed_in_client(who, PROGRAM)
    address = f"/{PROGRAM}/requests/{request.public_id}/ask-supervisor-again/"
    statuses = [client.post(address).status_code for _ in range(6)]
    assert statuses == [303] * 5 + [409]
    assert "mailed many times within a day" in client.post(address).content.decode()
