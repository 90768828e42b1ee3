"""Who is told: from the facts of an event to accounts, judged when the notice is derived."""

from collections.abc import Iterable

from rolebook.accounts.models import Account
from rolebook.governance.deciders import who_may_decide
from rolebook.governance.models import Request
from rolebook.notices.facts import Facts


def the_beneficiary(facts: Facts) -> Iterable[Account]:
    """The person whom the event is about."""
    return [facts.beneficiary]


def who_decided(facts: Facts) -> Iterable[Account]:
    """The person who acted (QPP-07)."""
    return [facts.actor] if facts.actor is not None else []


def the_requester(facts: Facts) -> Iterable[Account]:
    """Who made the request that the event's stage belongs to."""
    return [facts.stage.request.requester]


def the_requester_asked_again(facts: Facts) -> Iterable[Account]:
    """Who made the request that the event names."""
    return [facts.request.requester]


def the_requester_at_the_end(facts: Facts) -> Iterable[Account]:
    """Who asked, when the request was decided (QPP-08); not who withdrew it."""
    request = facts.request
    return [] if request.state == Request.State.WITHDRAWN else [request.requester]


def for_whom_it_was(facts: Facts) -> Iterable[Account]:
    """The person that somebody else's request was for, when it was decided."""
    request = facts.request
    if request.state == Request.State.WITHDRAWN or request.beneficiary_id == request.requester_id:
        return []
    return [request.beneficiary]


def who_can_decide(facts: Facts) -> Iterable[Account]:
    """Everybody who can decide the stage that opened (QPP-09), the steward where nobody else is left.

    Who decided it meanwhile is among them: whether this reader is a second behind or an hour changes nobody's mail.
    """
    people = who_may_decide(facts.book, facts.stage, facts.now)
    approver = Account.objects.filter(outcomes__stage=facts.stage).exclude(
        pk__in=[person.pk for person in people]
    )
    return [*people, *approver]
