"""Rejected mail (IQCS-09): what a report does, and what no report can do."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolebook.accounts.flows.credentials import ask_for_new_email, change_email
from rolebook.accounts.flows.rolebooks import activate_rolebook
from rolebook.accounts.models import Account
from rolebook.accounts.person_models import AddressStanding
from rolebook.accounts.rejected_addresses import is_rejected
from rolebook.audit.models import Event
from rolebook.governance.flows.change_status import change_participation_status
from rolebook.governance.models import Grant, Participation
from rolebook.notices.bounce_models import Bounce, UnusedReport
from rolebook.notices.bounces import settle_bounces, take_report
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from rolebook.notices.sending import Sender
from rolebook.policy.shipped import resolve
from tests.notices.conftest import Clock
from tests.notices.reports import report, report_about, returned
from tests.notices.smtp import Server
from tests.notices.test_sending import waiting
from tests.support import grants, iqcs, people
from tests.support.people import COMMAND, PASSWORD, WEB

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQCS-09")]


def sent(account: Account, clock: Clock, **values: object) -> Notice:
    """A mail about the account itself that was sent; ``kind`` with a program's id makes it a digest of that program."""
    return waiting(clock, account, state="sent", attempts=1, sent_at=clock.now, **values)


def part(account: Account, program_id: str = "iqcs") -> Participation:
    return Participation.objects.get(account=account, program_id=program_id)


def taken(raw: bytes, at: datetime) -> str:
    return str(take_report(raw, source=Bounce.Source.COMMAND, at=at))


def in_both() -> Account:
    """Somebody who takes part in QPP and in IQCS, with a role in each."""
    iqcs.begin()
    people.activate("qpp")
    account = iqcs.manager("FWS-R6-BNR")
    Participation.objects.create(account=account, program_id="qpp", created_at=people.START)
    return account


def test_a_mail_rejected_for_good_deactivates_where_the_program_declares_it_and_only_there(
    clock: Clock,
) -> None:
    account = in_both()
    held = set(Grant.objects.filter(account=account, closed_at=None).values_list("pk", flat=True))
    assert taken(report_about(sent(account, clock)), clock.now) == "hard, status 5.1.1"
    mine = part(account)
    assert (mine.status, mine.status_cause, mine.status_by) == ("deactivated", "bounce", None)
    assert part(account, "qpp").status == "active"
    assert set(Grant.objects.filter(account=account, closed_at=None).values_list("pk", flat=True)) == held
    (event,) = Event.objects.filter(tag="participation:status-changed")
    assert '"cause":"bounce"' in event.content
    assert is_rejected(account)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"action": "delayed", "status": "4.4.7"}, "soft"),
        ({"action": "delayed", "status": "5.1.1"}, "soft"),
        ({"action": "failed", "status": "4.2.2"}, "soft"),
        ({"action": "failed", "status": "5.7.1"}, "blocked"),
        ({"action": "failed", "status": "5.2.3"}, "blocked"),
    ],
)
def test_a_delay_or_a_refusal_of_the_mail_itself_is_on_record_and_deactivates_nobody(
    clock: Clock, told: dict[str, str], kind: str
) -> None:
    account = in_both()
    taken(report_about(sent(account, clock), **told), clock.now)
    assert list(Bounce.objects.values_list("kind", flat=True)) == [kind]
    assert part(account).status == "active"
    assert not is_rejected(account)


def test_a_delay_first_does_not_hide_the_rejection_after_it(clock: Clock) -> None:
    account = in_both()
    notice = sent(account, clock)
    taken(report_about(notice, action="delayed", status="4.4.1"), clock.now)
    taken(report_about(notice), clock.now)
    assert part(account).status == "deactivated"


def forged(account: Account, other: Account, clock: Clock) -> dict[str, bytes]:
    """Reports that must do nothing, by why."""
    notice, theirs = sent(account, clock), sent(other, clock)
    unsent = waiting(clock, account)
    old = sent(account, clock)
    Notice.objects.filter(pk=old.pk).update(sent_at=clock.now - timedelta(days=15))
    elsewhere = sent(account, clock, address="new@example.org")
    mine = account.email
    return {
        "no report": b"From: somebody\r\nSubject: Hello\r\n\r\nYour mail was rejected: 550 5.1.1\r\n",
        "no mail of ours": report(
            returned(notice).replace(notice.message_id.encode(), b"made.up@example.org"), mine
        ),
        "other recipient": report(returned(theirs), mine),
        "too old": report_about(old),
        "no account": report_about(elsewhere),
        "not rejected": report_about(notice, action="delivered", status="2.0.0"),
        "not sent": report_about(unsent),
    }


@pytest.mark.parametrize(
    "why",
    ["no report", "no mail of ours", "other recipient", "too old", "no account", "not rejected", "not sent"],
)
def test_a_forged_or_unrelated_report_does_nothing_and_is_counted(clock: Clock, why: str) -> None:
    account = in_both()
    other = people.new_user("Olga Other").account
    raw = forged(account, other, clock)[why]
    before = Event.objects.count()
    said = {"not sent": "no mail of ours"}.get(why, why)
    assert taken(raw, clock.now) == f"not used: {said}"
    assert Event.objects.count() == before
    assert not Bounce.objects.exists()
    assert part(account).status == "active"
    assert not AddressStanding.objects.exists()
    assert UnusedReport.objects.get().number == 1


def test_a_report_counts_once_however_often_it_comes(clock: Clock) -> None:
    account = in_both()
    raw = report_about(sent(account, clock))
    said = [taken(raw, clock.now) for _ in range(3)]
    assert said == ["hard, status 5.1.1", "not used: taken already", "not used: taken already"]
    assert Event.objects.filter(tag="mail:bounced").count() == 1
    assert UnusedReport.objects.get(why="taken already").number == 2


def test_a_report_about_an_address_that_was_given_up_since_does_nothing(clock: Clock) -> None:
    account = in_both()
    raw = report_about(sent(account, clock))
    Account.objects.filter(pk=account.pk).update(email="new@example.org", email_key="new@example.org")
    assert taken(raw, clock.now) == "not used: other recipient"


def test_a_mail_of_another_program_deactivates_nobody_here(clock: Clock) -> None:
    account = in_both()
    notice = sent(account, clock)
    Notice.objects.filter(pk=notice.pk).update(kind="reminder:qpp")
    taken(report_about(notice), clock.now)
    bounce = Bounce.objects.get()
    assert (bounce.program_id, bounce.effect) == ("qpp", {"qpp": "not declared"})
    assert part(account).status == part(account, "qpp").status == "active"


def test_the_only_steward_is_not_locked_out_by_a_rejected_mail(clock: Clock) -> None:
    iqcs.begin()
    steward = grants.steward("Stella Steward", "iqcs")
    taken(report_about(sent(steward, clock)), clock.now)
    assert part(steward).status == "active"
    assert Bounce.objects.get().effect == {"iqcs": "only_steward"}


def test_whose_part_is_closed_is_not_opened_to_deactivated(clock: Clock) -> None:
    account = in_both()
    change_participation_status(
        acting_user=None,
        program_id="iqcs",
        beneficiary_id=account.public_id,
        status="closed",
        reason="Left.",
        at=clock.now,
        origin=COMMAND,
    )
    taken(report_about(sent(account, clock)), clock.now)
    assert part(account).status == "closed"


def test_what_was_cut_short_is_carried_out_by_the_next_run(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = in_both()
    raw = report_about(sent(account, clock))
    with monkeypatch.context() as patched:
        patched.setattr("rolebook.notices.bounces._settle", lambda bounce, at: None)
        taken(raw, clock.now)
    assert part(account).status == "active"
    assert settle_bounces(clock.now) == 1
    assert part(account).status == "deactivated"
    assert settle_bounces(clock.now) == 0


def proves(account: Account, address: str, clock: Clock) -> None:
    """The person gives an address, and types the code that came there."""
    codes: list[str] = []
    proof = ask_for_new_email(
        acting_user=account,
        password=PASSWORD,
        email=address,
        at=clock.now,
        origin=WEB,
        send=lambda mail: codes.append(mail.code),
    )
    account.refresh_from_db()
    change_email(
        acting_user=account, proof_id=proof, code=codes[0], at=clock.now, origin=WEB, send=lambda _: None
    )


@pytest.mark.parametrize("address", ["", "new@agency.example"])
def test_a_proved_address_takes_mail_again_and_reopens_nothing(clock: Clock, address: str) -> None:
    account = in_both()
    raw, late = (report_about(sent(account, clock)) for _ in range(2))
    taken(raw, clock.now)
    clock.pass_by(hours=1)
    proves(account, address or account.email, clock)
    assert not is_rejected(account)
    assert part(account).status == "deactivated"
    expected = "other recipient" if address else "address proved since"
    assert taken(late, clock.now) == f"not used: {expected}"
    assert not is_rejected(account)


def test_mail_of_programs_is_held_while_the_address_rejects_it_and_warnings_are_not(
    smtp: Server, sender: Sender, clock: Clock
) -> None:
    account = in_both()
    taken(report_about(sent(account, clock)), clock.now)
    waiting(clock, account, event_sequence=1)
    warning = waiting(clock, account)
    sender.send_due()
    assert [mail.message_id for mail in smtp.received] == [f"<{warning.message_id}>"]
    clock.pass_by(hours=1)
    proves(account, account.email, clock)
    assert sender.send_due().sent == 1


def test_who_represents_the_person_is_told(clock: Clock) -> None:
    account = in_both()
    representative = iqcs.holder(iqcs.REPRESENTATIVE, "FWS-R6", "Regina Representative")
    iqcs.holder(iqcs.REPRESENTATIVE, "BLM-MT", "Otto Other")
    taken(report_about(sent(account, clock)), clock.now)
    while derive_notices(now=clock.now):
        pass
    (told,) = Notice.objects.filter(kind="mail-rejected")
    assert told.recipient == representative
    assert account.email in told.text


def test_only_a_report_that_names_a_mail_of_ours_and_its_recipient_changes_anything(clock: Clock) -> None:
    """Whatever is mixed of true and false parts of reports: only the true pair does something."""
    account, other = in_both(), people.new_user("Olga Other").account
    mine, theirs = sent(account, clock), sent(other, clock)
    ids = st.sampled_from(
        [mine.message_id, theirs.message_id, "made.up@example.org", mine.message_id.upper(), ""]
    )
    addresses = st.sampled_from([account.email, other.email, account.email + ".", "@", "x@example.org", ""])

    @settings(max_examples=60, deadline=None)
    @given(
        message_id=ids,
        recipient=addresses,
        action=st.sampled_from(["failed", "delayed", "delivered", "Failed", "expanded", "?"]),
        status=st.sampled_from(["5.1.1", "4.2.2", "2.0.0", "5.7.1", "5", "", "\x00"]),
        part_kind=st.sampled_from(["message/rfc822", "text/rfc822-headers", "text/plain"]),
    )
    def try_one(message_id: str, recipient: str, action: str, status: str, part_kind: str) -> None:
        raw = report(
            returned(mine).replace(mine.message_id.encode(), message_id.encode()),
            recipient,
            action=action,
            status=status,
            diagnostic="",
            part=part_kind,
        )
        take_report(raw, source=Bounce.Source.COMMAND, at=clock.now)
        true_pair = (message_id, recipient) in {
            (mine.message_id, account.email),
            (theirs.message_id, other.email),
        }
        if not true_pair or part_kind == "text/plain":
            assert not Bounce.objects.exists()
        rejected = (
            true_pair and part_kind != "text/plain" and action.lower() == "failed" and status == "5.1.1"
        )
        assert (part(account).status == "deactivated") == (rejected and message_id == mine.message_id)
        assert is_rejected(account) == (rejected and message_id == mine.message_id)
        Bounce.objects.all().delete()
        AddressStanding.objects.all().delete()
        Participation.objects.filter(account=account).update(status="active", status_cause="", status_at=None)

    try_one()


def test_after_several_mails_within_days_where_the_program_declares_that(
    clock: Clock, tmp_path: Path
) -> None:
    account = in_both()
    declare_policy(tmp_path, clock, "bounces_needed: 3\n  bounces_within_days: 14")
    for days in (0, 13, 2, 13, 1):  # never three within fourteen days
        clock.pass_by(days=days)
        taken(report_about(sent(account, clock)), clock.now)
        assert (part(account).status, is_rejected(account)) == ("active", False)
    taken(report_about(sent(account, clock)), clock.now)
    assert (part(account).status, is_rejected(account)) == ("deactivated", True)


def test_a_reopened_part_begins_to_count_anew(clock: Clock, tmp_path: Path) -> None:
    account = in_both()
    declare_policy(tmp_path, clock, "bounces_needed: 2\n  bounces_within_days: 300")
    for _ in range(2):
        taken(report_about(sent(account, clock)), clock.now)
    clock.pass_by(hours=1)
    change_participation_status(
        acting_user=None,
        program_id="iqcs",
        beneficiary_id=account.public_id,
        status="active",
        reason="The representative asked.",
        at=clock.now,
        origin=COMMAND,
    )
    assert part(account).status_cause == ""
    clock.pass_by(hours=1)
    taken(report_about(sent(account, clock)), clock.now)
    assert part(account).status == "active"
    taken(report_about(sent(account, clock)), clock.now)
    assert part(account).status == "deactivated"


def declare_policy(folder: Path, clock: Clock, keys: str) -> None:
    """Bring IQCS into force with more keys beside ``bounce_deactivates``."""
    copied = shutil.copytree(resolve("iqcs"), folder / "iqcs")
    file = copied / "rolebook.yaml"
    file.write_text(
        file.read_text()
        .replace("  bounce_deactivates: true", f"  bounce_deactivates: true\n  {keys}")
        .replace('version: "2023-11-01"', 'version: "2026-01-01"')
    )
    activate_rolebook(
        acting_user=None,
        folder=copied,
        activated_by="tests",
        at=clock.now - timedelta(minutes=1),
        origin=COMMAND,
    )
