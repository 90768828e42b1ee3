"""The question "who could": which privilege, at which organization."""

import uuid
from collections.abc import Sequence

from rolebook.accounts.models import Organization
from rolebook.governance.past.days import Moment
from rolebook.governance.queries.asking import organizations_to_ask_about
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.queries.then_lists import organization_for_past
from rolebook.governance.queries.then_rows import book_then
from rolebook.governance.refusals import NotAllowed, NotFound
from rolebook.web.answers import asked, with_parameters
from rolebook.web.matrix.can_they import Option, Pick
from rolebook.web.program import ProgramRequest

_FOUND = 10


class Asking:
    """What is asked so far: each part is picked from what the viewer may ask about."""

    def __init__(self, request: ProgramRequest, moment: Moment | None) -> None:
        """Read the address; privileges are those of the rolebook in force on that day."""
        _, book, _ = book_then(request.program.id, request.at if moment is None else moment.at)
        chosen = asked(request, "privilege")
        self.privileges: Sequence[tuple[str, str, bool]] = [
            (one.id, one.title, one.id == chosen) for one in book.privileges
        ]
        self.privilege_id = chosen if book.privilege(chosen) is not None else ""
        self.unknown = bool(chosen) and not self.privilege_id
        organization = self._organization(request)
        self.organization_id: uuid.UUID | None = None if organization is None else organization.public_id
        self.pick = _pick(request, organization)

    @staticmethod
    def _organization(request: ProgramRequest) -> Organization | None:
        named = asked(request, "organization")
        if not named:
            return None
        standing = viewer_standing(request.account, request.program.id, request.at)
        try:
            return organization_for_past(standing, named)
        except (NotFound, NotAllowed):
            return None


def _pick(request: ProgramRequest, organization: Organization | None) -> Pick:
    words = asked(request, "organization_words")
    found: tuple[Option, ...] = ()
    more = False
    if words and organization is None:
        standing = viewer_standing(request.account, request.program.id, request.at)
        page = organizations_to_ask_about(standing, words, about_people=True, limit=_FOUND)
        found, more = tuple(map(_option, page.rows)), page.next_after is not None
    return Pick(
        name="organization",
        label="At which organization?",
        hint="Name, code or number",
        chosen=None if organization is None else _option(organization),
        change_url=with_parameters(request, {"organization": None, "after": None}),
        words=words,
        options=found,
        more=more,
    )


def _option(organization: Organization) -> Option:
    return Option(str(organization.public_id), organization.name, organization.code)
