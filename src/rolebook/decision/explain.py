"""Why: a decision taken apart into sentences for people who do not program.

The decision itself is `rolebook.decision.check`'s, from the one walk; nothing is decided here. An explanation
says what was asked, which grant answers it, which printed row and which reach, or what is missing and which
roles would give it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rolebook.decision.check import check
from rolebook.decision.compiled import ACT_PREFIX, CompiledProgram
from rolebook.decision.evaluation import Decision, Param, Person
from rolebook.decision.instants import EPOCH
from rolebook.decision.tree import OrganizationTree
from rolebook.decision.walk import Extent
from rolebook.decision.which_role import Way, other_category, ways
from rolebook.policy.conditions import Properties
from rolebook.policy.model import Act, Rolebook, where_printed
from rolebook.policy.words import sentence

_MOST_ROLES_CITED = 3
type WriteInstant = Callable[[datetime], str]
"""Puts an instant into words."""
_BOUNDS = {"since": "starts_at", "until": "ends_at"}


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of an explanation, as its code and what is put into it (already in people's words)."""

    code: str
    params: Mapping[str, str]

    @property
    def text(self) -> str:
        """The sentence."""
        return _say(self.code, **self.params)


@dataclass(frozen=True, slots=True)
class PrintedRow:
    """A cell of the matrix behind the decision; `cell` None: the privilege is not listed for the role."""

    role_id: str
    table: str | None
    area: str | None
    basis: str
    cell: str | None
    footnotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with everything that leads to it, the answer first.

    Attributes:
        decision: as `check` gives it.
        lines: the sentences in order: asked, answer, rows, reach, ways on.
        rows: the printed cells behind the answer.
        ways: after a no, every role that gives the action, with how it is obtained.
    """

    decision: Decision
    lines: tuple[Line, ...]
    rows: tuple[PrintedRow, ...]
    ways: tuple[Way, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The explanation as people read it."""
        return tuple(line.text for line in self.lines)


def explain(  # asked in the order of `check`
    rolebook: Rolebook,
    program: CompiledProgram,
    tree: OrganizationTree,
    person: Person,
    action: str,
    organization_id: str | None,
    at: datetime,
    *,
    record_id: str | None = None,
    names: Mapping[str, str] | None = None,
    properties: Properties | None = None,
    write_instant: WriteInstant | None = None,
) -> Explanation:
    """Decide, and say why. Raises for no value of its arguments, as `check`.

    Args:
        rolebook: the rolebook that ``program`` was compiled from.
        program: see `check`.
        tree: see `check`.
        person: see `check`.
        action: see `check`.
        organization_id: see `check`.
        at: see `check`.
        record_id: see `check`.
        names: what organizations are called, by id; without a name the id is shown.
        properties: see `check`.
        write_instant: how instants are written; None: as commands do, to the minute or second in the program's zone.
    """
    decision = check(
        program, tree, person, action, organization_id, at, record_id=record_id, properties=properties
    )
    teller = _Teller(rolebook, names or {}, decision, action, organization_id, write_instant)
    lines = [teller.line("asked", when=teller.date(at)), teller.line(teller.answer_code(record_id))]
    held = [holding.role_id for holding in person.holdings]
    role_id = decision.reason.params.get("role_id")
    cited = [role_id] if isinstance(role_id, str) else list(dict.fromkeys(held))[:_MOST_ROLES_CITED]
    rows = tuple(row for cited_id in cited for row in teller.rows(cited_id))
    if action in program.bits:
        lines += [line for row in rows for line in teller.row_lines(row)]
        if action.startswith(ACT_PREFIX):
            lines += teller.act_lines(cited)
    if decision.allowed:
        lines.append(teller.reach_line())
        return Explanation(decision, tuple(lines), rows, ())
    on = ways(rolebook, program, action) if decision.reason.code != "unknown_action" else ()
    if decision.reason.code in ("not_given", "no_role", "outside_reach", "own_record_only", "role_unknown"):
        lines.append(teller.ways_line(on, held))
    return Explanation(decision, tuple(lines), rows, on)


class _Teller:
    """Puts ids and instants of one decision into words."""

    def __init__(
        self,
        rolebook: Rolebook,
        names: Mapping[str, str],
        decision: Decision,
        action: str,
        organization_id: str | None,
        write_instant: WriteInstant | None,
    ) -> None:
        self.rolebook = rolebook
        self.names = names
        self.decision = decision
        self.action = action
        self.organization_id = organization_id
        self.zone = ZoneInfo(rolebook.program.zone)
        self.date = write_instant or self._date
        self.params = self._words(decision.reason.params)

    def answer_code(self, record_id: str | None) -> str:
        """Return the code of the answer's sentence: of its own where the question left something open."""
        code = self.decision.reason.code
        if code == "outside_reach" and self.organization_id is None:
            return "outside_reach_unnamed"
        return "own_record_unnamed" if code == "own_record_only" and record_id is None else code

    def line(self, code: str, **more: str) -> Line:
        """Return a line with everything that its sentence may name."""
        return Line(code, {**self.params, **more})

    def _words(self, params: Mapping[str, Param]) -> dict[str, str]:
        """Return the parameters of the reason, and of what was asked, in people's words."""
        words = {"action": self.action, "what": self.what(), "place": self.place(self.organization_id)}
        words["where"] = (
            _say("where_none")
            if self.organization_id is None
            else _say("where_organization", organization=words["place"])
        )
        role_id, held_at = params.get("role_id"), params.get("held_at")
        if isinstance(role_id, str):
            words["role"] = self.role(role_id)
            words["held_at"] = self.place(held_at if isinstance(held_at, str) else None)
            words["held"] = (
                _say("held_at_organization", organization=words["held_at"])
                if isinstance(held_at, str)
                else _say("held_at_none")
            )
        for name in ("starts_at", "ends_at", "closed_at"):
            at = params.get(name)
            # What is held since before any rolebook was, is held for the sake of a question.
            always = self.decision.reason.code == "not_started"
            if isinstance(at, datetime) and (at > EPOCH or always):
                words[name] = self.date(at)
        for name in ("meaning", "problem"):
            told = params.get(name)
            if isinstance(told, str):
                words[name] = told
        words["since"] = ""
        if "starts_at" in words or "ends_at" in words:
            code = "_".join(part for part in ("since", "until") if _BOUNDS[part] in words)
            words["since"] = _say(code, **words)
        return words

    def _date(self, at: datetime) -> str:
        """Return an instant in the program's zone."""
        local = at.astimezone(self.zone)
        clock = "%H:%M:%S" if local.second or local.microsecond else "%H:%M"
        return f"{local:%B} {local.day}, {local.year}, {local.strftime(clock)} {local:%Z}"

    def role(self, role_id: str) -> str:
        """Return a role's title, or its id when the rolebook does not have it."""
        role = self.rolebook.role(role_id)
        return role_id if role is None else role.title

    def place(self, organization_id: str | None) -> str:
        """Return what an organization is called."""
        if organization_id is None:
            return _say("where_none")
        return self.names.get(organization_id, organization_id)

    def what(self) -> str:
        """Return what the action is called: a privilege's title in quotes, an act's words."""
        if self.action.startswith(ACT_PREFIX):
            act = self.action.removeprefix(ACT_PREFIX)
            return f"“{_say(f'act_{act}') if act in set(Act) else self.action}”"
        privilege = self.rolebook.privilege(self.action)
        return f"“{self.action if privilege is None else privilege.title}”"

    def rows(self, role_id: str) -> list[PrintedRow]:
        """Return the printed cells about the action for a role; one with no cell when it is not listed."""
        privilege = self.rolebook.privilege(self.action)
        if privilege is None or self.rolebook.role(role_id) is None:
            return []
        about = [
            privilege,
            *(other for other in self.rolebook.privileges if privilege.id in other.includes),
        ]
        texts = {footnote.mark: footnote.text for footnote in self.rolebook.footnotes}
        printed = [
            PrintedRow(
                role_id,
                table.id,
                row.area,
                where_printed(table, row, other.title),
                cell,
                tuple(texts[mark] for mark in row.footnote_marks if mark in texts),
            )
            for other in about
            for table, row, cell in self.rolebook.matrix.rows_for(other.id, role_id)
        ]
        if printed:
            return printed
        power = self.rolebook.powers(role_id).get(privilege.id)
        if power is not None:
            return [PrintedRow(role_id, None, None, power.basis, power.cell)]
        return [PrintedRow(role_id, None, None, privilege.title, None)]

    def row_lines(self, row: PrintedRow) -> list[Line]:
        """Return a printed row, and its footnotes, as lines."""
        role = self.role(row.role_id)
        if row.cell is None:
            return [Line("row_missing", {"what": self.what(), "role": role})]
        mark = self.rolebook.mark(row.cell)
        params = {"basis": row.basis, "role": role, "cell": row.cell}
        if row.table is None:
            lines = [Line("row_note", params | {"what": self.what()})]
        elif mark is None:
            lines = [Line("row", params)]
        else:
            lines = [Line("row_mark", params | {"cell": mark.title, "meaning": mark.meaning})]
        return lines + [Line("footnote", {"text": text}) for text in row.footnotes]

    def act_lines(self, role_ids: list[str]) -> list[Line]:
        """Return what gives roles an act of authority."""
        act = Act(self.action.removeprefix(ACT_PREFIX))
        return [
            Line("row_act", {"role": self.role(role_id), "basis": holder.basis})
            for role_id in role_ids
            for holder in self.rolebook.authority.holders(act)
            if holder.role_id == role_id
        ]

    def reach_line(self) -> Line:
        """Return how the role, or the access, reaches the place."""
        if self.decision.access_id is not None:
            return self.line("reach_access")
        extent = str(self.decision.reason.params["extent"])
        role_id = self.decision.reason.params["role_id"]
        role = self.rolebook.role(role_id) if isinstance(role_id, str) else None
        if extent == Extent.EVERYWHERE and role is not None and self.action in role.reach.elsewhere:
            extent = "elsewhere"
        held_at_none = self.decision.reason.params.get("held_at") is None
        if extent in (Extent.SAME, Extent.LOWER_LEVELS) and held_at_none:
            extent = Extent.EVERYWHERE
        if self.decision.reason.params.get("own_record"):
            extent = "own_record"
        return self.line(f"reach_{extent}")

    def ways_line(self, on: tuple[Way, ...], held: list[str]) -> Line:
        """Return which roles give the action and how they are obtained."""
        told = []
        for way in on:
            words = _say(f"way_{way.obtained}", role=self.role(way.role_id))
            if other_category(self.rolebook, way, held):
                words = _say("way_other_category", way=words)
            told.append(words)
        return Line("ways", {"roles": "; ".join(told)}) if told else Line("ways_none", {})


def _say(code: str, **params: str) -> str:
    """Return a sentence of the catalogue about decisions."""
    return sentence(f"decision.{code}", **params)
