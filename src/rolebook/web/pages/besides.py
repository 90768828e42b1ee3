"""What waits for one's word besides requests, as Home and Manage Access list it: a line and a link for each."""

from django.urls import reverse

from rolebook.governance.queries.counting import COUNTED_TO
from rolebook.governance.queries.waiting_besides import WaitingFor

_BESIDES = (
    (
        "authorizations",
        "authorizations",
        ("account request names you as supervisor", "account requests name you as supervisor"),
        "Authorize or not",
    ),
    (
        "registrations",
        "registrations",
        ("person says that a record is theirs", "people say that a record is theirs"),
        "Confirm or not",
    ),
    (
        "checks",
        "employers",
        ("person has another employer and has codes", "people have another employer and have codes"),
        "Look at the codes",
    ),
    (
        "removals",
        "employers",
        ("person has codes that are no longer needed", "people have codes that are no longer needed"),
        "Remove the codes",
    ),
    (
        "stuck",
        "designate",
        ("request waits that nobody can decide", "requests wait that nobody can decide"),
        "Designate another steward",
    ),
)
"""What waits besides requests: how it is counted, the page where it is answered, in words, and what is done there."""


def besides(waiting: WaitingFor, program_id: str) -> tuple[dict[str, str], ...]:
    """Return a line and a link for each thing of which something waits."""
    lines: list[dict[str, str]] = []
    for counted, page, (one, many), does in _BESIDES:
        number: int = getattr(waiting, counted)
        if number:
            more = " or more" if number == COUNTED_TO else ""
            text = f"{number:,}{more} {one if number == 1 else many}"
            lines.append({"text": text, "url": reverse(page, args=[program_id]), "does": does})
    return tuple(lines)
