"""Two workers and a mail server that is down, stalls or hangs up after DATA: nothing is lost or doubled (fault 47).

Requests are decided all the while.
"""

from collections import Counter
from itertools import chain, repeat

import pytest

from rolebook.governance.models import Request
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from rolebook.notices.sending import Sender
from rolebook.notices.transport import Transport, mail_server
from tests.notices.conftest import Clock, make_sender
from tests.notices.smtp import Server
from tests.support import grants, people

pytestmark = [pytest.mark.django_db, pytest.mark.fault(47), pytest.mark.usefixtures("qpp")]


def round_of(workers: list[Sender], clock: Clock) -> None:
    """One round of each worker, as they run beside each other."""
    while derive_notices(now=clock.now):
        pass
    for worker in workers:
        worker.send_due()


@pytest.mark.parametrize("how", ["down", "stalls", "hangs up after data", "refuses for now"])
def test_whatever_the_server_does_every_notice_arrives_and_decisions_never_wait(
    smtp: Server, clock: Clock, how: str
) -> None:
    place = people.practice()
    official = grants.official(place)
    asked = [grants.asks(grants.user(f"Uma{number} User"), place, at=clock.now) for number in range(3)]
    workers = [make_sender(smtp, clock) for _ in range(2)]
    if how == "down":
        for worker in workers:
            worker.transport = Transport(mail_server("smtp://127.0.0.1:9"), seconds=0.1)
    elif how == "stalls":
        smtp.stalls = True
        for worker in workers:
            worker.transport = Transport(mail_server(smtp.url), seconds=0.1)
    else:
        said = None if how == "hangs up after data" else "451 4.3.0 not now"
        answers = chain([said] * 4, repeat("250 OK"))
        smtp.after_data = lambda: next(answers)
    for request in asked:
        round_of(workers, clock)
        grants.decides(official, grants.open_stage(request), at=clock.now)
        clock.pass_by(minutes=20)
    assert set(Request.objects.values_list("state", flat=True)) == {"approved"}
    round_of(workers, clock)
    smtp.stalls = False
    for worker in workers:
        worker.transport = Transport(mail_server(smtp.url), seconds=2)
    for _ in range(6):
        clock.pass_by(hours=2)
        round_of(workers, clock)
    told = Notice.objects.all()
    assert told.count() >= 9  # for each request: to who may decide, to who decided, to who asked
    assert set(told.values_list("state", flat=True)) == {"sent"}
    counted = Counter(mail.message_id for mail in smtp.received)
    assert set(counted) == {f"<{one.message_id}>" for one in told}
    if how == "down":
        assert set(counted.values()) == {1}
    for message_id in counted:
        copies = [mail for mail in smtp.received if mail.message_id == message_id]
        assert len({(mail.to, str(mail.message["Subject"])) for mail in copies}) == 1
