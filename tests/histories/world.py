"""The rows that every history begins with, and the same state in the model."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from rolebook.accounts.flows.organizations import import_organizations
from rolebook.accounts.flows.rolebooks import activate_rolebook
from rolebook.accounts.models import Account, Organization
from rolebook.policy.model import PLACE_PROGRAM, STEWARD_ID, Rolebook, StageSpec
from rolebook.policy.reading import read_rolebook
from rolebook.policy.shipped import resolve
from tests.histories.acts import Acts
from tests.histories.model import Held
from tests.histories.programs import PLACES, REMOVED_CELL, SHAPES, STEWARD
from tests.histories.quick import quickly
from tests.support import grants, people
from tests.support.people import COMMAND, START

PEOPLE = 8
REGISTERED = 7
"""People who are there from the beginning; the last one registers."""
AGREED = range(6)
"""Who has agreed to QPP's statement."""
FIRST = (
    (0, "qpp", "security_official", 0),
    (1, "qpp", "security_official", 0),
    (2, "qpp", "security_official", 1),
    (3, "qpp", STEWARD, None),
    (4, "iqies", STEWARD, None),
    (0, "iqies", "state_security_official", 4),
    (1, "iqies", "provider_security_official", 5),
    (2, "iqies", "mac_security_official", 3),
    (5, "iqies", "cms_security_official", None),
)
"""Who is designated in the beginning: person, program, role, place."""


def books() -> dict[str, Rolebook]:
    """The rolebooks in each shape, by the folder that an activation names."""
    found = {}
    for program in ("qpp", "iqies"):
        shipped = read_rolebook(resolve(program))
        for shape in SHAPES:
            found[f"{program}-{shape}"] = shaped(shipped, shape)
    return found


def shaped(book: Rolebook, shape: str) -> Rolebook:
    """The rolebook with other deciders, and in the shape "two" with one yes of its matrix made a no."""
    if shape == "closing":
        closing = StageSpec("closing", "The steward decides in the end", STEWARD_ID, PLACE_PROGRAM)
        return replace(book, approval=replace(book.approval, closing=(closing,)))
    if shape == "one":
        return book
    chains = [
        replace(
            chain,
            stages=tuple(
                replace(stage, id=f"{stage.id}-{turn}")
                for stage in chain.stages
                for turn in ("first", "second")
            ),
        )
        for chain in book.chains
    ]
    return replace(without_cell(book, *REMOVED_CELL[book.program.id]), chains=tuple(chains))


def without_cell(book: Rolebook, role_id: str, privilege_id: str) -> Rolebook:
    """The rolebook in which a role has a privilege no more."""
    tables = [
        replace(
            table,
            rows=tuple(
                replace(
                    row,
                    cells=tuple(
                        "no" if (column.role_id, row.privilege_id) == (role_id, privilege_id) else cell
                        for column, cell in zip(table.columns, row.cells, strict=True)
                    ),
                )
                for row in table.rows
            ),
        )
        for table in book.matrix.tables
    ]
    return replace(book, matrix=replace(book.matrix, tables=tuple(tables)))


@dataclass
class World:
    """Accounts and organizations by their numbers in the model."""

    books: dict[str, Rolebook] = field(default_factory=books)
    accounts: list[Account] = field(default_factory=list)
    places: list[Organization] = field(default_factory=list)

    def __post_init__(self) -> None:
        with self.quickly():
            for program in ("qpp", "iqies"):
                self.activate(program, "one")
        for program, file in _files().items():
            import_organizations(
                acting_user=None,
                program_id=program,
                data=file.encode(),
                file="made.csv",
                at=START,
                origin=COMMAND,
            )
        self.places = [Organization.objects.get(program_id=p.program, code=p.code) for p in PLACES]
        self.accounts = [
            grants.user(f"Person {n}") if n in AGREED else people.new_user(f"Person {n}").account
            for n in range(REGISTERED)
        ]
        for account in self.accounts[len(AGREED) :]:
            people.give_factor(account)
        for person, program, role, place in FIRST:
            organization = None if place is None else self.places[place]
            grants.designated(self.accounts[person], role, organization, program_id=program)

    def activate(self, program: str, shape: str, at: datetime = START) -> None:
        """Put a rolebook into force, as an administrator would."""
        activate_rolebook(
            acting_user=None, folder=Path(f"{program}-{shape}"), activated_by="tests", at=at, origin=COMMAND
        )

    def quickly(self) -> AbstractContextManager[None]:
        """Read rolebooks from memory, and hash passwords in no time."""
        return quickly(self.books)

    def model(self) -> Acts:
        """The same state in the model."""
        held = [Held(person, program, role, place, START) for person, program, role, place in FIRST]
        return Acts(
            at=START,
            held=held,
            people=set(range(REGISTERED)),
            agreed=set(AGREED),
            taking_part={(person, program) for person, program, _, _ in FIRST},
        )


def _files() -> dict[str, str]:
    practices = [place for place in PLACES if place.program == "qpp"]
    lines = [f"{place.code},Practice {place.code},practice,{place.code}" for place in practices]
    return {
        "qpp": "code,name,kind,tin\n" + "\n".join(lines) + "\n",
        "iqies": "code,name,kind,parent,ccn\n36-7001,Home Health of Ohio,home_health_agency,OH,36-7001\n",
    }
