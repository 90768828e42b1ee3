"""What a rolebook is made of besides matrix and provisions: program, categories, organizations, roles, privileges."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

EVERYWHERE: Literal["everywhere"] = "everywhere"
ORGANIZATION: Literal["organization"] = "organization"
OWN_RECORD: Literal["own record"] = "own record"

OFFICE_CATEGORY_ID = "office"
TAKEN_BY_ADDRESSES = frozenset(("api", "calendar", "demo", "metrics", "register", "security", "static"))
"""With what addresses of the server begin, so that no program can have it as its id."""

type Scope = Literal["everywhere", "organization", "own record"]
type Obtained = Literal["request", "designation", "registration"]
type AccessForm = Literal["with each role", "apart from roles"]


def fold(name: str) -> str:
    """A name as it is compared: letter case, runs of white space and ways to write one character do not count."""
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask; `have_ready` says what to have at hand when calling, and is empty where there is
    nothing.
    """

    name: str
    email: str
    phone: str = ""
    hours: str = ""
    have_ready: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A document of the program's own."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Program:
    """What the rolebook is of: names, edition, where it comes from, whom to ask, and words for people.

    `hints` are texts by key in the program's `language` (see `policy.form.HINTS` for the keys and where
    they show). `zone` is an IANA time zone; a day of the program is a day there.
    """

    id: str
    name: str
    short_name: str
    version: str
    date: date
    source: str
    zone: str
    contact: Contact
    language: str = "en"
    statement: str | None = None
    statement_source: str = ""
    hints: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Category:
    """A user category. Who holds a role of an `exclusive` one may hold roles of no other category."""

    id: str
    title: str
    exclusive: bool
    description: str = ""


@dataclass(frozen=True, slots=True)
class OrganizationKind:
    """A kind of organization, the identifier that its members are known by, and the kinds that may be its
    parent.

    `parent_kinds` empty: members stand at the top of the tree. `identifier_pattern` is a regular expression
    that the whole identifier must match, or None.
    """

    id: str
    title: str
    plural: str
    identifier_scheme: str
    identifier_title: str
    identifier_pattern: str | None = None
    identifier_example: str = ""
    parent_kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShippedOrganization:
    """An organization that the program itself ships with (organizations.csv); `code` is unique in the
    rolebook.
    """

    kind_id: str
    code: str
    name: str
    parent_code: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    """What conditions may ask of it, by name: the columns after the parent."""


type Proof = Literal["mailed code", "confirmation"]


@dataclass(frozen=True, slots=True)
class Records:
    """The records of which a person has one of their own, for which they register (IQCS-01).

    `identifier_pattern` is as for `OrganizationKind`. `role_id` is the role that registering gives; `proofs` are the
    ways to show that a record is one's own; `resource_type` is how applications name one when they ask about it.
    """

    title: str
    identifier_scheme: str
    identifier_title: str
    role_id: str
    proofs: tuple[Proof, ...]
    identifier_pattern: str | None = None
    identifier_example: str = ""
    resource_type: str = "record"


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a held role applies.

    `organization`: at the organization of the grant (of one of `kinds`), and below it when `lower_levels`;
    in a program that holds access apart from roles, at the organizations of the person's access instead.
    `many`: one grant reaches a set of organizations, those under the one that it names. `elsewhere`:
    privilege ids that hold at every other organization too, out of those that the matrix gives the role.
    """

    scope: Scope
    kinds: tuple[str, ...] = ()
    many: bool = False
    lower_levels: bool = False
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ByNote:
    """A privilege that a role has by the document's text and not by a printed cell, with what says so."""

    privilege_id: str
    basis: str


@dataclass(frozen=True, slots=True)
class Note:
    """What the document's text says about a role, apart from the tables. The matrix decides; the lint
    compares.

    `can` and `cannot` are privilege ids; `operations` are ones that the text gives in `area`.
    """

    text: str
    can: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()
    area: str | None = None
    operations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A role: `printed` tells whether it has a column in the matrix."""

    id: str
    title: str
    category_id: str
    obtained: Obtained
    reach: Reach
    description: str = ""
    other_names: tuple[str, ...] = ()
    printed: bool = True
    by_note: tuple[ByNote, ...] = ()
    notes: tuple[Note, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Privilege:
    """An operation on an object. `id` is written once and survives corrections of the title.

    `includes`: narrower privileges that come with this one; see `Mark.operations`. `seen_with`: privileges with which
    its object is seen, where titles do not tell; the lint asks for them. `kind_id` where the
    program has kinds of privilege (menu, page, tab, report, action).
    """

    id: str
    title: str
    operation: str
    kind_id: str | None = None
    includes: tuple[str, ...] = ()
    seen_with: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Power:
    """A privilege that a role has: `own_record` limits it to the record of the person who asks.

    `basis` cites the printed row, or the note, that gives it; `cell` is the cell there ("yes" for a note).
    """

    privilege_id: str
    own_record: bool
    basis: str
    cell: str
    condition: str | None = None
    """What must be true as well, as its mark says; see `policy.conditions`."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule over every role: its privileges are given only where `when` is true (see `policy.conditions`).

    `meaning` says the same to people.
    """

    id: str
    meaning: str
    when: str
    privilege_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PrivilegeKind:
    """A kind of privilege where a program tells them apart, for example menu, page, tab, report, action."""

    id: str
    title: str


OFFICE = Category(OFFICE_CATEGORY_ID, "Offices of the program", exclusive=False)
