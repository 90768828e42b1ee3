"""Who comes with an import is quiet since the last sign-in to the earlier system; no import closes (IQCS-08)."""

from datetime import UTC, datetime, timedelta

import pytest

from rolebook.audit.recording import Origin
from rolebook.governance.flows.watch_quiet import watch_quiet
from rolebook.governance.models import Participation
from rolebook.governance.quiet import is_in
from rolebook.policy.months import months_after
from tests.governance.importing import accounts_from
from tests.support import iqcs, rolebooks
from tests.support.iqcs import PROGRAM
from tests.support.people import START

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQCS-08")]
ZONE, DAY = "America/Boise", timedelta(days=1)


def imported(last_signed_in_on: str) -> Participation:
    """The part of somebody whose file has that day, or none."""
    iqcs.begin()
    header = "user_id,name,email,last_signed_in_on"
    accounts_from(f"{header}\nnora.new,Nora New,nora@example.org,{last_signed_in_on}\n", program_id=PROGRAM)
    return Participation.objects.get(account__user_id="nora.new")


def grace() -> timedelta:
    return rolebooks.in_force(PROGRAM, START).lifecycle.grace_days * DAY


def test_twelve_months_count_from_the_last_sign_in_to_the_earlier_system() -> None:
    part = imported("2025-11-30")
    signed_in = datetime(2025, 11, 30, 7, tzinfo=UTC)
    assert (part.last_signed_in_at, part.created_at) == (signed_in, START)
    assert part.quiet_ends_at == months_after(signed_in, 12, ZONE)


def test_who_never_signed_in_is_counted_from_the_import() -> None:
    assert imported("").quiet_ends_at == months_after(START, 12, ZONE)


def test_who_was_quiet_for_years_is_let_in_for_the_grace_and_warned_before_it_ends() -> None:
    part = imported("2020-01-31")
    assert part.quiet_ends_at == START + grace()
    assert is_in(part, START + grace() - timedelta(seconds=1))
    watched = watch_quiet(PROGRAM, at=START + DAY, origin=Origin("job"))
    assert (watched.warned, watched.closed) == (1, 0)
    part.refresh_from_db()
    assert part.quiet_ends_at == START + DAY + grace()


def test_counting_everybody_anew_takes_the_import_for_no_activation() -> None:
    part = imported("2025-11-30")
    Participation.objects.filter(pk=part.pk).update(quiet_ends_at=None)
    watch_quiet(PROGRAM, at=START + DAY, origin=Origin("job"))
    part.refresh_from_db()
    assert part.quiet_ends_at == months_after(datetime(2025, 11, 30, 7, tzinfo=UTC), 12, ZONE)
