"""Rolebooks that tests change: another version of a shipped one, put into force without files."""

import json
from dataclasses import replace
from datetime import datetime

from rolebook.accounts.models import Program, RolebookVersion
from rolebook.accounts.queries import rolebook_in_force
from rolebook.policy import canonical
from rolebook.policy.model import PLACE_PROGRAM, STEWARD_ID, Chain, Rolebook, StageSpec
from tests.support.people import START


def put_in_force(book: Rolebook, at: datetime = START) -> RolebookVersion:
    """Store ``book`` as the newest version of its program."""
    document = canonical.to_document(book)
    newest = RolebookVersion.objects.filter(program_id=book.program.id).order_by("-number").first()
    return RolebookVersion.objects.create(
        program=Program.objects.get(pk=book.program.id),
        number=1 if newest is None else newest.number + 1,
        content=json.dumps(document),
        content_hash=canonical.content_hash(book),
        effective_at=at,
        activated_at=at,
        activated_by="tests",
    )


def in_force(program_id: str = "qpp", at: datetime = START) -> Rolebook:
    """The rolebook now in force."""
    return rolebook_in_force(program_id, at)[1]


def with_chains(book: Rolebook, *chains: Chain) -> Rolebook:
    """The same rolebook with other chains."""
    return replace(book, chains=chains)


def two_official_stages(book: Rolebook) -> Rolebook:
    """Two Security Officials, one after the other, decide."""
    chain = book.chains[0]
    first = chain.stages[0]
    return with_chains(
        book, replace(chain, stages=(first, replace(first, id="second", title="Second official")))
    )


def closed_by_the_steward(book: Rolebook) -> Rolebook:
    """After all organizations have decided, the steward decides once."""
    closing = StageSpec("closing", "Service Center", STEWARD_ID, PLACE_PROGRAM)
    return replace(book, approval=replace(book.approval, closing=(closing,)))


def without_role(book: Rolebook, role_id: str) -> Rolebook:
    """The same rolebook, in which a role no longer exists."""
    return replace(
        book,
        roles=tuple(role for role in book.roles if role.id != role_id),
        matrix=replace(
            book.matrix,
            tables=tuple(
                replace(
                    table,
                    columns=tuple(c for c in table.columns if c.role_id != role_id),
                    rows=tuple(
                        replace(
                            row,
                            cells=tuple(
                                cell
                                for column, cell in zip(table.columns, row.cells, strict=True)
                                if column.role_id != role_id
                            ),
                        )
                        for row in table.rows
                    ),
                )
                for table in book.matrix.tables
            ),
        ),
    )
