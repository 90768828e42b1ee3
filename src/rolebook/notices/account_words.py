"""The words of mails about the account itself: warnings that something of it changed."""

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
