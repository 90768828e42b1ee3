"""Cases: claims in plain words with a world and the expected answers, read as strictly as a rolebook.

A file under `cases/` has a world (organizations besides the shipped ones, and people with what they hold)
and cases. A case has a claim and questions of three sorts: `do` (may this person do that there? answered by
a decision), `ask_for` (may this role be asked for? answered by the rules) and `request` (who decides about
it? answered by the approval). `decision.cases` runs them all.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from rolebook.policy.errors import Place, Report, RolebookErrors, say
from rolebook.policy.form_base import Id, Part, Text, Title
from rolebook.policy.model import Act, Rolebook
from rolebook.policy.names import Names, Source
from rolebook.policy.organizations import OrganizationPath, OrganizationRef
from rolebook.policy.shape import validated
from rolebook.policy.text_files import read_text
from rolebook.policy.yaml_tree import Path as TreePath
from rolebook.policy.yaml_tree import parse_yaml

ACT_PREFIX = "act:"
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})\Z")


def _read_instant(value: Any) -> Any:
    """An instant with its offset; anything else is left for the strict check to refuse."""
    if isinstance(value, str) and INSTANT.match(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value


Instant = Annotated[datetime, BeforeValidator(_read_instant, json_schema_input_type=datetime)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class OrganizationForm(Part):
    """An organization of the world; the shipped ones are there already."""

    kind: Title
    code: Title
    name: Title
    parent: Title | None = None


class HoldsForm(Part):
    """A grant of a role. `since` defaults to a year before `now`."""

    role: Title
    at: Title | None = None
    since: Instant | None = None
    until: Instant | None = None
    closed: Instant | None = None


class AccessForm(Part):
    """A grant of access, where the program holds it apart from roles."""

    at: Title
    lower_levels: bool = False
    since: Instant | None = None
    until: Instant | None = None
    closed: Instant | None = None


class PersonForm(Part):
    """Someone, with what they hold."""

    holds: list[HoldsForm] = Field(default_factory=list)
    access: list[AccessForm] = Field(default_factory=list)
    record: Title | None = Field(None, description="The code of the person's own record")
    active: bool = True
    employed_at: Title | None = Field(None, description="Code of the employing organization")


class RequestForm(Part):
    """What is asked in one request; `decided_by` then says by whom, in order."""

    roles: list[Title] = Field(default_factory=list)
    access: list[Title] = Field(default_factory=list)
    at: list[Title] = Field(default_factory=list, description="Where the roles are asked for")


class QuestionForm(Part):
    """One question with its expected answer."""

    do: Title | None = Field(None, description="A privilege's title or id, or 'act:decide' and other acts")
    ask_for: Title | None = Field(None, description="A role's title")
    request: RequestForm | None = None
    at: Title | None = Field(None, description="Code of an organization")
    record: Title | None = None
    on: Instant | None = Field(None, description="Default: the world's `now`")
    answer: Literal["yes", "no"] | None = None
    reason: Word | None = Field(None, description="The code of the reason")
    decided_by: list[Title] = Field(
        default_factory=list, description="'<stage id> <organization code>' in order"
    )

    @model_validator(mode="after")
    def _one_sort(self) -> Self:
        if sum(value is not None for value in (self.do, self.ask_for, self.request)) != 1:
            raise ValueError("one of 'do', 'ask_for', 'request'")
        if (self.request is not None) != (self.answer is None):
            raise ValueError("'answer' with 'do' and 'ask_for', 'decided_by' with 'request'")
        return self


class CaseForm(Part):
    """A claim that must hold."""

    claim: Text
    requirements: list[Annotated[str, StringConstraints(pattern=r"^[A-Z]+-\d{2}$")]] = Field(
        default_factory=list
    )
    document: Text | None = Field(None, description="The document's sentence that it proves")
    person: Id
    questions: Annotated[list[QuestionForm], Field(min_length=1)]


class WorldForm(Part):
    """Who holds what where."""

    now: Instant
    organizations: list[OrganizationForm] = Field(default_factory=list)
    people: dict[Id, PersonForm]


class CasesForm(Part):
    """A file of cases."""

    about: Text
    world: WorldForm
    cases: Annotated[list[CaseForm], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class CaseGrant:
    """A grant of a role (`role_id`) or of access (`lower_levels`); `organization` is a code, None for none."""

    organization: str | None
    starts_at: datetime
    ends_at: datetime | None
    closed_at: datetime | None
    role_id: str | None = None
    lower_levels: bool = False


@dataclass(frozen=True, slots=True)
class CasePerson:
    """Someone of the world. `record` is the code of their own record, `employed_at` a code."""

    id: str
    active: bool
    holds: tuple[CaseGrant, ...]
    access: tuple[CaseGrant, ...]
    record: str | None
    employed_at: str | None


@dataclass(frozen=True, slots=True)
class DoQuestion:
    """May the person do it there, then? `action` is a privilege id or `act:<act>`; `organization` a code."""

    action: str
    organization: str | None
    record: str | None
    at: datetime
    allowed: bool
    reason: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class AskQuestion:
    """May the person ask for the role there, then? `reason` is the code of the first violation."""

    role_id: str
    organization: str | None
    at: datetime
    allowed: bool
    reason: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class LayoutQuestion:
    """Who decides about a request for these roles (at these places) and access? Texts are `<stage id>
    <code>`.
    """

    role_ids: tuple[str, ...]
    role_organizations: tuple[str, ...]
    access: tuple[str, ...]
    decided_by: tuple[str, ...]
    place: Place


type CaseQuestion = DoQuestion | AskQuestion | LayoutQuestion


@dataclass(frozen=True, slots=True)
class Case:
    """A claim with its questions about one person."""

    claim: str
    requirements: tuple[str, ...]
    document: str
    person: CasePerson
    questions: tuple[CaseQuestion, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases of a file, and its organizations with the shipped ones: code to path from the top."""

    file: str
    about: str
    organizations: dict[str, OrganizationPath] = field(repr=False)
    cases: tuple[Case, ...]


def read_cases(folder: Path, rolebook: Rolebook) -> tuple[CaseFile, ...]:
    """Every file under `cases/` of a rolebook's folder, by name. Raises RolebookErrors with all that is
    wrong.
    """
    report = Report()
    for path in sorted((folder / "cases").glob("*.yml")):
        report.add(Place(str(path), 1, 1), say("wrong name", found=path.name, expected=f"'{path.stem}.yaml'"))
    found = [_read_file(path, rolebook, report) for path in sorted((folder / "cases").glob("*.yaml"))]
    if report.errors:
        raise RolebookErrors(report.errors)
    return tuple(case_file for case_file in found if case_file is not None)


def _read_file(path: Path, rolebook: Rolebook, report: Report) -> CaseFile | None:
    text = read_text(path, str(path), report)
    if text is None:
        return None
    before = len(report.errors)
    tree = parse_yaml(text, str(path), report)
    if tree.data is None:
        if len(report.errors) == before:
            report.add(Place(str(path), 1, 1), say("empty file", found=None, expected="cases"))
        return None
    form = validated(CasesForm, tree, report)
    return _CaseBuilder(form, rolebook, Source(tree, report)).build() if form is not None else None


class _CaseBuilder:
    def __init__(self, form: CasesForm, rolebook: Rolebook, source: Source) -> None:
        self.form = form
        self.rolebook = rolebook
        self.source = source
        self.roles = Names("role")
        self.privileges = Names("privilege")
        self.kinds = Names("organization kind")
        start, report = Place(source.tree.file, 1, 1), source.report
        for role in (*rolebook.roles, rolebook.steward):
            self.roles.add(role.id, (role.title, *role.other_names), start, report)
        for privilege in rolebook.privileges:
            self.privileges.add(privilege.id, (privilege.title,), start, report)
        for kind in rolebook.organization_kinds:
            self.kinds.add(kind.id, (kind.title,), start, report)
        self.paths: dict[str, OrganizationPath] = {}

    def build(self) -> CaseFile:
        """Judge and build; errors go to the report."""
        self._enter_organizations()
        people = {
            person_id: self._person(person_id, form, ("world", "people", person_id))
            for person_id, form in self.form.world.people.items()
        }
        cases: list[Case] = []
        claims: set[str] = set()
        for position, form in enumerate(self.form.cases):
            path: TreePath = ("cases", position)
            if form.claim in claims:
                self.source.error((*path, "claim"), "duplicate claim", form.claim, "each claim once")
            claims.add(form.claim)
            person = people.get(form.person)
            if person is None:
                names = list(people)
                self.source.error(
                    (*path, "person"), "unknown person", form.person, "someone of the world", names
                )
                continue
            questions = tuple(
                found
                for number, question in enumerate(form.questions)
                if (found := self._question(question, (*path, "questions", number))) is not None
            )
            place = self.source.tree.place(path)
            cases.append(
                Case(form.claim, tuple(form.requirements), form.document or "", person, questions, place)
            )
        return CaseFile(self.source.tree.file, self.form.about, self.paths, tuple(cases))

    def _enter_organizations(self) -> None:
        for shipped in self.rolebook.organizations:
            self._enter(shipped.code, shipped.kind_id, shipped.parent_code)
        for position, form in enumerate(self.form.world.organizations):
            path: TreePath = ("world", "organizations", position)
            kind_id = self.source.one(self.kinds, form.kind, (*path, "kind"))
            if form.code in self.paths:
                self.source.error((*path, "code"), "duplicate organization", form.code, "each code once")
            elif form.parent is not None and form.parent not in self.paths:
                expected = "an organization above it in this list, or a shipped one"
                self.source.error(
                    (*path, "parent"), "unknown organization", form.parent, expected, self.paths
                )
            elif kind_id is not None:
                self._enter(form.code, kind_id, form.parent)

    def _enter(self, code: str, kind_id: str, parent: str | None) -> None:
        above = self.paths.get(parent, ()) if parent else ()
        if parent and not above:
            shipped = self.rolebook.organization(parent)
            if shipped is not None:
                self._enter(shipped.code, shipped.kind_id, shipped.parent_code)
                above = self.paths[parent]
        self.paths[code] = (*above, OrganizationRef(code, code, kind_id))

    def _code(self, code: str | None, path: TreePath) -> str | None:
        """A code of the world. One in angle brackets is meant to be unknown."""
        if code is not None and code.startswith("<") and code.endswith(">"):
            return code[1:-1]
        if code is not None and code not in self.paths:
            self.source.error(path, "unknown organization", code, "an organization of the world", self.paths)
        return code

    def _person(self, person_id: str, form: PersonForm, path: TreePath) -> CasePerson:
        holds: list[CaseGrant] = []
        for number, grant in enumerate(form.holds):
            here: TreePath = (*path, "holds", number)
            role_id = self.source.one(self.roles, grant.role, (*here, "role"))
            code = self._code(grant.at, (*here, "at"))
            holds.append(self._grant(grant, code, role_id, lower_levels=False))
        access = tuple(
            self._grant(
                grant,
                self._code(grant.at, (*path, "access", number, "at")),
                None,
                lower_levels=grant.lower_levels,
            )
            for number, grant in enumerate(form.access)
        )
        employed_at = self._code(form.employed_at, (*path, "employed_at"))
        return CasePerson(person_id, form.active, tuple(holds), access, form.record, employed_at)

    def _grant(
        self, form: HoldsForm | AccessForm, code: str | None, role_id: str | None, *, lower_levels: bool
    ) -> CaseGrant:
        now = self.form.world.now
        since = form.since or now.replace(year=now.year - 1, day=min(now.day, 28))
        return CaseGrant(code, since, form.until, form.closed, role_id, lower_levels)

    def _question(self, form: QuestionForm, path: TreePath) -> CaseQuestion | None:
        place = self.source.tree.place(path)
        code = self._code(form.at, (*path, "at"))
        at = form.on or self.form.world.now
        if form.request is not None:
            return self._layout(form.request, tuple(form.decided_by), (*path, "request"), place)
        if form.ask_for is not None:
            role_id = self.source.one(self.roles, form.ask_for, (*path, "ask_for"))
            return (
                AskQuestion(role_id, code, at, form.answer == "yes", form.reason, place) if role_id else None
            )
        action = self._action(form.do or "", (*path, "do"))
        return DoQuestion(action, code, form.record, at, form.answer == "yes", form.reason, place)

    def _action(self, name: str, path: TreePath) -> str:
        """The id behind a privilege's name, or an act. A name in angle brackets is meant to be unknown."""
        if name.startswith("<") and name.endswith(">"):
            return name[1:-1]
        if name.startswith(ACT_PREFIX):
            if name.removeprefix(ACT_PREFIX) not in set(Act):
                self.source.error(
                    path, "unknown act", name, "'act:' and an act of authority", [f"act:{a}" for a in Act]
                )
            return name
        return self.source.one(self.privileges, name, path) or ""

    def _layout(
        self, form: RequestForm, decided_by: tuple[str, ...], path: TreePath, place: Place
    ) -> LayoutQuestion:
        roles = self.source.many(self.roles, form.roles, (*path, "roles"))
        for key in ("access", "at"):
            for number, code in enumerate(getattr(form, key)):
                self._code(code, (*path, key, number))
        return LayoutQuestion(roles, tuple(form.at), tuple(form.access), decided_by, place)
