"""The words of mails about the account itself: warnings that something of it changed."""

from dataclasses import dataclass

from rolebook.accounts.mail import AccountMail, MailKind
from rolebook.accounts.models import Account
from rolebook.notices.facts import Facts, link
from rolebook.notices.letter import Button, Letter

_FACTORS = {"totp": "authenticator app", "passkey": "passkey", "recovery": "set of recovery codes"}


def password_changed(facts: Facts) -> Letter:
    """A password was changed or reset."""
    return _warning(facts, "Your password was changed", "The password of your account was changed.")


def factor_added(facts: Facts) -> Letter:
    """Another second factor was set up."""
    factor = _factor(facts)
    return _warning(facts, f"Added to your sign-in: {factor}", f"A new {factor} was added to your account.")


def factor_removed(facts: Facts) -> Letter:
    """A second factor was removed."""
    factor = _factor(facts)
    return _warning(
        facts, f"Removed from your sign-in: {factor}", f"The {factor} was removed from your account."
    )


def codes_made(facts: Facts) -> Letter:
    """New recovery codes replaced the old ones."""
    return _warning(
        facts,
        "New recovery codes",
        "New recovery codes were made for your account. The old ones no longer work.",
    )


def email_changed(facts: Facts) -> Letter:
    """To the new address: mail goes here now."""
    return _warning(
        facts,
        "Your e-mail address was changed",
        "The e-mail address of your account was changed. Mail about your access comes here from now on.",
    )


def email_changed_away(facts: Facts) -> Letter:
    """To the old address, which the account no longer has (fault 46)."""
    return _warning(
        facts,
        "Your e-mail address was changed",
        "The e-mail address of your account was changed from this one to another. "
        "This is the last mail to this address.",
    )


def status_changed(facts: Facts) -> Letter:
    """The account was deactivated or reactivated."""
    if facts.new("status") == Account.Status.ACTIVE:
        return _warning(
            facts, "Your account was reactivated", "Your account was reactivated. You can sign in again."
        )
    return _warning(
        facts,
        "Your account was deactivated",
        "Your account was deactivated. You cannot sign in until it is reactivated.",
    )


def _factor(facts: Facts) -> str:
    return _FACTORS.get(str(facts.new("method") or facts.old("method")), "second factor")


def _warning(facts: Facts, subject: str, sentence: str) -> Letter:
    return Letter(
        subject=f"{facts.site_name}: {subject}",
        first_line=sentence,
        facts=(("User ID", facts.beneficiary.user_id), ("When", facts.instant())),
        paragraphs=(
            "If this was you, there is nothing to do. "
            "If it was not, tell us at once: somebody else may be using your account.",
        ),
        button=Button("Open Security", link("/security/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because it concerns how you sign in. It cannot be turned off.",
    )


def account_mail(mail: AccountMail, *, site_name: str, contact: str) -> Letter:
    """The words of a mail that a flow on the account itself asks for: codes, and answers that only its
    holder gets.
    """
    words = _ACCOUNT_MAILS[mail.kind]
    return Letter(
        subject=f"{site_name}: {words.subject}",
        first_line=words.first_line,
        code=mail.code,
        facts=(("What changed", mail.what),) if mail.what else (),
        paragraphs=words.paragraphs,
        button=Button(words.button, link(words.path)) if words.path else None,
        whom_to_ask=contact,
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
            "If it was you, sign in with the account you have. If you forgot its password, you can choose a new one.",
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
    "password-changed": _AccountMailWords(
        "Your password was changed",
        "The password of your account was changed.",
        (_WARNING,),
        "You get this because it concerns how you sign in. It cannot be turned off.",
        "Open Security",
        "/security/",
    ),
    "second-factor-changed": _AccountMailWords(
        "Your second factor was changed",
        "How you confirm your sign-in was changed.",
        (_WARNING,),
        "You get this because it concerns how you sign in. It cannot be turned off.",
        "Open Security",
        "/security/",
    ),
}
