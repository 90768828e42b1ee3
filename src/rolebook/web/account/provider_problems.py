"""What people are told when signing in with an identity provider did not work out."""

from dataclasses import dataclass

from rolebook.accounts.flows.signing_in import SecondFactorElsewhere, SignInRefused
from rolebook.accounts.openid.asking import AnswerRefused, NotSignedInThere
from rolebook.accounts.openid.fetching import ProviderDown, ProviderRefused


@dataclass(frozen=True, slots=True)
class Problem:
    """A page about what went wrong.

    Attributes:
        title: its heading.
        sentence: what happened, and what it means for the person.
        status: the HTTP status.
        again: whether trying again makes sense.
    """

    title: str
    sentence: str
    status: int
    again: bool = True


def problem_of(failure: Exception, name: str) -> Problem:
    """Return what to say of ``failure``, with the provider called ``name``; nothing the provider wrote is repeated."""
    match failure:
        case NotSignedInThere(code="access_denied"):
            return Problem(
                f"You did not sign in at {name}",
                f"{name} says that you did not go on. Nothing was changed.",
                200,
            )
        case NotSignedInThere(code="temporarily_unavailable" | "server_error") | ProviderDown():
            return _down(name)
        case NotSignedInThere() | ProviderRefused():
            return Problem(
                f"{name} did not sign you in",
                f"{name} answered with the error “{failure}”. Nothing was changed.",
                400,
            )
        case AnswerRefused(code="state" | "code"):
            return Problem(
                "This sign-in is over",
                f"You came back from {name} to a sign-in that was used already, took longer than 15 minutes, or was "
                "not begun in this browser. Nothing was changed.",
                400,
            )
        case AnswerRefused(code="expired" | "not-yet"):
            return Problem(
                "The clocks do not agree",
                f"The answer of {name} bears a time that is not now, so nobody was signed in. If it happens again, "
                "tell the people named at the bottom of this page: the clock of this server or of the provider is "
                "wrong.",
                400,
            )
        case AnswerRefused():
            return Problem(
                f"The answer of {name} could not be trusted",
                "It was not the answer to what we asked, so nobody was signed in. If it happens again, tell the people "
                "named at the bottom of this page.",
                400,
            )
        case SecondFactorElsewhere():
            return Problem(
                f"{name} did not confirm a second factor",
                f"Your second factor is that of your identity provider, and this time {name} signed you in without "
                "one. Sign in there again with your second factor.",
                403,
            )
        case SignInRefused():
            return Problem(
                "You cannot sign in with this account",
                "It is not active at present. The people named at the bottom of this page can tell you why.",
                403,
                again=False,
            )
        case _:
            return _down(name)


def _down(name: str) -> Problem:
    return Problem(
        f"{name} cannot be reached",
        f"{name} does not answer at present. Try again in a minute, or sign in another way.",
        503,
    )
