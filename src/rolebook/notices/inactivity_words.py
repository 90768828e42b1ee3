"""The words of mails about parts in a program that end for want of a sign-in, and of those who watch over it."""

from collections.abc import Iterable
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.governance.authority import in_force
from rolebook.governance.models import Grant
from rolebook.governance.quiet import counts
from rolebook.notices.facts import Facts, link
from rolebook.notices.letter import Button, Letter
from rolebook.policy.model import STEWARD_ID


def every_steward(facts: Facts) -> Iterable[Account]:
    """Every steward of the program that the event is about."""
    grants = Grant.objects.filter(
        in_force(facts.now), counts(facts.now), program_id=facts.program_id, role_id=STEWARD_ID
    )
    people = Account.objects.filter(pk__in=grants.values("account"), status=Account.Status.ACTIVE)
    return people.order_by("pk")


def closing_near(facts: Facts) -> Letter:
    """To the person whose part is closed unless they sign in."""
    ends = facts.instant(_end(facts))
    short = facts.book.program.short_name
    months = facts.book.lifecycle.inactivity_months
    return Letter(
        subject=f"{short}: Sign in before {ends}, or your account is closed",
        first_line=f"You have not signed in to {short} for a long time. Your account there is closed on {ends}.",
        facts=(("Closed on", ends), ("Unless", f"you sign in to {short} before")),
        paragraphs=(
            f"Sign in once, and you have {months} months again. If you no longer need {short}, you need to do nothing.",
        ),
        button=Button("Sign in", link(f"/{facts.program_id}/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because the account is yours.",
    )


def last_official_near(facts: Facts) -> Letter:
    """To the stewards: the last who decides at a place is closed soon."""
    ends, person = facts.instant(_end(facts)), facts.beneficiary
    short = facts.book.program.short_name
    places = ", ".join(str(place) for place in facts.new("places") or ())
    return Letter(
        subject=f"{short}: {person.name}, the last to decide at {places}, is closed on {ends}",
        first_line=f"{person.name} has not signed in for a long time, and nobody else decides at {places}.",
        facts=(("Closed on", ends), ("Person", f"{person.name} <{person.email}>"), ("Alone at", places)),
        paragraphs=(
            "Ask them to sign in, or name somebody else. Requests there wait for you once they are closed.",
        ),
        button=Button("Open the person", link(f"/{facts.program_id}/people/{facts.beneficiary.public_id}/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you are a steward of the program.",
    )


def closings_stopped(facts: Facts) -> Letter:
    """To the stewards: nobody is closed until one of them says so."""
    short = facts.book.program.short_name
    due, active = facts.new("due"), facts.new("active")
    because = (
        "The server's clock is more than a month further than at the last run. Either it is wrong, or nothing ran."
        if facts.new("why") == "clock"
        else f"That is more than the {facts.book.lifecycle.most_due_percent} percent that the program declares."
    )
    return Letter(
        subject=f"{short}: Closings stopped: {due} of {active} people are due at once",
        first_line=f"{due} of {active} active people would be closed at once. Nobody is, until you say so.",
        facts=(("Due", f"{due} of {active}"), ("Stopped", facts.instant())),
        paragraphs=(because,),
        button=Button("Look at who is due", link(f"/{facts.program_id}/inactivity/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you are a steward of the program. Others got it too; one is enough.",
    )


def _end(facts: Facts) -> datetime:
    return datetime.fromisoformat(str(facts.new("quiet_ends_at")))
