"""What waits, as numbers for a monitoring system: `/metrics`, in the text format of Prometheus (version 0.0.4).

With ROLEBOOK_METRICS_TOKEN it is told to who sends that as a bearer token; without, to this machine only, and not to
what a proxy forwards.
"""

import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from rolebook.audit import clock
from rolebook.audit.models import Follower
from rolebook.audit.recording import tip
from rolebook.governance.models import Request, TreeChange
from rolebook.jobs.overview import lines
from rolebook.notices.bounce_list import number_held, number_of_rejecting, unused_reports
from rolebook.notices.models import Cursor
from rolebook.notices.queue import queue_now
from rolebook.server.environment import metrics_token
from rolebook.web.gate import open_page

_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
type Sample = tuple[Mapping[str, str], float]


@open_page
@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Tell what waits; 404 to everybody who may not ask, as if there were no such address."""
    if not _may_ask(request, metrics_token()):
        return HttpResponse("Not found\n", status=404, content_type="text/plain; charset=utf-8")
    return HttpResponse(told(clock.now()), content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_ask(request: HttpRequest, token: str) -> bool:
    if token:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())
    forwarded = any(name in request.headers for name in _FORWARDED)
    return not forwarded and request.META.get("REMOTE_ADDR") in _LOOPBACK


def told(at: datetime) -> str:
    """Return every number as text; all are gauges."""
    return "".join(
        f"# HELP {name} {meaning}\n# TYPE {name} gauge\n"
        + "".join(f"{name}{_labels(labels)} {value:g}\n" for labels, value in samples)
        for name, meaning, samples in _numbers(at)
    )


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    escaped = {
        name: text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        for name, text in labels.items()
    }
    return "{" + ",".join(f'{name}="{text}"' for name, text in escaped.items()) + "}"


def _numbers(at: datetime) -> Iterable[tuple[str, str, list[Sample]]]:
    queue = queue_now()
    sequence, _ = tip()
    read = Cursor.objects.filter(name="notices").values_list("sequence", flat=True).first() or 0
    oldest = 0.0 if queue.oldest is None else max(0.0, (at - queue.oldest).total_seconds())
    yield "rolebook_mail_waiting", "Mails that wait to be sent.", [({}, queue.waiting)]
    yield "rolebook_mail_oldest_seconds", "Age of the mail that has waited longest.", [({}, oldest)]
    yield "rolebook_mail_failed", "Mails that could not be sent.", [({}, queue.failed)]
    yield "rolebook_mail_held", "Mails held for addresses that reject mail.", [({}, number_held())]
    rejecting: list[Sample] = [({}, number_of_rejecting())]
    yield "rolebook_addresses_rejecting", "Accounts whose address rejects mail.", rejecting
    unused: list[Sample] = [({"why": line.why}, line.number) for line in unused_reports()]
    yield "rolebook_reports_unused", "Reports of rejected mail that did nothing.", unused
    unworded: list[Sample] = [({}, float(queue.postponed_events))]
    yield "rolebook_events_unworded", "Events whose mails could not be worded yet.", unworded
    yield "rolebook_notices_lag_events", "Events that no mail was derived from yet.", [({}, sequence - read)]
    yield from _jobs(at)
    followers = Follower.objects.order_by("name", "pk").values_list("kind", "name", "applied_sequence")
    lag: list[Sample] = [
        ({"kind": kind, "name": name}, float(sequence - applied)) for kind, name, applied in followers
    ]
    yield "rolebook_followers", "Decision points that follow the log.", [({}, float(len(lag)))]
    yield "rolebook_follower_lag_events", "Events that a follower has not applied yet.", lag
    pending = Request.objects.filter(state=Request.State.PENDING).order_by("program")
    counted = pending.values_list("program").annotate(Count("pk"))
    waiting: list[Sample] = [({"program": program}, float(number)) for program, number in counted]
    yield "rolebook_requests_pending", "Requests that wait for a decision.", waiting
    unfollowed = float(TreeChange.objects.filter(finished_at=None).count())
    yield "rolebook_tree_changes_unfollowed", "Moves and closings whose requests wait.", [({}, unfollowed)]


def _jobs(at: datetime) -> Iterable[tuple[str, str, list[Sample]]]:
    jobs = lines(at)
    late: list[Sample] = [
        ({"job": job.name}, max(0.0, (at - job.due_at).total_seconds())) for job in jobs if job.due_at
    ]
    failed: list[Sample] = [({"job": job.name}, float(bool(job.last_error))) for job in jobs]
    ended: list[Sample] = [
        ({"job": job.name}, job.finished_at.timestamp()) for job in jobs if job.finished_at is not None
    ]
    yield "rolebook_job_overdue_seconds", "For how long a job has been due.", late
    yield "rolebook_job_failed", "1 where a job's last run failed.", failed
    yield "rolebook_job_last_run_timestamp_seconds", "When a job's last run ended (Unix time).", ended
