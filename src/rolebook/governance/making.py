"""Files that take long: asked for, made in the background with progress shown, fetched in pieces, and forgotten."""

import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import IO

from django.db import transaction
from django.db.models import Q

from rolebook.accounts.models import Account
from rolebook.governance import making_report_files, making_then
from rolebook.governance.models import MadeFile, MadeFilePiece, Making
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.refusals import NotAllowed, NotFound

type Progress = Callable[[int, int], None]
type Maker = Callable[[MadeFile, IO[bytes], Progress, datetime], None]
"""Writes the file asked for. Raises NotFound or NotAllowed when who asked may not see it (any more)."""

MAKERS: Mapping[str, Maker] = {
    making_then.KIND: making_then.write,
    making_report_files.KIND: making_report_files.write,
}
type Judge = Callable[[MadeFile, datetime], None]
"""Raises NotFound or NotAllowed when who asked may not see what the file tells at an instant."""

JUDGES: Mapping[str, Judge] = {
    making_then.KIND: making_then.require_seen,
    making_report_files.KIND: making_report_files.require_seen,
}
KEPT_FOR = timedelta(days=7)
TAKEN_FOR = timedelta(minutes=30)
"""After so long, whoever worked on a file is taken to have died, and it is made anew."""
_PIECE = 512 * 1024
_IN_MEMORY = 4 * 1024 * 1024


def ask_for_file(
    *,
    acting_user: Account,
    program_id: str,
    kind: str,
    asked: Mapping[str, str],
    ending: str,
    name: str,
    at: datetime,
) -> MadeFile:
    """Ask for a file of a kind; one that is waiting or made already for the same question is given again."""
    same = MadeFile.objects.filter(
        asked_by=acting_user, program_id=program_id, kind=kind, asked=dict(asked), format=ending
    )
    waiting = same.filter(state__in=[Making.WAITING, Making.MAKING]).order_by("-pk").first()
    if waiting is not None:
        return waiting
    return MadeFile.objects.create(
        program_id=program_id,
        asked_by=acting_user,
        kind=kind,
        asked=dict(asked),
        format=ending,
        name=name[:120],
        asked_at=at,
    )


def find_file(viewer: Account, program_id: str, file_id: uuid.UUID | str, at: datetime) -> MadeFile:
    """Return a file that the viewer asked for, and whose content they may see at ``at``, whenever it was made.

    Raises NotFound for every other (I3).
    """
    files = MadeFile.objects.select_related("asked_by")
    found = files.filter(program_id=program_id, public_id=public_id_of(file_id), asked_by=viewer).first()
    if found is None:
        raise NotFound
    try:
        JUDGES[found.kind](found, at)
    except NotAllowed as refusal:
        raise NotFound from refusal
    return found


def pieces_of(made: MadeFile) -> Iterator[bytes]:
    """Yield the bytes of a file that was made, a piece in memory at a time."""
    for number in range(made.pieces.count()):
        yield bytes(made.pieces.values_list("data", flat=True).get(number=number))


def make_files(at: datetime) -> int:
    """Make what waits, and forget what is old; return how many were made or failed."""
    MadeFile.objects.filter(asked_at__lt=at - KEPT_FOR).delete()
    waiting = MadeFile.objects.filter(_free(at), state__in=[Making.WAITING, Making.MAKING])
    return sum(make_file(pk, at) for pk in waiting.order_by("pk").values_list("pk", flat=True))


def _free(at: datetime) -> Q:
    return Q(taken_at=None) | Q(taken_at__lt=at - TAKEN_FOR)


def make_file(pk: int, at: datetime) -> bool:
    """Make one file, as of now; return whether it was not in somebody else's hands."""
    free = MadeFile.objects.filter(_free(at), pk=pk, state__in=[Making.WAITING, Making.MAKING])
    if not free.update(taken_at=at, state=Making.MAKING, done=0):
        return False
    made = MadeFile.objects.select_related("asked_by").get(pk=pk)

    def progress(done: int, total: int) -> None:
        MadeFile.objects.filter(pk=pk).update(done=done, total=total)

    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as target:
        try:
            MAKERS[made.kind](made, target, progress, at)
        except (NotFound, NotAllowed):
            MadeFile.objects.filter(pk=pk).update(state=Making.FAILED, made_at=at)
            return True
        size = target.tell()
        target.seek(0)
        with transaction.atomic():
            made.pieces.all().delete()
            number = 0
            while piece := target.read(_PIECE):
                MadeFilePiece.objects.create(file=made, number=number, data=piece)
                number += 1
            MadeFile.objects.filter(pk=pk).update(state=Making.MADE, size=size, made_at=at)
    return True
