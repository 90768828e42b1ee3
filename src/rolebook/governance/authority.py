"""What somebody may do in governing a program, from rows read in the present transaction, through the one walk.

The walk (`rolebook.decision.walk`) is necessary and never sufficient: the act's holder in the rolebook also says
which user categories it covers (design: "Authority"). Flows never ask a snapshot.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock

from django.db.models import Q

from rolebook.accounts.models import Account, Organization, RolebookVersion
from rolebook.accounts.queries import rolebook_in_force
from rolebook.decision.check import check
from rolebook.decision.compiled import CompiledProgram, act_action, compile_program
from rolebook.decision.evaluation import Access as HeldAccess
from rolebook.decision.evaluation import Holding, Person
from rolebook.decision.search import ReachAnswer, reach
from rolebook.decision.tree import OrganizationTree
from rolebook.decision.walk import Extent, walk
from rolebook.governance.at_home import told_elsewhere
from rolebook.governance.models import Access, Grant, Participation
from rolebook.governance.quiet import is_in
from rolebook.policy.model import Act, ActHolder, Rolebook

_COMPILED: OrderedDict[str, CompiledProgram] = OrderedDict()
_COMPILED_LOCK = Lock()
_MOST_COMPILED = 16


def compiled(version: RolebookVersion, book: Rolebook) -> CompiledProgram:
    """Return the compiled form of a rolebook, made once a content."""
    with _COMPILED_LOCK:
        known = _COMPILED.get(version.content_hash)
        if known is None:
            known = _COMPILED[version.content_hash] = compile_program(book)
            if len(_COMPILED) > _MOST_COMPILED:
                _COMPILED.popitem(last=False)
        return known


def in_force(at: datetime, prefix: str = "") -> Q:
    """Return the SQL condition for a grant in force at ``at``; the same interval that the walk judges."""
    return (
        Q(**{f"{prefix}starts_at__lte": at})
        & (Q(**{f"{prefix}ends_at__isnull": True}) | Q(**{f"{prefix}ends_at__gt": at}))
        & (Q(**{f"{prefix}closed_at__isnull": True}) | Q(**{f"{prefix}closed_at__gt": at}))
    )


def not_over(at: datetime, prefix: str = "") -> Q:
    """Return the SQL condition for a grant or access in force at ``at``, or that begins later: nothing has ended it."""
    not_past = Q(**{f"{prefix}ends_at__isnull": True}) | Q(**{f"{prefix}ends_at__gt": at})
    return Q(**{f"{prefix}closed_at__isnull": True}) & not_past


def is_closed(organization: Organization, at: datetime) -> bool:
    """Return whether an organization has been closed by ``at``."""
    return organization.closed_at is not None and organization.closed_at <= at


@dataclass(frozen=True, slots=True)
class Office:
    """One holding in force that gives an act, and where; what the walk found, ready for SQL.

    Attributes:
        role_id: the role held.
        holder: how the rolebook gives that role the act.
        organization_id: internal id of where it is held; None: at no organization.
        path: that organization's id path, or None.
        lower_levels: whether the organizations below are included; held at none: every organization of the program.
    """

    role_id: str
    holder: ActHolder
    organization_id: int | None
    path: str | None
    lower_levels: bool

    def covers(self, organization: Organization | None) -> bool:
        """Return whether the office stands at ``organization`` (None: at none), or above it where that counts."""
        if self.organization_id is None:
            return organization is None or self.lower_levels
        if organization is None or self.path is None:
            return False
        if organization.pk == self.organization_id:
            return True
        return self.lower_levels and organization.path.startswith(self.path)

    def where(self, prefix: str = "") -> Q:
        """Return the SQL condition for the organizations covered; ``prefix`` leads to the organization."""
        if self.organization_id is None:
            return Q() if self.lower_levels else Q(**{f"{prefix}organization__isnull": True})
        if self.lower_levels:
            return Q(**{f"{prefix}organization__path__startswith": self.path})
        return Q(**{f"{prefix}organization_id": self.organization_id})


@dataclass(frozen=True, slots=True)
class Standing:
    """A person in a program at an instant, as the present transaction sees them."""

    account: Account
    program_id: str
    at: datetime
    version: RolebookVersion
    book: Rolebook
    person: Person
    places: tuple[tuple[str, str], ...]
    """(id path, kind id) of the organizations at which grants and access are held."""
    _walked: dict[Act, tuple[Office, ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    """The offices that were asked for: a page asks for the same for each row, and some hold hundreds."""
    elsewhere: frozenset[str] = frozenset()
    """The access, by id, that makes no office (see `rolebook.governance.at_home`)."""

    @property
    def _in_office(self) -> Person:
        """What is held, without the access that makes no office."""
        if not self.elsewhere:
            return self.person
        return replace(
            self.person, accesses=[one for one in self.person.accesses if one.id not in self.elsewhere]
        )

    def _tree(self, *organizations: Organization | None) -> OrganizationTree:
        named = [
            (place.path, place.kind_id)
            for place in organizations
            if place is not None and not is_closed(place, self.at)
        ]
        return OrganizationTree.from_paths(dict([*self.places, *named]).items())

    def may(self, act: Act, organization: Organization | None) -> bool:
        """Return whether the walk gives the act at ``organization``; necessary, and enough for acts on no role."""
        return self._allows(self._in_office, act_action(act), organization)

    def allows(self, privilege_id: str, organization: Organization | None) -> bool:
        """Return whether the walk gives a privilege at ``organization``."""
        return self._allows(self.person, privilege_id, organization)

    def _allows(self, person: Person, action: str, organization: Organization | None) -> bool:
        place = None if organization is None else str(organization.pk)
        if organization is not None and organization.program_id != self.program_id:
            return False
        program = compiled(self.version, self.book)
        tree = self._tree(organization)
        return check(program, tree, person, action, place, self.at).allowed

    def reaches(self, privilege_id: str) -> ReachAnswer:
        """Return where the walk gives a privilege: organizations by their internal id as text."""
        program = compiled(self.version, self.book)
        return reach(program, self._tree(), self.person, privilege_id, self.at)

    def may_over_role(self, act: Act, organization: Organization | None, role_id: str) -> bool:
        """Return whether one office gives the act at ``organization`` over a role, by its user category."""
        return self.office_over(act, organization, [role_id]) is not None

    def office_over(
        self,
        act: Act,
        organization: Organization | None,
        role_ids: Iterable[str],
        held_role_id: str | None = None,
    ) -> Office | None:
        """Return an office that gives the act at ``organization`` over every one of ``role_ids``, or None.

        ``held_role_id`` asks for an office by that role (a stage's approver role). A role that the rolebook no longer
        has is covered only by a holder of all categories (I4).
        """
        if not self.may(act, organization):
            return None
        # Access apart from roles names none.
        asked = tuple(role_id for role_id in role_ids if role_id)
        for office in self.offices(act):
            if held_role_id is not None and office.role_id != held_role_id:
                continue
            if office.covers(organization) and all(covers_role(self.book, office.holder, r) for r in asked):
                return office
        return None

    def offices(self, act: Act) -> tuple[Office, ...]:
        """Return every holding in force that gives the act, as the walk finds them; walked once."""
        if act not in self._walked:
            self._walked[act] = tuple(self._offices(act))
        return self._walked[act]

    def _offices(self, act: Act) -> Iterator[Office]:
        if not self.person.active:
            return
        program = compiled(self.version, self.book)
        bit = program.bits[act_action(act)]
        paths = {path.rstrip("/").rpartition("/")[2]: path for path, _ in self.places}
        for step in walk(program, self._tree(), self._in_office, self.at):
            holder = self.book.authority.holder(act, step.holding.role_id)
            if step.lapse is not None or not step.mask & bit or holder is None:
                continue
            place = step.organization_id
            if step.extent is Extent.EVERYWHERE or place is None:
                below = step.extent is not Extent.SAME
                yield Office(step.holding.role_id, holder, None, None, below)
            elif step.extent in (Extent.SAME, Extent.LOWER_LEVELS):
                below = step.extent is Extent.LOWER_LEVELS
                yield Office(step.holding.role_id, holder, int(place), paths[place], below)

    @property
    def held_organization_ids(self) -> frozenset[int]:
        """Internal ids of the organizations at which the person holds a role in force, or access together with one."""
        program = compiled(self.version, self.book)
        steps = walk(program, self._tree(), self.person, self.at) if self.person.active else ()
        held = {
            step.holding.organization_id if step.access is None else step.access.organization_id
            for step in steps
            if step.lapse is None
        }
        return frozenset(int(place) for place in held if place is not None)


def covers_role(book: Rolebook, holder: ActHolder, role_id: str) -> bool:
    """Return whether an act's holder covers a role, by the role's user category."""
    role = book.role(role_id)
    return not holder.category_ids if role is None else holder.covers(role.category_id)


def covered_role_ids(book: Rolebook, holder: ActHolder) -> tuple[str, ...]:
    """Return the roles of the rolebook that an act's holder covers, the steward's office included."""
    return tuple(role.id for role in (*book.roles, book.steward) if holder.covers(role.category_id))


def person_of(account: Account, program_id: str, at: datetime) -> Person:
    """Return what ``account`` holds in a program, from rows read now; organizations by their internal id as text."""
    return standing_of(account, program_id, at).person


def standing_of(account: Account, program_id: str, at: datetime) -> Standing:
    """Return a person's standing at ``at`` from rows read now: three queries, whatever is held.

    The account and the participation are read again: a page or a token that began earlier proves nothing (I7).
    """
    version, book = rolebook_in_force(program_id, at)
    participation = (
        Participation.objects.filter(account=account.pk, program_id=program_id)
        .select_related("account")
        .first()
    )
    fresh = Account.objects.get(pk=account.pk) if participation is None else participation.account
    return standing_from(fresh, participation, version, book, at)


def standing_from(
    fresh: Account,
    participation: Participation | None,
    version: RolebookVersion,
    book: Rolebook,
    at: datetime,
) -> Standing:
    """Return a person's standing at ``at`` where all but what is held has just been read.

    One query for the grants, and one for access where the program holds it apart from roles.
    """
    grants = Grant.objects.filter(in_force(at), account=fresh, program_id=book.program.id)
    rows = list(grants.select_related("organization").order_by("pk"))
    return _standing(fresh, participation, version, book, at, rows, accesses_in_force(book, fresh, at))


def standings_from(
    people: Collection[Account],
    parts: Mapping[int, Participation],
    version: RolebookVersion,
    book: Rolebook,
    at: datetime,
) -> Iterator[Standing]:
    """Yield what `standing_from` returns for each of some people; as many statements as for one.

    ``parts``: their parts in the program by the account's internal id.
    """
    theirs = Grant.objects.filter(in_force(at), account__in=people, program_id=book.program.id)
    grants: dict[int, list[Grant]] = {}
    for grant in theirs.select_related("organization").order_by("pk"):
        grants.setdefault(grant.account_id, []).append(grant)
    accesses: dict[int, list[Access]] = {}
    for access in accesses_in_force(book, people, at):
        accesses.setdefault(access.account_id, []).append(access)
    for one in people:
        held, reached = grants.get(one.pk, []), accesses.get(one.pk, [])
        yield _standing(one, parts.get(one.pk), version, book, at, held, reached)


def _standing(
    fresh: Account,
    participation: Participation | None,
    version: RolebookVersion,
    book: Rolebook,
    at: datetime,
    rows: Sequence[Grant],
    accesses: Sequence[Access],
) -> Standing:
    """Return a person's standing from what they hold."""
    held_at = [grant.organization for grant in rows if grant.organization is not None]
    held_at += [access.organization for access in accesses]
    active = fresh.status == Account.Status.ACTIVE and (participation is None or is_in(participation, at))
    return Standing(
        account=fresh,
        program_id=book.program.id,
        at=at,
        version=version,
        book=book,
        person=Person(
            active=active, holdings=tuple(map(as_holding, rows)), accesses=tuple(map(as_access, accesses))
        ),
        # A grant at an organization that was closed is held at one that is not there, and answers no (I4).
        places=tuple({(place.path, place.kind_id): None for place in held_at if not is_closed(place, at)}),
        elsewhere=frozenset(
            str(access.public_id) for access in accesses if getattr(access, "elsewhere", False)
        ),
    )


def accesses_in_force(book: Rolebook, whose: Account | Collection[Account], at: datetime) -> list[Access]:
    """Return the access apart from roles that somebody, or some, have at ``at``; none, unasked, in other programs.

    ``elsewhere`` of each says whether it makes no office.
    """
    if book.access != "apart from roles":
        return []
    theirs = Q(account=whose) if isinstance(whose, Account) else Q(account__in=whose)
    accesses = Access.objects.filter(in_force(at), theirs, program_id=book.program.id)
    return list(told_elsewhere(book, accesses, at).select_related("organization").order_by("pk"))


def as_access(access: Access) -> HeldAccess:
    """Return access as the walk reads it; organizations by their internal id as text."""
    return HeldAccess(
        id=str(access.public_id),
        organization_id=str(access.organization_id),
        lower_levels=access.lower_levels,
        starts_at=access.starts_at,
        ends_at=access.ends_at,
        closed_at=access.closed_at,
    )


def as_holding(grant: Grant) -> Holding:
    """Return a grant as the walk reads it; organizations by their internal id as text."""
    return Holding(
        id=str(grant.public_id),
        role_id=grant.role_id,
        organization_id=None if grant.organization_id is None else str(grant.organization_id),
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        closed_at=grant.closed_at,
    )


def may(viewer: Account, act: Act, organization: Organization, at: datetime) -> bool:
    """Return whether the walk gives ``viewer`` an act at an organization, from rows read now."""
    return standing_of(viewer, organization.program_id, at).may(act, organization)
