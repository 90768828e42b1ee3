"""Whether somebody is told who decided by name, or the office only, and what an office is called (decision 33)."""

from collections.abc import Iterable

from rolebook.accounts.models import Organization
from rolebook.governance.authority import Standing, covers_role
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.stewards import administers
from rolebook.policy.model import STEWARD_ID, Act, Rolebook

_FIELDS = frozenset({"administration", "control", "management", "operations", "security", "staff", "support"})
"""Last words of titles that take no article, since nobody is one of it: "IQCS Security"."""
_BODIES = frozenset(
    {"board", "center", "committee", "department", "desk", "division", "office", "team", "unit"}
)
"""Last words of titles of which there is one, with several people in it: "iQIES Help Desk"."""


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
    """Return a title as sentences name one who has it: "a Security Official", "an Agency Lead", "IQCS Security", "the
    Help Desk".
    """
    if _names_many(title):
        return with_the(title)
    return f"{'an' if title[:1].casefold() in 'aeio' else 'a'} {title}" if title else ""


def with_the(title: str) -> str:
    """Return an office as sentences name it where there is one: "the Agency Lead", "IQCS Security", "the Help Desk"."""
    return title if _last_word(title) in _FIELDS else f"the {title}"


def another(title: str) -> str:
    """Return who else there is in an office: "Another Agency Lead", "Somebody else of IQCS Security"."""
    return f"Somebody else of {with_the(title)}" if _names_many(title) else f"Another {title}"


def _names_many(title: str) -> bool:
    """Return whether a title is of several people together, and not of each one."""
    return _last_word(title) in _FIELDS | _BODIES


def _last_word(title: str) -> str:
    return title.casefold().split()[-1] if title.split() else ""


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
