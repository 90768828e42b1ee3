"""What a change of the tree left to do: requests that wait there are looked at again, some in each unit of work."""

from datetime import datetime

from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.governance.models import TreeChange
from rolebook.governance.reexamining import look_again

_UNITS_A_RUN = 50


def return_stranded_requests(at: datetime) -> int:
    """Go on where changes of the tree have not been followed to their end; return how many requests went back.

    Bounded: a run looks at some thousand requests, and the next one goes on. Two at once do nothing twice: each locks
    the change's row and the requests'.
    """
    returned = 0
    for _ in range(_UNITS_A_RUN):
        change_id = (
            TreeChange.objects.filter(finished_at=None).order_by("pk").values_list("pk", flat=True).first()
        )
        if change_id is None:
            break
        with unit_of_work(at=at, origin=Origin(via="job")) as work:
            rows = TreeChange.objects.select_for_update(of=("self",)).filter(pk=change_id, finished_at=None)
            change = rows.select_related("organization").first()
            if change is None:
                work.nothing_happened()
                continue
            version, book = rolebook_in_force(change.program_id, at)
            back = look_again(work, change, version, book)
            if not back:
                work.nothing_happened()
        returned += back
    return returned
