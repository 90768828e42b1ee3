"""The lock of a program's tree of organizations: whoever moves or closes takes it, and then every row concerned.

It comes after people and before organizations (decision 14). Taking it first is what keeps two moves from making a
circle together, since each reads where the other has put things. The rows of a moved subtree are locked as well: a flow
that opens a grant there holds its organization's row, so that it and the move see each other.
"""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Q, QuerySet

from rolebook.accounts.models import Organization, Program


def lock_tree(program_id: str) -> None:
    """Let no other move, closing or import of the program run until this transaction ends.

    Other transactions may go on to refer to the program. On SQLite the transaction is alone already.
    """
    programs: QuerySet[Program] = Program.objects.filter(pk=program_id)
    if connection.features.has_select_for_no_key_update:
        programs = programs.select_for_update(no_key=True)
    list(programs.values_list("pk", flat=True))


def lock_subtrees(program_id: str, paths: Iterable[str]) -> None:
    """Lock every organization at or below the id paths, in the order of their ids."""
    if not connection.features.has_select_for_no_key_update:
        return
    condition = Q(pk__in=())
    for path in paths:
        condition |= Q(path__startswith=path)
    rows = Organization.objects.filter(condition, program_id=program_id).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk", flat=True))
