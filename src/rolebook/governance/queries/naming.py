"""Whether somebody is told who decided by name, or the office only, and what an office is called (decision 33)."""

from collections.abc import Iterable

from rolebook.accounts.models import Organization
from rolebook.governance.authority import Standing, covers_role
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.stewards import administers
from rolebook.policy.model import STEWARD_ID, Act, Rolebook


def sees_names(standing: Standing, places: Iterable[Organization | None]) -> bool:
    """Return whether the viewer is told by name who acted at ``places``: who may view the users at one of them, or a
    steward. Everybody else, so also whom it was about, is told the office.
    """
    return administers(standing) or any(standing.may(Act.VIEW_USERS, place) for place in places)


def office_in_words(book: Rolebook, role_id: str, place_name: str | None) -> str:
    """Return an office as sentences name it: "a Security Official of Cedar Valley", "the Service Center"."""
    if role_id == STEWARD_ID:
        return f"the {book.steward.title}"
    office = with_article(role_title(book, role_id))
    return office if place_name is None else f"{office} of {place_name}"


def with_article(title: str) -> str:
    """Put "a" or "an" before a title: "a Security Official", "an Agency Lead", "an IQCS Security"."""
    return f"{'an' if title[:1].casefold() in 'aeio' else 'a'} {title}" if title else ""


def designating_office(book: Rolebook) -> str:
    """Return which offices designate."""
    holders = (holder.role_id for holder in book.authority.holders(Act.DESIGNATE))
    return " or ".join(office_in_words(book, role_id, None) for role_id in holders)


def confirming_office(book: Rolebook, place_name: str | None) -> str:
    """Return which offices, besides the steward's, say whose a record is that is kept at a place."""
    if book.records is None:
        return ""
    confirmed = book.records.role_id
    holders = (one for one in book.authority.holders(Act.DECIDE) if covers_role(book, one, confirmed))
    return " or ".join(
        office_in_words(book, one.role_id, place_name) for one in holders if one.role_id != STEWARD_ID
    )
