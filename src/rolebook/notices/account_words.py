"""The words of mails about the account itself: codes, and warnings that something of it changed.

Flows of accounts ask for most of them themselves, in their own transaction, because only they know the code; a change
of the account's status is worded from its event.
"""

from dataclasses import dataclass

from rolebook.accounts.mail import AccountMail, MailKind
from rolebook.accounts.models import Account
from rolebook.notices.facts import Facts, contact_lines, link, site_name
from rolebook.notices.letter import Button, Letter
from rolebook.policy.model import Rolebook


def status_changed(facts: Facts) -> Letter:
    """The account was deactivated, reactivated or closed."""
    active = facts.new("status") == Account.Status.ACTIVE
    word = (
        "reactivated"
        if active
        else "closed"
        if facts.new("status") == Account.Status.CLOSED
        else "deactivated"
    )
    way_on = "You can sign in again." if active else "You cannot sign in any more."
    return Letter(
        subject=f"{site_name(facts.account_programs)}: Your account was {word}",
        first_line=f"Your account was {word}. {way_on}",
        facts=(("User ID", facts.beneficiary.user_id), ("When", facts.instant())),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because it concerns how you sign in. It cannot be turned off.",
    )


def account_mail(mail: AccountMail, *, books: tuple[Rolebook, ...]) -> Letter:
    """The words of a mail that a flow on the account itself asks for: codes, and answers that only its
    holder gets.
    """
    words = _ACCOUNT_MAILS[mail.kind]
    return Letter(
        subject=f"{site_name(books)}: {words.subject}",
        first_line=mail.what if mail.what and mail.kind == "second-factor-changed" else words.first_line,
        code=mail.code,
        # Who comes by these two may have forgotten the user ID as well; only the holder's mailbox gets it.
        facts=(("User ID", mail.account.user_id),)
        if mail.account is not None and mail.kind in {"already-registered", "reset-password"}
        else (),
        paragraphs=words.paragraphs,
        button=Button(words.button, link(words.path)) if words.path else None,
        whom_to_ask=contact_lines(books),
        reason_for_mail=words.reason_for_mail,
    )


@dataclass(frozen=True, slots=True)
class _AccountMailWords:
    subject: str
    first_line: str
    paragraphs: tuple[str, ...]
    reason_for_mail: str
    button: str = ""
    path: str = ""


_CODE = (
    "Type it on the page where you were asked for it. It works once, for 15 minutes.",
    "Nobody will ever ask you for this code by phone or mail.",
)
_NOT_YOU = "If you did not ask for it, ignore this mail: without the code nothing happens."
_WARNING = "If this was not you, tell us at once: somebody else may be using your account."

_ACCOUNT_MAILS: dict[MailKind, _AccountMailWords] = {
    "confirm-email": _AccountMailWords(
        "Your code to confirm your e-mail address",
        "Here is the code to confirm your e-mail address and finish registering.",
        (*_CODE, _NOT_YOU),
        "You get this because somebody registered with this address.",
    ),
    "already-registered": _AccountMailWords(
        "You have an account already",
        "Somebody registered with your e-mail address, which has an account already. Nothing was changed.",
        (
            "If it was you, sign in with the account you have. "
            "If you forgot its password, you can choose a new one there.",
        ),
        "You get this because somebody registered with this address.",
        "Sign in",
        "/sign-in/",
    ),
    "sign-in-code": _AccountMailWords(
        "Your sign-in code",
        "Here is your code to sign in.",
        (*_CODE, _WARNING),
        "You get this because somebody is signing in with your user ID and password.",
    ),
    "reset-password": _AccountMailWords(
        "Your code to choose a new password",
        "Here is your code to choose a new password.",
        (*_CODE, _NOT_YOU),
        "You get this because somebody asked for a new password for your account.",
    ),
    "confirm-new-email": _AccountMailWords(
        "Your code to confirm your new e-mail address",
        "Here is the code to confirm that this is the new e-mail address of your account.",
        (*_CODE, _NOT_YOU),
        "You get this because somebody wants to use this address for an account.",
    ),
    "email-changed": _AccountMailWords(
        "Your e-mail address was changed",
        "The e-mail address of your account was changed from this one to another.",
        ("This is the last mail to this address.", _WARNING),
        "You get this because this was the address of your account.",
    ),
    "email-is-new": _AccountMailWords(
        "This is now your e-mail address",
        "The mail of your account now comes to this address.",
        (_WARNING,),
        "You get this because it concerns how you sign in. It cannot be turned off.",
        "Open Security",
        "/security/",
    ),
    "password-changed": _AccountMailWords(
        "Your password was changed",
        "The password of your account was changed.",
        (_WARNING,),
        "You get this because it concerns how you sign in. It cannot be turned off.",
        "Open Security",
        "/security/",
    ),
    "second-factor-changed": _AccountMailWords(
        "Your sign-in was changed",
        "How you confirm your sign-in was changed.",
        (_WARNING,),
        "You get this because it concerns how you sign in. It cannot be turned off.",
        "Open Security",
        "/security/",
    ),
}
