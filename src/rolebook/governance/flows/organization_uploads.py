"""A steward's file of organizations: uploaded, compared with what is there, confirmed, brought in.

What is confirmed is bound to the file's hash and to the changes that were shown: when anything was different meanwhile,
nothing is brought in, and the file is compared anew. Large files are worked on beside requests, by a worker.
"""

import hashlib
import uuid
from datetime import datetime, timedelta
from itertools import batched

from django.db.models import Q, QuerySet

from rolebook.accounts.flows.organizations import checked_plan
from rolebook.accounts.models import Account
from rolebook.accounts.organization_file import LARGEST_BYTES, read_organizations
from rolebook.accounts.organization_models import OrganizationUpload, OrganizationUploadLine
from rolebook.accounts.placing import Plan
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import tags
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.governance.flows.import_organization_file import import_organization_file
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.queries.stewards import stewards_standing
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.policy.errors import Report, RolebookErrors
from rolebook.policy.rules import Violation

State = OrganizationUpload.State
ROWS_AT_ONCE, BYTES_AT_ONCE = 1_000, 512 * 1024
"""Files with more lines, or larger ones, are worked on by a worker."""
MOST_WAITING = 5
"""Files of one steward that may wait at once to be compared, confirmed or brought in."""
TAKEN_FOR = timedelta(minutes=15)
"""Work on a file that was begun and shows no sign for so long is taken up by somebody else."""
KEPT_FOR = timedelta(days=2)
"""A file that nobody confirmed is dropped after this."""
FORGOTTEN_AFTER = timedelta(days=30)
"""What became of a file, and the changes that were shown, are kept so long; the log keeps the import."""
_WAITING = (State.COMPARING, State.COMPARED, State.IMPORTING)
_BATCH = 1_000


def upload_organizations(
    *, acting_user: Account, program_id: str, data: bytes, file: str, close_absent: bool, at: datetime
) -> OrganizationUpload:
    """Keep a steward's file and compare it: at once where it is small, else by a worker.

    Changes nothing about organizations. The steward's files that could not be imported make way for it. Raises NotFound
    for who does not administer the program; Refused for no file, one that is too large, and where too many wait.
    """
    stewards_standing(acting_user, program_id, at)
    if len(waiting_uploads(acting_user, program_id, at)) >= MOST_WAITING:
        raise Refused([Violation("too_many_uploads", {"field": "file", "most": MOST_WAITING})])
    if not data or len(data) > LARGEST_BYTES:
        most = LARGEST_BYTES // (1024 * 1024)
        raise Refused([Violation("bad_upload", {"field": "file", "most": most})])
    _own(acting_user, program_id).filter(state=State.WRONG).update(
        state=State.DROPPED, data=b"", settled_at=at
    )
    upload = OrganizationUpload.objects.create(
        program_id=program_id,
        uploaded_by=acting_user,
        file=_plain(file),
        data=data,
        source_hash=hashlib.sha256(data).hexdigest(),
        close_absent=close_absent,
        total=data.count(b"\n"),
        created_at=at,
    )
    if upload.total <= ROWS_AT_ONCE and len(data) <= BYTES_AT_ONCE:
        work_on(upload.pk, at)
    upload.refresh_from_db()
    return upload


def _plain(file: str) -> str:
    name = "".join(letter for letter in file.replace("\\", "/").rsplit("/", 1)[-1] if letter.isprintable())
    return name[:100] or "organizations.csv"


def waiting_uploads(viewer: Account, program_id: str, at: datetime) -> tuple[OrganizationUpload, ...]:
    """Return a steward's own files that wait, without their contents, oldest first. Raises NotFound."""
    stewards_standing(viewer, program_id, at)
    waiting = _own(viewer, program_id).filter(state__in=_WAITING)
    return tuple(waiting.defer("data").order_by("pk"))


def _own(account: Account, program_id: str) -> QuerySet[OrganizationUpload]:
    return OrganizationUpload.objects.filter(program_id=program_id, uploaded_by=account)


def find_upload(
    viewer: Account, program_id: str, upload_id: uuid.UUID | str, at: datetime
) -> OrganizationUpload:
    """Return a steward's own upload, without its file. Raises NotFound for everybody else's."""
    stewards_standing(viewer, program_id, at)
    found = _own(viewer, program_id).filter(public_id=public_id_of(upload_id))
    upload = found.defer("data").first()
    if upload is None:
        raise NotFound
    return upload


def confirm_upload(
    *,
    acting_user: Account,
    program_id: str,
    upload_id: uuid.UUID | str,
    shown: str,
    at: datetime,
    origin: Origin,
) -> OrganizationUpload:
    """Let the changes that were shown be brought in: ``shown`` is the upload's plan hash as the page had it.

    The confirmation is on record with its address and session; a worker that brings the file in later has neither.
    Raises Refused when they are not the ones that were compared last; NotFound.
    """
    upload = find_upload(acting_user, program_id, upload_id, at)
    waiting = OrganizationUpload.objects.filter(pk=upload.pk, state=State.COMPARED, plan_hash=shown)
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        if not waiting.update(state=State.IMPORTING, taken_at=None, done=0):
            raise Refused([Violation("changed_meanwhile")])
        work.record(
            tags.ORGANIZATION_FILE_CONFIRMED, program_id=program_id, new={"source_hash": upload.source_hash}
        )
    if upload.total <= ROWS_AT_ONCE:
        work_on(upload.pk, at, origin)
    upload.refresh_from_db()
    return upload


def drop_upload(*, acting_user: Account, program_id: str, upload_id: uuid.UUID | str, at: datetime) -> None:
    """Let a file that waits for its confirmation, or cannot be imported, not be imported. Raises NotFound."""
    upload = find_upload(acting_user, program_id, upload_id, at)
    OrganizationUpload.objects.filter(pk=upload.pk, state__in=[State.COMPARED, State.WRONG]).update(
        state=State.DROPPED, data=b"", settled_at=at
    )


def work_on_uploads(at: datetime) -> int:
    """Work on the files that wait for a worker, and drop those that nobody confirmed; return how many it was.

    What became of old ones is forgotten.
    """
    OrganizationUpload.objects.filter(settled_at__lt=at - FORGOTTEN_AFTER).delete()
    OrganizationUpload.objects.filter(
        state__in=[State.COMPARED, State.WRONG], created_at__lt=at - KEPT_FOR
    ).update(state=State.DROPPED, data=b"", settled_at=at)
    free = Q(taken_at=None) | Q(taken_at__lt=at - TAKEN_FOR)
    waiting = OrganizationUpload.objects.filter(free, state__in=[State.COMPARING, State.IMPORTING])
    return sum(work_on(pk, at) for pk in waiting.order_by("pk").values_list("pk", flat=True))


def work_on(upload_pk: int, at: datetime, origin: Origin | None = None) -> bool:
    """Compare a file, or bring it in, whichever it waits for; return whether it was not in somebody else's hands.

    ``origin``: of who confirmed it, where it is brought in at once.
    """
    free = Q(taken_at=None) | Q(taken_at__lt=at - TAKEN_FOR)
    taken = OrganizationUpload.objects.filter(
        free, pk=upload_pk, state__in=[State.COMPARING, State.IMPORTING]
    )
    if not taken.update(taken_at=at):
        return False
    upload = OrganizationUpload.objects.select_related("uploaded_by").get(pk=upload_pk)
    try:
        if upload.state == State.COMPARING:
            _compare(upload, at)
        else:
            _bring_in(upload, at, origin or Origin(via="web"))
    except RolebookErrors as wrong:
        told = [error.in_words for error in wrong.first]
        if wrong.others:
            told.append(f"And {wrong.others:,} more. Correct these first, and upload the file again.")
        _settle(upload, state=State.WRONG, problems=told, data=b"")
    except (NotFound, NotAllowed):
        # Who uploaded it does not administer the program any more.
        _settle(upload, state=State.DROPPED, data=b"", settled_at=at)
    return True


def _settle(upload: OrganizationUpload, **values: object) -> None:
    OrganizationUpload.objects.filter(pk=upload.pk).update(taken_at=None, **values)


def _compare(upload: OrganizationUpload, at: datetime) -> None:
    """Write down what the file would change, and wait for the confirmation."""
    _, book = rolebook_in_force(upload.program_id, at)

    def progress(done: int, total: int) -> None:
        OrganizationUpload.objects.filter(pk=upload.pk).update(done=done, total=total)

    report = Report()
    rows = read_organizations(bytes(upload.data), upload.file, book, report, progress=progress)
    plan = checked_plan(upload.program_id, book, rows, report, close_absent=upload.close_absent)
    counts = _write_lines(upload, plan)
    _settle(upload, state=State.COMPARED, plan_hash=plan.digest(), counts=counts, problems=[])


def _write_lines(upload: OrganizationUpload, plan: Plan) -> dict[str, int]:
    OrganizationUploadLine.objects.filter(upload=upload).delete()
    counts = {"new": 0, "changed": 0, "moved": 0, "closed": 0, "unchanged": plan.unchanged}
    for some in batched(enumerate(plan.lines()), _BATCH):
        OrganizationUploadLine.objects.bulk_create(
            OrganizationUploadLine(
                upload=upload, number=number, what=what, code=code, name=name, changes=list(changes)
            )
            for number, (what, code, name, changes) in some
        )
        for _, (what, *_) in some:
            counts[what] += 1
    return counts


def _bring_in(upload: OrganizationUpload, at: datetime, origin: Origin) -> None:
    """Bring the file in, when it still changes exactly what was confirmed; else compare it anew."""
    try:
        report = import_organization_file(
            acting_user=upload.uploaded_by,
            program_id=upload.program_id,
            data=bytes(upload.data),
            file=upload.file,
            at=at,
            origin=origin,
            close_absent=upload.close_absent,
            shown=upload.plan_hash,
        )
    except Refused:
        _compare(upload, at)
        told = "Something changed while you were looking. These are the changes now: look, and confirm again."
        _settle(upload, problems=[told])
        return
    _settle(upload, state=State.IMPORTED, sequence=report.sequence, data=b"", settled_at=at)
