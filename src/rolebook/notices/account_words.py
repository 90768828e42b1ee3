"""The words of mails about the account itself: codes, and warnings that something of it changed.

Flows of accounts ask for most of them themselves, in their own transaction, because only they know the code; a change
of the account's status is worded from its event.
"""

import json
from dataclasses import dataclass

from rolebook.accounts.mail import AccountMail, MailKind
from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.governance.instants import instant_in_words
from rolebook.notices.facts import Facts, contact_lines, link, site_name
from rolebook.notices.letter import Button, Letter
from rolebook.notices.merge_words import merged_into
from rolebook.notices.people_words import REQUESTS_END
from rolebook.notices.recipients import REFUSED_A_DAY, refused_that_day
from rolebook.policy.model import Rolebook

_ABOUT_SIGN_IN = "You get this because it concerns how you sign in. It cannot be turned off."


def status_changed(facts: Facts) -> Letter:
    """The account was deactivated, reactivated or closed."""
    remaining = facts.beneficiary.merged_into
    if remaining is not None:
        return merged_into(facts, closed=facts.beneficiary, remaining=remaining)
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
        facts=(
            ("User ID", facts.beneficiary.user_id),
            ("When", facts.instant()),
            ("Reason", facts.personal.get("reason", "")),
        ),
        paragraphs=() if active else (REQUESTS_END,),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because it concerns how you sign in. It cannot be turned off.",
    )


def sign_ins_refused(facts: Facts) -> Letter:
    """Somebody fails to sign in to the account again and again."""
    reasons = {json.loads(one.content)["new"].get("reason_code") for one in refused_that_day(facts.event)}
    knows = bool(reasons & {"security-code", "passkey"})
    inside = any(
        one.tag == tags.ATTEMPT_REFUSED_CONFIRM.name and one.actor_id for one in refused_that_day(facts.event)
    )
    return Letter(
        subject=f"{site_name(facts.account_programs)}: Sign-ins to your account were refused",
        first_line=f"Somebody tried to sign in to your account and failed {REFUSED_A_DAY} times today.",
        facts=(("User ID", facts.beneficiary.user_id), ("The last time", facts.instant())),
        paragraphs=(
            "They typed your password correctly, and failed at the second factor. Choose a new password now."
            if knows
            else "Nobody got in. If it was you and you have forgotten the password, choose a new one.",
            "Some of it came from a browser that is signed in to your account. Was that not you? "
            "Open the Security page and sign out everywhere."
            if inside
            else "",
            "Was it you? Then there is nothing to do. We tell you of this once a day at most.",
        ),
        button=Button("Choose a new password", link("/forgotten-password/")),
        whom_to_ask=facts.contact,
        reason_for_mail=_ABOUT_SIGN_IN,
    )


def recovery_code_used(facts: Facts) -> Letter:
    """Somebody signed in with a recovery code."""
    return Letter(
        subject=f"{site_name(facts.account_programs)}: A recovery code was used to sign in",
        first_line="Somebody signed in to your account with one of your recovery codes.",
        facts=(("User ID", facts.beneficiary.user_id), ("When", facts.instant())),
        paragraphs=(
            "Is your phone lost or new? Replace the authenticator app on the Security page, and make new codes.",
            _WARNING,
        ),
        button=Button("Open Security", link("/security/")),
        whom_to_ask=facts.contact,
        reason_for_mail=_ABOUT_SIGN_IN,
    )


def account_mail(mail: AccountMail, *, books: tuple[Rolebook, ...]) -> Letter:
    """The words of a mail that a flow on the account itself asks for: codes, and answers that only its
    holder gets.
    """
    words = _ACCOUNT_MAILS[mail.kind]
    return Letter(
        subject=f"{site_name(books)}: {words.subject}",
        first_line=mail.what
        if mail.what and mail.kind in {"second-factor-changed", "token-made"}
        else words.first_line,
        code=mail.code,
        # Who comes by these two may have forgotten the user ID as well; only the holder's mailbox gets it.
        facts=(("User ID", mail.account.user_id),)
        if mail.account is not None and mail.kind in {"already-registered", "reset-password"}
        else (),
        paragraphs=(*_times(mail, books), *words.paragraphs, *_stopping(mail)),
        button=Button(words.button, link(mail.path or words.path)) if mail.path or words.path else None,
        whom_to_ask=contact_lines(books),
        reason_for_mail=words.reason_for_mail,
    )


def _times(mail: AccountMail, books: tuple[Rolebook, ...]) -> tuple[str, ...]:
    """From when to when the button of a mail leads on."""
    if mail.since is None or mail.until is None:
        return ()
    zone = books[0].program.zone if books else "UTC"
    since, until = instant_in_words(mail.since, zone), instant_in_words(mail.until, zone)
    return (f"The link works once, from {since} until {until}. Keep this mail until then.",)


def _stopping(mail: AccountMail) -> tuple[str, ...]:
    """Where to stop what a mail tells of, when its reader did not ask for it."""
    if not mail.cancel_path:
        return ()
    return (f"This was not you? Open {link(mail.cancel_path)} and stop it there.",)


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
    "recovery-code": _AccountMailWords(
        "Your code, because your second factor is lost",
        "Here is your code to say that your second factor is lost.",
        (*_CODE, _WARNING),
        "You get this because somebody with your user ID and password said that the second factor is lost.",
    ),
    "recovery-asked": _AccountMailWords(
        "Somebody said that your second factor is lost",
        "Somebody with your user ID, your password and a code from this mailbox said that your second factor is lost.",
        (
            "Those who may vouch for you were told. They make sure that it is you before anything changes.",
            "If this was not you, stop it, change your password, and tell us.",
        ),
        "You get this because it concerns how you sign in. It cannot be turned off.",
        "This was not me",
    ),
    "recovery-vouched": _AccountMailWords(
        "You can set up a new second factor",
        "Somebody vouched for you: you can set up a new second factor.",
        ("When you do, the lost one, its recovery codes and all sessions end.",),
        "You get this because it concerns how you sign in. It cannot be turned off.",
        "Set up a new second factor",
    ),
    "recovery-finished": _AccountMailWords(
        "Your second factor was removed",
        "Your lost second factor was removed, and you were signed out everywhere. Set up a new one to go on.",
        (_WARNING,),
        "You get this because it concerns how you sign in. It cannot be turned off.",
        "Sign in",
        "/sign-in/",
    ),
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
    "token-made": _AccountMailWords(
        "An access token was made for your account",
        "An access token was made for your account.",
        ("It stands on the Security page, where you can take it back.", _WARNING),
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
