"""The words of mails about people: their status in a program, and a second factor that was lost."""

from rolebook.accounts.person_models import Recovery
from rolebook.governance.models import Participation
from rolebook.notices.facts import Facts, Unknown, link
from rolebook.notices.letter import Button, Letter

REQUESTS_END = "What was asked for you, or waited for your own word, and was not decided yet, is withdrawn."
_CONCERNS_YOU = "You get this because it concerns your account. It cannot be turned off."
_MAY_VOUCH = "You get this because your office may vouch for this person. Others who may got it too."
_STATUS = {
    Participation.Status.ACTIVE: ("reopened", "You can use the program again."),
    Participation.Status.DEACTIVATED: (
        "deactivated",
        "You cannot use the program for the time being. What you hold is kept.",
    ),
    Participation.Status.CLOSED: ("closed", "You cannot use the program any more."),
}


def participation_changed(facts: Facts) -> Letter:
    """Somebody's part in a program was deactivated, closed or reopened."""
    word, first = _STATUS[Participation.Status(facts.new("status"))]
    program = facts.book.program
    return Letter(
        subject=f"{program.short_name}: Your part in {program.short_name} was {word}",
        first_line=f"Your part in {program.name} was {word}. {first}",
        facts=(
            ("User ID", facts.beneficiary.user_id),
            ("When", facts.instant()),
            ("Reason", facts.personal.get("reason", "")),
        ),
        paragraphs=(REQUESTS_END, facts.book.hint("reactivation") or "") if word != "reopened" else (),
        button=Button(f"Open {program.short_name}", link(f"/{facts.program_id}/"))
        if word == "reopened"
        else None,
        whom_to_ask=facts.contact,
        reason_for_mail=_CONCERNS_YOU,
    )


def requests_escalated(facts: Facts) -> Letter:
    """To the stewards: requests wait for them, because the last who could decide them is not active any more."""
    number = int(facts.new("escalated"))
    what = "One request waits" if number == 1 else f"{number} requests wait"
    program = facts.book.program
    return Letter(
        subject=f"{program.short_name}: {what} for you as steward",
        first_line=(
            f"{what} for you: {facts.beneficiary.name} is not active any more, and nobody else in office can decide."
        ),
        facts=(("When", facts.instant()),),
        paragraphs=(
            "What you asked for yourself, or have decided a step of, another steward decides.",
            "Designate another official there, so that later requests find somebody.",
        ),
        button=Button("Open Manage Access", link(f"/{facts.program_id}/manage-access/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you are steward of the program.",
    )


def named_as_same(facts: Facts) -> Letter:
    """To the holder of an account that somebody named as their own, too."""
    return Letter(
        subject="Somebody said that your account is theirs, too",
        first_line=(
            f"{facts.beneficiary.name} said that the account with your e-mail address is theirs as well. "
            "Nothing was changed; a steward looks at it."
        ),
        facts=(("When", facts.instant()),),
        paragraphs=("If you do not have two accounts, tell us.",),
        whom_to_ask=facts.contact,
        reason_for_mail=_CONCERNS_YOU,
    )


def recovery_asked(facts: Facts) -> Letter:
    """To who may vouch: somebody lost the second factor."""
    person = facts.beneficiary
    return Letter(
        subject=f"{facts.book.program.short_name}: {person.name} lost their second factor",
        first_line=f"{person.name} lost their second factor, and asks somebody to vouch for them.",
        facts=(("Who", f"{person.name} ({person.email})"), ("Asked", facts.instant())),
        paragraphs=(
            "Make sure that it is the person before you vouch: call a number that you knew before, or meet them. "
            "A mail or a chat proves nothing: whoever asked has their password and their mailbox.",
        ),
        button=_page(facts),
        whom_to_ask=facts.contact,
        reason_for_mail=_MAY_VOUCH,
    )


def recovery_vouched(facts: Facts) -> Letter:
    """To the voucher, and to the others who could have vouched: it was done, and can still be stopped."""
    person, voucher = facts.beneficiary, facts.actor
    by = "Somebody" if voucher is None else voucher.name
    recovery = Recovery.objects.filter(public_id=facts.new("recovery_id")).first()
    if recovery is None or recovery.ready_at is None:
        raise Unknown(f"event {facts.event.sequence} names no vouched recovery")
    return Letter(
        subject=f"{facts.book.program.short_name}: {by} vouched for {person.name}",
        first_line=f"{by} vouched that {person.name} lost their second factor.",
        facts=(
            ("New second factor", f"from {facts.instant(recovery.ready_at)} on"),
            ("Made sure", f"{recovery.get_how_display()}. {recovery.told}"[:600]),
            ("When", facts.instant()),
        ),
        paragraphs=("If that is wrong, open the page and stop it.",),
        button=_page(facts),
        whom_to_ask=facts.contact,
        reason_for_mail=_MAY_VOUCH,
    )


def recovery_ended(facts: Facts) -> Letter:
    """To who may vouch: the recovery was carried out, cancelled, or refused by a colleague."""
    person = facts.beneficiary
    word = {
        "recovery:finished": "set up anew: the lost second factor was removed",
        "recovery:cancelled": "stopped: nothing was changed",
        "recovery:refused": "stopped by a colleague: nothing was changed",
    }[facts.event.tag]
    return Letter(
        subject=f"{facts.book.program.short_name}: {person.name}: recovery ended",
        first_line=f"The recovery of the second factor of {person.name} was {word}.",
        facts=(("When", facts.instant()), ("Reason", facts.personal.get("reason", ""))),
        paragraphs=("If that is wrong, tell us at once.",),
        whom_to_ask=facts.contact,
        reason_for_mail=_MAY_VOUCH,
    )


def _page(facts: Facts) -> Button:
    return Button("Open the page", link(f"/{facts.program_id}/recoveries/{facts.new('recovery_id')}/"))
