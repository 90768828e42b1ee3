"""What is tidied up from time to time. Nothing here makes anything true: expiry is judged at use,
whatever is left.
"""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from rolebook.jobs.schedule import Job
from rolebook.notices.erasure import erase_old_words

SESSIONS_A_RUN = 5_000


def prune_sessions(now: datetime) -> int:
    """Delete sessions that have expired, at most SESSIONS_A_RUN in one run; return how many."""
    expired = Session.objects.filter(expire_date__lt=now).order_by("expire_date")
    keys = list(expired.values_list("pk", flat=True)[:SESSIONS_A_RUN])
    return Session.objects.filter(pk__in=keys, expire_date__lt=now).delete()[0]


JOBS: tuple[Job, ...] = (
    Job("prune-sessions", timedelta(hours=1), prune_sessions),
    Job("erase-old-mail", timedelta(days=1), lambda now: erase_old_words(now=now)),
)
