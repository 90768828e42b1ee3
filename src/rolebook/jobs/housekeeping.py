"""What is done from time to time: reminders, and what is tidied up.

Nothing here makes anything true: expiry is judged at use, whatever is left.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.models import Session

from rolebook.accounts import challenges, mailed_codes, personal_tokens, sessions, throttling
from rolebook.accounts.models import Account
from rolebook.audit import clock
from rolebook.audit.models import Follower
from rolebook.audit.recording import Origin
from rolebook.governance.flows.attachments import delete_orphans
from rolebook.governance.flows.organization_uploads import work_on_uploads
from rolebook.governance.flows.register_own_record import end_old_registrations
from rolebook.governance.flows.return_stranded_requests import return_stranded_requests
from rolebook.governance.flows.tend_reviews import tend_reviews
from rolebook.governance.flows.warn_of_ends import warn_of_ends
from rolebook.governance.flows.watch_quiet import watch_everybody
from rolebook.governance.flows.watch_stages import escalate_stages, remind_approvers
from rolebook.governance.leaving import people_with_something_left, settle_what_is_left
from rolebook.governance.making import make_files
from rolebook.governance.making_reports import make_reports
from rolebook.jobs.schedule import Job
from rolebook.notices.bounce_mailbox import read_mailbox
from rolebook.notices.bounces import settle_bounces
from rolebook.notices.erasure import erase_old_words
from rolebook.notices.holding import give_up_held
from rolebook.notices.reminding import send_reminders
from rolebook.notices.shortage import tell_shortages

SESSIONS_A_RUN = 5_000
PEOPLE_A_RUN = 200
LEASES_WITHOUT_A_SIGN = 3


def prune_sessions(now: datetime) -> int:
    """Delete sessions that have expired, at most SESSIONS_A_RUN in one run; return how many."""
    sessions.forget_old(now)
    expired = Session.objects.filter(expire_date__lt=now).order_by("expire_date")
    keys = list(expired.values_list("pk", flat=True)[:SESSIONS_A_RUN])
    return Session.objects.filter(pk__in=keys, expire_date__lt=now).delete()[0]


def forget_codes(now: datetime) -> None:
    """Delete codes and challenges that can no longer be used, counts that no limit looks at, old answers of the API."""
    mailed_codes.forget_old(now)
    personal_tokens.forget_old(now)
    challenges.forget_old(now)
    throttling.forget_old(now)


def settle_what_was_left(now: datetime) -> int:
    """Settle requests and roles of people who are not active, where a closing was cut short; return of how many."""
    left = people_with_something_left(now, PEOPLE_A_RUN)
    accounts = Account.objects.in_bulk({pk for pk, _ in left})
    for pk, program_id in left:
        settle_what_is_left(accounts[pk], program_id, acting_user=None, at=now, origin=Origin(via="job"))
    return len(left)


@dataclass(slots=True)
class DeadFollowers:
    """Forgets decision points that ended without saying so: no renewal between two looks, several leases apart.

    Whether a follower still answers is counted on no other machine's clock: only that its number of renewals has not
    changed while this process has watched. One that was only slow finds its row gone, has no lease, and registers
    again (:func:`rolebook.audit.followers.renew`).
    """

    boottime: Callable[[], float] = clock.boottime
    _seen: dict[UUID, tuple[int, float]] = field(default_factory=dict)

    def forget(self, now: datetime) -> int:
        """Look at every follower, delete the dead ones, and return of how many. ``now`` plays no part."""
        del now
        rows = list(Follower.objects.values_list("follower_id", "renewals", "lease_seconds"))
        moment, forgotten, seen = self.boottime(), 0, {}
        for follower_id, renewals, lease in rows:
            before, since = self._seen.get(follower_id, (None, moment))
            if before != renewals:
                since = moment
            elif moment - since > LEASES_WITHOUT_A_SIGN * lease:
                forgotten += Follower.objects.filter(follower_id=follower_id, renewals=renewals).delete()[0]
                continue
            seen[follower_id] = (renewals, since)
        self._seen = seen
        return forgotten


def read_reports(now: datetime) -> int:
    """Read the mailbox of reports of rejected mail, where the operator set one; return how many mails were read."""
    mailbox = settings.ROLEBOOK.bounces.mailbox
    return 0 if mailbox is None else read_mailbox(mailbox, now=now)


JOBS: tuple[Job, ...] = (
    Job("prune-sessions", timedelta(hours=1), prune_sessions),
    Job("forget-codes", timedelta(hours=1), forget_codes),
    Job("forget-dead-followers", timedelta(minutes=10), DeadFollowers().forget),
    Job("settle-what-was-left", timedelta(minutes=10), settle_what_was_left),
    Job("remind-of-pending", timedelta(minutes=1), send_reminders),
    Job("tell-of-few-officials", timedelta(hours=1), tell_shortages),
    Job("return-stranded-requests", timedelta(minutes=1), return_stranded_requests),
    Job("escalate-stages", timedelta(minutes=2), escalate_stages),
    Job("remind-approvers", timedelta(minutes=10), remind_approvers),
    Job("warn-of-ends", timedelta(minutes=10), warn_of_ends),
    Job("close-quiet", timedelta(hours=1), watch_everybody),
    Job("tend-reviews", timedelta(minutes=5), tend_reviews),
    Job("work-on-uploads", timedelta(seconds=5), work_on_uploads),
    Job("make-reports", timedelta(seconds=5), make_reports),
    Job("make-files", timedelta(seconds=5), make_files),
    Job("read-reports", timedelta(minutes=1), read_reports),
    Job("settle-bounces", timedelta(minutes=1), settle_bounces),
    Job("give-up-held-mail", timedelta(days=1), give_up_held),
    Job("delete-attachments-of-nothing", timedelta(hours=1), delete_orphans),
    Job("end-old-registrations", timedelta(hours=1), end_old_registrations),
    Job("erase-old-mail", timedelta(days=1), lambda now: erase_old_words(now=now)),
)
