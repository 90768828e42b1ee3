"""A first day that passes while a request waits: pages and mails tell from which day it really counts (IQCS-11)."""

from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.models import Request
from rolebook.governance.queries.account_detail import account_request_detail
from rolebook.governance.queries.account_requests import changes_of_word
from rolebook.governance.refusals import Refused
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.support import iqcs
from tests.support.grants import codes, decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM
from tests.support.people import START

pytestmark = [pytest.mark.requirement("IQCS-11"), pytest.mark.usefixtures("iqcs_world")]
FIRST, GIVEN = "Mar 3, 2026", "Mar 9, 2026"
REST = "to the end of Mar 31, 2026, by the clock of America/Boise; then it ends by itself."
ON_MARCH_9 = datetime.fromisoformat("2026-03-09T15:00:00+00:00")
HOUR = timedelta(hours=1)


def asked(person: Account, starts_on: str = "2026-03-03", *, authorized: bool = True) -> Request:
    form = iqcs.answers({MANAGER: "add"}, ["FWS-R6"], starts_on=starts_on, ends_on="2026-03-31")
    return iqcs.asks(person, form, authorized=authorized)


def shown(viewer: Account, request: Request, at: datetime) -> str:
    """The days on the page of a request."""
    return account_request_detail(viewer, request.public_id, PROGRAM, at).dates


def mail(name: str, kind: str, at: datetime) -> str:
    """The newest mail of a kind to somebody, written at an instant; its text on one line."""
    while derive_notices(now=at):
        pass
    return " ".join(Notice.objects.filter(recipient__name=name, kind=kind).latest("pk").text.split())


def test_what_waits_past_its_first_day_is_told_to_begin_on_the_day_it_is_given(
    person: Account, representative: Account
) -> None:
    request = asked(person, authorized=False)
    word = request.forms.get().supervisor_word
    as_asked = f"From {FIRST} {REST}"
    late = f"From the day it is given ({FIRST}, the first day asked for, passed before) {REST}"
    day_ends = datetime.fromisoformat("2026-03-04T07:00:00+00:00")
    for at, told in (
        (START, as_asked),
        (day_ends - timedelta(seconds=1), as_asked),
        (day_ends, late),
        (ON_MARCH_9, late),
    ):
        assert shown(person, request, at) == told
        assert changes_of_word(word, at)[1] == told


def test_the_mail_to_who_decides_tells_it_too(
    person: Account, representative: Account, security: Account
) -> None:
    decides(representative, open_stage(asked(person)), at=ON_MARCH_9)
    told = mail(security.name, "request-waiting", ON_MARCH_9)
    assert f"From the day it is given ({FIRST}, the first day asked for, passed before) {REST}" in told


@pytest.mark.parametrize("starts_on", ["2026-03-03", ""])
def test_what_was_given_is_told_from_the_day_on_which_it_was(
    person: Account, representative: Account, security: Account, starts_on: str
) -> None:
    request = asked(person, starts_on)
    for who in (representative, security):
        decides(who, open_stage(request), at=ON_MARCH_9)
    passed = f" ({FIRST}, the first day asked for, passed before)" if starts_on else ""
    days = f"From {GIVEN}{passed} {REST}"
    later = ON_MARCH_9 + timedelta(days=60)
    assert [shown(person, request, at) for at in (ON_MARCH_9, later)] == [days, days]
    told = mail(person.name, "decision", ON_MARCH_9 + HOUR)
    assert days in told
    assert "You can use it from now on, until the end of Mar 31, 2026." in told
    assert days in mail(security.name, "own-decision", ON_MARCH_9 + HOUR)


def test_what_is_given_on_its_first_day_is_told_as_asked(
    person: Account, representative: Account, security: Account
) -> None:
    request, on_march_3 = asked(person), ON_MARCH_9 - timedelta(days=6)
    for who in (representative, security):
        decides(who, open_stage(request), at=on_march_3)
    assert shown(person, request, ON_MARCH_9) == f"From {FIRST} {REST}"


def test_what_was_denied_is_told_as_asked(person: Account, representative: Account) -> None:
    request = asked(person)
    decides(representative, open_stage(request), "denied", reason="No need seen.", at=ON_MARCH_9)
    assert shown(person, request, ON_MARCH_9) == f"From {FIRST} {REST}"


def test_what_waited_past_its_last_day_is_told_as_asked_and_gives_nothing_any_more(
    person: Account, representative: Account
) -> None:
    request, over = asked(person), ON_MARCH_9 + timedelta(days=30)
    assert shown(person, request, over) == f"From {FIRST} {REST}"
    found = account_request_detail(representative, request.public_id, PROGRAM, over).preview
    assert found is not None
    assert found.afterwards == (
        "This person holds no role and no access.",
        "The last day asked for has passed: what was asked for until then cannot be given any more.",
    )
    assert (found.gained, found.apart) == ((), "")
    with pytest.raises(Refused) as refusal:
        decides(representative, open_stage(request), at=over)
    assert codes(refusal) == ["ends_in_the_past"]
