"""Who is told: from the facts of an event to accounts, judged when the notice is derived."""

from collections.abc import Iterable
from dataclasses import dataclass

from rolebook.accounts.models import Account
from rolebook.governance.deciders import who_may_decide
from rolebook.governance.models import Request
from rolebook.notices.facts import Facts


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is told; ``address`` only where it must be another than the account's present one."""

    account: Account
    address: str = ""


def the_beneficiary(facts: Facts) -> Iterable[Recipient]:
    """The person whom the event is about."""
    return [Recipient(facts.beneficiary)]


def the_beneficiary_unless_first(facts: Facts) -> Iterable[Recipient]:
    """The person whom the event is about, but not at the first event of its kind (setting the account up)."""
    earlier = type(facts.event).objects.filter(
        tag=facts.event.tag, beneficiary_id=facts.event.beneficiary_id, sequence__lt=facts.event.sequence
    )
    return [Recipient(facts.beneficiary)] if earlier.exists() else []


def the_old_address(facts: Facts) -> Iterable[Recipient]:
    """The person whom the event is about, at the confirmed address that they had before (fault 46)."""
    old = facts.personal.get("old_email", "")
    changed = old and old != facts.personal.get("email", old)
    return [Recipient(facts.beneficiary, old)] if changed else []


def the_new_address(facts: Facts) -> Iterable[Recipient]:
    """The person whom the event is about, when the e-mail address is what changed."""
    return [Recipient(facts.beneficiary)] if any(the_old_address(facts)) else []


def who_decided(facts: Facts) -> Iterable[Recipient]:
    """The person who acted (QPP-07)."""
    return [Recipient(facts.actor)] if facts.actor is not None else []


def the_requester(facts: Facts) -> Iterable[Recipient]:
    """Who made the request that the event's stage belongs to."""
    return [Recipient(facts.stage.request.requester)]


def the_requester_at_the_end(facts: Facts) -> Iterable[Recipient]:
    """Who asked, when the request was decided (QPP-08); not who withdrew it."""
    request = facts.request
    return [] if request.state == Request.State.WITHDRAWN else [Recipient(request.requester)]


def for_whom_it_was(facts: Facts) -> Iterable[Recipient]:
    """The person that somebody else's request was for, when it was decided."""
    request = facts.request
    if request.state == Request.State.WITHDRAWN or request.beneficiary_id == request.requester_id:
        return []
    return [Recipient(request.beneficiary)]


def who_can_decide(facts: Facts) -> Iterable[Recipient]:
    """Everybody who can decide the stage that opened (QPP-09), the steward where nobody else is left."""
    return [Recipient(account) for account in who_may_decide(facts.book, facts.stage, facts.now)]
