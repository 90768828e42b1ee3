"""Lines of lists "on that day": who, with which status then, and what they held, each with what stood behind it."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Organization, RolebookVersion
from rolebook.accounts.queries.rolebooks import NoRolebook, book_of_version
from rolebook.governance.models import Access, Grant
from rolebook.governance.one_look import once
from rolebook.governance.origins import Holding
from rolebook.governance.past.behind import Behind, TellsNames, behind, to_all
from rolebook.governance.past.holdings import PastPerson, places_of
from rolebook.governance.past.places import PastPlaces
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.seeing import version_read
from rolebook.policy.model import Rolebook


@dataclass(frozen=True, slots=True)
class HeldThen:
    """A role, or access apart from roles (``role_id`` None), that somebody held, and what stood behind it.

    Organizations are called as they were then. ``behind`` tells what is known of it now, its end included.
    """

    holding_id: uuid.UUID
    role_id: str | None
    title: str
    organization_id: uuid.UUID | None
    organization_name: str | None
    organization_code: str | None
    lower_levels: bool
    starts_at: datetime
    ends_at: datetime | None
    behind: Behind
    recorded_later: bool
    """Whether it was recorded here only after that instant, by an import: then, this server knew nothing of it."""


@dataclass(frozen=True, slots=True)
class PersonThen:
    """Somebody at an earlier instant; name and addresses are those of now, all else is that of then.

    ``employer``: the organization on record as theirs, as it was called then; "" for none.
    """

    account_id: uuid.UUID
    name: str
    user_id: str
    email: str
    status: str
    held: tuple[HeldThen, ...]
    last_signed_in_at: datetime | None = None
    employer: str = ""


@dataclass(frozen=True, slots=True)
class PlaceThen:
    """An organization at an earlier instant: what it was called, what stood above it (nearest first), if it was closed.

    ``recorded_later``: it was recorded here only after that instant; where it stood is the first that is known.
    """

    organization_id: uuid.UUID
    name: str
    code: str
    above: tuple[str, ...]
    closed: bool
    present_name: str
    recorded_later: bool


def book_then(program_id: str, at: datetime) -> tuple[RolebookVersion, Rolebook, bool]:
    """Return the rolebook version in force at ``at`` with its content, and whether it was.

    Before the first version that was ever in force, it is that one, for the titles of what is older. Raises NoRolebook
    where a program has none at all.
    """
    read = version_read(program_id)
    if read is not None and read.version.effective_at <= at:
        return read.version, read.book, True
    return once(("book then", program_id, at), lambda: _book_then(program_id, at))


def _book_then(program_id: str, at: datetime) -> tuple[RolebookVersion, Rolebook, bool]:
    versions = RolebookVersion.objects.filter(program_id=program_id).defer("content")
    version = versions.filter(effective_at__lte=at).order_by("-number").first()
    if version is not None:
        return version, book_of_version(version), True
    first = versions.order_by("number").first()
    if first is None:
        raise NoRolebook(program_id)
    return first, book_of_version(first), False


def rows_then(
    people: Sequence[PastPerson],
    book: Rolebook,
    at: datetime,
    now: datetime,
    *,
    wanted: Callable[[Holding], bool] | None = None,
    places: PastPlaces | None = None,
    tells_names: TellsNames | None = None,
) -> tuple[PersonThen, ...]:
    """Return people as lines; ``wanted`` says which of what they held is shown (None: all).

    ``places`` are the organizations named, as they stood, where they have been looked up. ``tells_names`` says at which
    the viewer is told by name who decided (None: everywhere).
    """
    held = {
        person.account.pk: [one for one in person.held if wanted is None or wanted(one)] for person in people
    }
    every = [one for mine in held.values() for one in mine]
    events = [one for person in people for one in person.told]
    told = behind(every, now, to_all if tells_names is None else tells_names, events)
    if places is None:
        places = places_of(book.program.id, people, at)
    return tuple(
        PersonThen(
            person.account.public_id,
            person.account.name,
            person.account.user_id,
            person.account.email,
            person.status,
            tuple(_lines(held[person.account.pk], book, at, places, told)),
            person.last_signed_in_at,
            person.employer,
        )
        for person in people
    )


def _lines(
    held: Iterable[Holding],
    book: Rolebook,
    at: datetime,
    places: PastPlaces,
    told: Mapping[uuid.UUID, Behind],
) -> Iterable[HeldThen]:
    for one in held:
        place = None if one.organization_id is None else places[one.organization_id]
        known = told[one.public_id]
        yield HeldThen(
            holding_id=one.public_id,
            role_id=one.role_id if isinstance(one, Grant) else None,
            title=role_title(book, one.role_id) if isinstance(one, Grant) else access_title(one),
            organization_id=None if place is None else place.organization.public_id,
            organization_name=None if place is None else place.name,
            organization_code=None if place is None else place.code,
            lower_levels=isinstance(one, Access) and one.lower_levels,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            behind=known,
            recorded_later=known.recorded_at is not None and known.recorded_at > at,
        )


def access_title(access: Access) -> str:
    """Return what access apart from roles is called in lists."""
    return "Access with lower levels" if access.lower_levels else "Access"


def place_then(places: PastPlaces, organization: Organization) -> PlaceThen:
    """Return an organization that was looked up as it stood."""
    here = places[organization.pk]
    return PlaceThen(
        organization.public_id,
        here.name,
        here.code,
        tuple(places[pk].name for pk in places.chain(organization.pk)[1:]),
        here.closed,
        organization.name,
        organization.created_at > places.at,
    )
