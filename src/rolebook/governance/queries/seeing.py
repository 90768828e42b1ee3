"""What every query asks first: who looks, and whether they may know of the organization (I1, I3, fault 1)."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from rolebook.accounts.models import Account, Organization, RolebookVersion, canonical_id
from rolebook.governance.authority import Standing, is_closed, standing_from, standing_of
from rolebook.governance.models import Participation, Request, Stage
from rolebook.governance.one_look import remembered
from rolebook.governance.refusals import NotAllowed, NotFound
from rolebook.policy.model import Act, Rolebook


@dataclass(frozen=True, slots=True)
class Read:
    """What the page has read for itself at ``at`` of who looks, and under which rolebook."""

    account: Account
    participation: Participation | None
    version: RolebookVersion
    book: Rolebook
    at: datetime


@dataclass(frozen=True, slots=True)
class _Look:
    read: Read | None
    seen: dict[tuple[int, str, datetime], Standing]
    places: dict[tuple[str, uuid.UUID], Organization | None]

    def standing_of(self, viewer: Account, program_id: str, at: datetime) -> Standing:
        key = (viewer.pk, program_id, at)
        known = self.seen.get(key)
        if known is None:
            known = self.seen[key] = self._find(viewer, program_id, at)
        return known

    def _find(self, viewer: Account, program_id: str, at: datetime) -> Standing:
        read = self.read
        if read is None or (read.account.pk, read.book.program.id, read.at) != (viewer.pk, program_id, at):
            return standing_of(viewer, program_id, at)
        return standing_from(read.account, read.participation, read.version, read.book, at)


_look: ContextVar[_Look | None] = ContextVar("look", default=None)


@contextmanager
def one_look(read: Read | None = None) -> Iterator[None]:
    """Let the queries inside share one reading of who looks: a page that only shows is one look at one instant.

    ``read`` is what the page has read already. Never around a flow: those read for themselves, under their locks.
    """
    token = _look.set(_Look(read, {}, {}))
    try:
        with remembered():
            yield
    finally:
        _look.reset(token)


def part_read(standing: Standing) -> Participation | None:
    """Return the part in the program that the page has read of the one who looks, None where it has not."""
    look = _look.get()
    read = None if look is None else look.read
    if read is None or (read.account.pk, read.book.program.id) != (standing.account.pk, standing.program_id):
        return None
    return read.participation


def version_read(program_id: str) -> Read | None:
    """Return what the page has read of a program's rolebook in force, None where it has read none."""
    look = _look.get()
    read = None if look is None else look.read
    return read if read is not None and read.book.program.id == program_id else None


def viewer_standing(viewer: Account, program_id: str, at: datetime) -> Standing:
    """Return the viewer's standing. Raises NotAllowed for an account or participation that is not active."""
    look = _look.get()
    find = standing_of if look is None else look.standing_of
    standing = find(viewer, program_id, at)
    if not standing.person.active:
        raise NotAllowed("account_not_active")
    return standing


def public_id_of(text: uuid.UUID | str) -> uuid.UUID:
    """Return a public id. Raises NotFound for what is none: a bad id looks like an unknown one."""
    public_id = canonical_id(text)
    if public_id is None:
        raise NotFound
    return public_id


def find_organization(program_id: str, organization_id: uuid.UUID | str, at: datetime) -> Organization:
    """Return the open organization with that public id. Raises NotFound, also for an id of another program."""
    public_id = public_id_of(organization_id)
    organization = _organization(program_id, public_id)
    if organization is None:
        raise NotFound
    if is_closed(organization, at):
        raise NotFound
    return organization


def find_organizations(
    program_id: str, organization_ids: Iterable[uuid.UUID | str], at: datetime
) -> list[Organization]:
    """Return open organizations by public ids, in their order; one statement. Raises NotFound unless all are there."""
    asked = [public_id_of(one) for one in organization_ids]
    rows = Organization.objects.filter(program_id=program_id, public_id__in=asked)
    found = {one.public_id: one for one in rows if not is_closed(one, at)}
    if len(found) != len(set(asked)):
        raise NotFound
    return [found[one] for one in asked]


def _organization(program_id: str, public_id: uuid.UUID) -> Organization | None:
    look = _look.get()
    if look is None:
        return Organization.objects.filter(program_id=program_id, public_id=public_id).first()
    key = (program_id, public_id)
    if key not in look.places:
        look.places[key] = Organization.objects.filter(program_id=program_id, public_id=public_id).first()
    return look.places[key]


def anywhere(conditions: Sequence[Q]) -> Q:
    """Return the SQL condition for what any of some offices covers (`Office.where`); at least one.

    Django leaves an empty condition out of an "or", where it means everything.
    """
    reach = conditions[0]
    for more in conditions[1:]:
        reach = reach | more if reach and more else Q()
    return reach


def organization_for(
    standing: Standing, organization_id: uuid.UUID | str, act: Act, refused_code: str = "not_yours_to_do"
) -> Organization:
    """Return the organization when the viewer may do ``act`` there.

    Raises NotAllowed when it is one of the viewer's own but the act is not theirs; NotFound, as for one that does not
    exist, when it is foreign.
    """
    organization = find_organization(standing.program_id, organization_id, standing.at)
    if standing.may(act, organization):
        return organization
    raise not_yours(standing, organization, refused_code)


def not_yours(
    standing: Standing, organization: Organization | None, code: str = "not_yours_to_do"
) -> NotAllowed | NotFound:
    """Return the refusal for an act that is not the viewer's: 403 at an organization of their own, else 404."""
    if organization is not None and organization.pk in standing.held_organization_ids:
        return NotAllowed(code)
    return NotFound()


def find_stage(program_id: str | None, stage_id: uuid.UUID | str) -> Stage:
    """Return a stage by public id with its request, people and organization. Raises NotFound."""
    public_id = public_id_of(stage_id)
    stages = Stage.objects.select_related(
        "request__requester", "request__beneficiary", "organization", "request__rolebook_version"
    )
    if program_id is not None:
        stages = stages.filter(program_id=program_id)
    stage = stages.filter(public_id=public_id).first()
    if stage is None:
        raise NotFound
    return stage


def find_request(program_id: str, request_id: uuid.UUID | str) -> Request:
    """Return a request by public id with its people and rolebook version. Raises NotFound."""
    public_id = public_id_of(request_id)
    requests = Request.objects.select_related("requester", "beneficiary", "rolebook_version")
    request = requests.filter(program_id=program_id, public_id=public_id).first()
    if request is None:
        raise NotFound
    return request
