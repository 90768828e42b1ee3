"""Whatever a mail server does and for how long: no notice is lost, and copies share their Message-ID (fault 47)."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, repeat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rolebook.notices.models import Notice
from rolebook.notices.queue import queue_now, wait_again
from rolebook.notices.sending import Sender
from rolebook.notices.transport import Transport, mail_server
from tests.notices.conftest import Clock
from tests.notices.smtp import Server
from tests.notices.test_sending import state, waiting

pytestmark = pytest.mark.django_db
MODES = ("takes it", "451 not now", "hangs up after data", "is down", "stalls once")


def behave(smtp: Server, mode: str) -> str:
    """Make the server behave in a way; return where it is reached."""
    answers: Iterator[str | None] = repeat("250 OK")
    if mode == "451 not now":
        answers = repeat("451 4.3.0 not now")
    elif mode == "hangs up after data":
        answers = chain([None], repeat("250 OK"))
    smtp.stalls = mode == "stalls once"
    smtp.after_data = _next_of(answers)
    return "smtp://127.0.0.1:9" if mode == "is down" else smtp.url


def _next_of(answers: Iterator[str | None]) -> Callable[[], str | None]:
    return lambda: next(answers)


@pytest.mark.slow
@pytest.mark.fault(47)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    modes=st.lists(st.tuples(st.sampled_from(MODES), st.integers(1, 90)), max_size=6),
    number=st.integers(1, 4),
)
def test_after_any_course_of_outages_everybody_has_their_mail(
    smtp: Server, sender: Sender, clock: Clock, modes: list[tuple[str, int]], number: int
) -> None:
    Notice.objects.all().delete()
    smtp.received.clear()
    notices = [waiting(clock) for _ in range(number)]
    for mode, minutes in [*modes, ("takes it", 120), ("takes it", 120)]:
        sender.transport = Transport(mail_server(behave(smtp, mode)), seconds=0.1)
        sender.send_due()
        clock.pass_by(minutes=minutes)
    assert [state(notice) for notice in notices] == ["sent"] * number
    counted = Counter(mail.message_id for mail in smtp.received)
    assert set(counted) == {f"<{notice.message_id}>" for notice in notices}
    for message_id in counted:
        copies = [mail for mail in smtp.received if mail.message_id == message_id]
        assert len({mail.to for mail in copies}) == 1
        assert len({str(mail.message.get_body(("plain",))) for mail in copies}) == 1


def test_the_operator_sees_what_failed_and_can_have_it_sent_again(
    smtp: Server, sender: Sender, clock: Clock
) -> None:
    failing, code = waiting(clock), waiting(clock, holds_code=True)
    for notice in (failing, code):
        assert notice.recipient is not None
        smtp.refused[notice.recipient.email] = "550 5.1.1 no such user"
    sender.send_due()
    queue = queue_now()
    assert (queue.waiting, queue.failed) == (0, 2)
    assert {failure.error for failure in queue.failures} == {"550 5.1.1 no such user"}
    smtp.refused.clear()
    assert wait_again(now=clock.now) == 1
    sender.send_due()
    assert (state(failing), state(code)) == ("sent", "failed")
    assert code.text == ""
