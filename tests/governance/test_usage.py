"""Which privilege an account last used, as it is kept and as it is told for a grant."""

from datetime import date, timedelta

import pytest

from rolebook.accounts.models import Account, Client, Organization
from rolebook.accounts.queries import rolebook_in_force
from rolebook.governance.models import ClientUse, Grant, PrivilegeUse, UsageSpan
from rolebook.governance.queries.last_use import LastUse, kept_since, last_uses
from rolebook.governance.usage import keep_client_uses, keep_span, keep_uses
from tests.authzen.asking import token_for
from tests.support import grants, people
from tests.support.grants import OFFICIAL, STAFF
from tests.support.people import START

pytestmark = pytest.mark.usefixtures("qpp")
DAY = date(2026, 3, 4)
NOW = START + timedelta(days=9)


@pytest.fixture
def account(practice: Organization) -> Account:
    return grants.official(practice)


def kept(account: Account) -> list[tuple[str, date, int]]:
    rows = PrivilegeUse.objects.filter(account=account).order_by("privilege_id")
    return list(rows.values_list("privilege_id", "last_on", "days"))


def use(account: Account, privilege_id: str, day: date = DAY) -> tuple[str, str, date]:
    return str(account.public_id), privilege_id, day


def told(grant: Grant) -> LastUse:
    book = rolebook_in_force("qpp", NOW)[1]
    return last_uses(book, [grant], NOW)[grant.pk]


def test_telling_a_use_twice_or_late_is_telling_it_once(account: Account) -> None:
    keep_uses("qpp", [use(account, "view_performance_data")] * 2)
    keep_uses("qpp", [use(account, "view_performance_data")])
    assert kept(account) == [("view_performance_data", DAY, 1)]
    later = use(account, "view_performance_data", DAY + timedelta(days=1))
    keep_uses("qpp", [later])
    keep_uses("qpp", [use(account, "view_performance_data")])
    assert kept(account) == [("view_performance_data", DAY + timedelta(days=1), 2)]


def test_the_latest_day_of_several_wins_in_any_order(account: Account) -> None:
    days = [DAY + timedelta(days=number) for number in (2, 0, 1)]
    keep_uses("qpp", [use(account, "view_performance_data", day) for day in days])
    assert kept(account) == [("view_performance_data", DAY + timedelta(days=2), 3)]


def test_uses_of_nobody_are_passed_over(account: Account) -> None:
    nobody = [("nobody", "view_performance_data", DAY), (f"{Client().public_id}", "x", DAY)]
    keep_uses("qpp", [*nobody, use(account, "view_performance_data")])
    assert PrivilegeUse.objects.count() == 1


def test_more_uses_than_one_transaction_takes_are_all_kept(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rolebook.governance.usage.AT_ONCE", 2)
    keep_uses("qpp", [use(account, f"privilege_{number}") for number in range(7)])
    assert len(kept(account)) == 7


def test_the_span_begins_once_and_never_ends_earlier() -> None:
    keep_span("qpp", DAY, START)
    keep_span("qpp", DAY + timedelta(days=1), NOW)
    keep_span("qpp", DAY, START)
    [span] = UsageSpan.objects.all()
    assert (span.since_on, span.until_at) == (DAY, NOW)
    assert kept_since("qpp") == DAY


def test_a_client_was_last_heard_on_the_latest_day() -> None:
    token_for("qpp")
    [client] = Client.objects.all()
    keep_client_uses([(client.token_hash, DAY), ("unknown", DAY)])
    keep_client_uses([(client.token_hash, DAY - timedelta(days=1))])
    [row] = ClientUse.objects.all()
    assert (row.client, row.last_on) == (client, DAY)


def test_a_grant_was_last_used_when_a_privilege_of_its_role_was(account: Account) -> None:
    keep_span("qpp", DAY, START)
    grant = account.grants.get()
    assert told(grant) == LastUse(None, None, perhaps_other=False, days=0, since_on=DAY)
    keep_uses("qpp", [use(account, "approve_role_requests"), use(account, "no_such_privilege", NOW.date())])
    assert told(grant) == LastUse(DAY, "approve_role_requests", perhaps_other=False, days=1, since_on=DAY)


def test_where_no_decision_point_ever_told_nothing_is_known(account: Account) -> None:
    assert told(account.grants.get()).since_on is None


def test_a_use_before_a_grant_began_was_another_ones(account: Account) -> None:
    keep_span("qpp", DAY, START)
    keep_uses("qpp", [use(account, "view_performance_data", START.date() - timedelta(days=1))])
    assert told(account.grants.get()).on is None


def test_a_use_that_two_grants_explain_may_have_been_either(account: Account) -> None:
    keep_span("qpp", DAY, START)
    first = account.grants.get()
    second = grants.placed(account, STAFF, people.practice("Second Practice"))
    keep_uses("qpp", [use(account, "view_performance_data")])
    assert told(first).perhaps_other
    assert told(second).perhaps_other
    keep_uses("qpp", [use(account, "approve_role_requests")])
    assert told(first) == LastUse(DAY, "approve_role_requests", perhaps_other=False, days=1, since_on=DAY)
    assert (first.role_id, told(second).privilege_id) == (OFFICIAL, "view_performance_data")
