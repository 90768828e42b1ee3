"""The file form of a rolebook: what may stand in rolebook.yaml, as strict pydantic models.

These models judge shape only (keys, types, patterns); `policy.building` judges what the parts say about
each other. The JSON Schema for editors is generated from here (`policy.schema`), so every description is
written for the person who writes a rolebook.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from rolebook.policy.form_base import Cited, Day, Id, Language, OperationId, Part, Text, Title
from rolebook.policy.form_process import ApprovalForm, AuthorityForm, LifecycleForm, RuleForm
from rolebook.policy.form_reviews import ReviewForm

HINTS: dict[str, str] = {
    "no_role": "on the home page of someone without a role",
    "find_a_role": "above the role finder",
    "request": "above the request form",
    "designated": "beside a role that cannot be requested",
    "few_officials": "on the page of an organization with fewer officials than recommended",
    "only_official": "to the only official of an organization who wants to leave",
    "denied": "beside a decision to deny",
    "certificates": "on the request form, about training certificates",
    "busy_periods": "on Manage Access, about high volumes",
    "reminder": "beside the reminder settings",
    "review": "on the pages of a review",
    "reactivation": "to someone whose account was closed",
    "register": "on the page for new users",
}


class ContactForm(Part):
    """Whom users ask."""

    name: Title
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    phone: Title | None = None
    hours: Title | None = None
    have_ready: Title | None = Field(None, description="What to have at hand when calling")


class LinkForm(Part):
    """A document of the program's own."""

    title: Title
    url: Annotated[str, StringConstraints(pattern=r"^https://[^\s]+$")]


class ProgramForm(Part):
    """What the rolebook is of."""

    id: Id
    name: Title
    short_name: Title
    version: Title = Field(description="The edition of the document; in quotes if it looks like a number")
    date: Day
    source: Text = Field(description="Where this comes from; says what is ours")
    zone: Title = Field(description="IANA time zone; a day of the program is a day there")
    language: Language = "en"
    contact: ContactForm
    statement: Text | None = Field(None, description="Agreed to at every sign-in")
    statement_source: Text | None = Field(None, description="Whose wording the statement is")
    hints: dict[str, Text] = Field(
        default_factory=dict,
        description="Words for people, by place",
        json_schema_extra={
            "properties": {key: {"type": "string", "description": where} for key, where in HINTS.items()},
            "additionalProperties": False,
        },
    )
    links: list[LinkForm] = Field(default_factory=list)


class StewardForm(Part):
    """The office that designates, administers, and stands in where nobody can decide."""

    title: Title = "Steward"
    description: Text | None = None


class CategoryForm(Part):
    """A user category."""

    id: Id
    title: Title
    exclusive: bool = Field(description="Whether its people may hold roles of no other category")
    description: Text | None = None


class IdentifierForm(Part):
    """What the organizations of a kind are known by."""

    scheme: Id
    title: Title = Field(description="As people call it: TIN, CCN")
    pattern: Title | None = Field(None, description="Regular expression that the whole identifier matches")
    example: Title | None = None


class KindForm(Part):
    """A kind of organization."""

    id: Id
    title: Title
    plural: Title
    identifier: IdentifierForm
    parents: list[Title] = Field(
        default_factory=list, description="Kinds that may stand above it; empty: none"
    )


class ElsewhereForm(Part):
    """What still holds at other organizations, out of what the matrix gives the role."""

    areas: list[Title] = Field(default_factory=list)
    operations: list[OperationId] = Field(default_factory=list)
    privileges: list[Title] = Field(default_factory=list)


class ReachForm(Part):
    """Where a held role applies."""

    scope: Literal["everywhere", "organization", "own record"]
    kinds: list[Title] = Field(default_factory=list, description="Kinds of organization that it is held at")
    many: bool = Field(False, description="One grant reaches the set of organizations below the one it names")
    lower_levels: bool = False
    elsewhere: ElsewhereForm | None = None


class ByNoteForm(Cited):
    """A privilege that the text gives, and no printed cell."""

    privilege: Title


class RecommendedForm(Cited):
    """How many holders an organization should have at least."""

    at_least: Annotated[int, Field(ge=1, le=100)]


class NoteForm(Part):
    """What the text says about a role, apart from the tables; the lint compares it with the cells."""

    text: Text
    can: list[Title] = Field(default_factory=list, description="Privileges that the text gives")
    cannot: list[Title] = Field(default_factory=list, description="Privileges that the text denies")
    area: Title | None = Field(None, description="The area of `operations`")
    operations: list[OperationId] = Field(
        default_factory=list, description="Operations that the text gives in the area"
    )


class RoleForm(Part):
    """A role."""

    id: Id
    title: Title
    other_names: list[Title] = Field(default_factory=list, description="Column headings and other names")
    category: Title
    description: Text | None = None
    source: Text | None = Field(None, description="Said where something about the role is ours")
    obtained: Literal["request", "designation", "registration"]
    reach: ReachForm
    printed: bool = Field(True, description="Whether the matrix has a column for it")
    by_note: list[ByNoteForm] = Field(default_factory=list)
    notes: list[NoteForm] = Field(default_factory=list)
    recommended: RecommendedForm | None = None


class PrivilegeForm(Part):
    """A privilege: its title, and what its title does not say."""

    title: Title
    operation: OperationId | None = Field(
        None, description="Only where the first word of the title does not tell it"
    )
    kind: Title | None = None
    includes: list[Title] = Field(default_factory=list, description="Narrower privileges that come with it")
    seen_with: list[Title] = Field(
        default_factory=list, description="Privileges with which its object is seen, where titles do not tell"
    )
    description: Text | None = None


def _title_alone(value: Any) -> Any:
    return {"title": value} if isinstance(value, str) else value


PrivilegeEntry = Annotated[
    PrivilegeForm, BeforeValidator(_title_alone, json_schema_input_type=Title | PrivilegeForm)
]


class NamedForm(Part):
    """An id and its title."""

    id: Id
    title: Title


class MarkForm(Part):
    """A qualified cell."""

    mark: Title = Field(description="As it stands in the cells")
    title: Title
    meaning: Text
    allows: bool = True
    own_record: bool = False
    operations: list[OperationId] = Field(default_factory=list)
    condition: Text | None = Field(
        None, description="Given only where this is true (CEL over subject, action, resource, context)"
    )


class ConditionForm(Part):
    """A rule over every role: privileges that are given only where something is true."""

    id: Id
    meaning: Text = Field(description="The same in words for people")
    when: Text = Field(description="CEL over the properties of subject, action, resource and context")
    privileges: Annotated[list[Title], Field(min_length=1)]


class FootnoteForm(Part):
    """A note under the tables."""

    mark: Annotated[str, StringConstraints(pattern=r"^[^\w\s,;]{1,3}$")]
    text: Text


class TableForm(Part):
    """A table of matrix.csv."""

    id: Title = Field(description="As it stands in the first column of matrix.csv")
    title: Title


class AcknowledgedForm(Part):
    """A finding of the lint that the authors know of."""

    finding: Title
    about: Title
    reason: Text


class RecordsForm(Part):
    """The records of which a person has one of their own, and how they prove which one is theirs."""

    title: Title = Field(description="As people call one: Responder record")
    identifier: IdentifierForm
    role: Title = Field(description="The role that registering gives, obtained by registration")
    proofs: Annotated[list[Literal["mailed code", "confirmation"]], Field(min_length=1)] = Field(
        description="A code to the address on the record; the word of who decides requests for the role there"
    )
    resource_type: Id = Field("record", description="The type under which applications ask about one")


class RolebookForm(Part):
    """A rolebook: a program's roles, privileges, approval and rules, as its policy document says them."""

    format: Literal[1]
    program: ProgramForm
    access: Literal["with each role", "apart from roles"]
    steward: StewardForm = Field(default_factory=StewardForm)
    categories: Annotated[list[CategoryForm], Field(min_length=1)]
    organization_kinds: list[KindForm] = Field(default_factory=list)
    roles: Annotated[list[RoleForm], Field(min_length=1)]
    records: RecordsForm | None = Field(None, description="Left out where nobody registers for a record")
    privilege_kinds: list[NamedForm] = Field(default_factory=list)
    areas: list[Title] = Field(default_factory=list, description="The headings inside the tables, in order")
    privileges: dict[Id, PrivilegeEntry] = Field(
        description="By id; the id is written once and never changes"
    )
    marks: list[MarkForm] = Field(default_factory=list)
    conditions: list[ConditionForm] = Field(
        default_factory=list, description="Left out where nothing depends on more than role and place"
    )
    footnotes: list[FootnoteForm] = Field(default_factory=list)
    tables: Annotated[list[TableForm], Field(min_length=1)]
    authority: AuthorityForm
    approval: ApprovalForm
    rules: list[RuleForm] = Field(default_factory=list)
    lifecycle: LifecycleForm = Field(default_factory=LifecycleForm)
    reviews: list[ReviewForm] = Field(default_factory=list)
    words: dict[Language, dict[str, Text]] = Field(
        default_factory=dict, description="Translations, by language"
    )
    acknowledged: list[AcknowledgedForm] = Field(default_factory=list)
