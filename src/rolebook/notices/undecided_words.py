"""The words of mails about requests that went back, or were withdrawn, by nobody's decision: something else changed."""

from collections.abc import Iterable

from rolebook.accounts.models import Account
from rolebook.governance.models import Participation, Request
from rolebook.notices.access_words import (
    asked_by,
    in_a_few_words,
    item_lines,
    items_of,
    program_of,
    shortened,
)
from rolebook.notices.facts import Facts, link
from rolebook.notices.letter import Button, Letter

_WHY_BACK = {
    "chain_changed": "Who decides it has changed since it was sent.",
    "organization_moved": "Who decides it has changed, because an organization was moved.",
    "organization_closed": "An organization that it names was closed.",
}


def went_back(facts: Facts) -> Letter:
    """To the requester: the request came back, because what it was laid out by has changed."""
    request = facts.request
    items = items_of(request)
    what = in_a_few_words(facts, items)
    return Letter(
        subject=f"{program_of(facts)}: Please send your request again: {what}",
        first_line=f"Your request for {what} came back to you. Nobody decided so.",
        facts=(
            ("For", request.beneficiary.name),
            *item_lines(facts, items),
            ("Came back", facts.instant()),
            ("Because", _WHY_BACK.get(str(facts.new("why")), _WHY_BACK["chain_changed"])),
        ),
        paragraphs=(
            "Look at it, and send it again to whom it goes now, or withdraw it. Until then nobody decides it.",
        ),
        button=_open(facts, request),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you made the request.",
    )


def whose_withdrawn(facts: Facts) -> Iterable[Account]:
    """Who made a request and for whom it was, where it was not its requester who withdrew it; of a merged account who
    remains.

    Not whose own part in the program ended: the mail about that says it of all their requests at once.
    """
    request = facts.request
    if facts.actor is not None and facts.actor.pk == request.requester_id:
        return []
    people = {one.pk: one.merged_into or one for one in (request.requester, request.beneficiary)}
    parts = Participation.objects.filter(
        program_id=request.program_id, account__in=people.values(), status=Participation.Status.ACTIVE
    )
    found = parts.filter(account__status=Account.Status.ACTIVE).select_related("account")
    return [part.account for part in found.order_by("account")]


def withdrawn(facts: Facts) -> Letter:
    """To the requester and to whom it was for: the request ended with an account that is no longer active."""
    request = facts.request
    items = items_of(request)
    what = in_a_few_words(facts, items)
    return Letter(
        subject=f"{program_of(facts)}: Request withdrawn: {what} for {request.beneficiary.name}",
        first_line=f"The request for {what} was withdrawn, because an account is no longer active.",
        facts=(
            ("For", request.beneficiary.name),
            *asked_by(request),
            *item_lines(facts, items),
            ("Withdrawn", facts.instant()),
            ("Reason", shortened(facts.personal.get("reason", ""))),
        ),
        paragraphs=("Nobody decides it any more. What is still needed can be asked for anew.",),
        button=_open(facts, request),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because the request was made by you or for you.",
    )


def _open(facts: Facts, request: Request) -> Button:
    return Button("Open the request", link(f"/{facts.program_id}/requests/{request.public_id}/"))
