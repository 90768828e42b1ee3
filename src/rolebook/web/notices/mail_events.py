"""What a mail provider tells about mails of ours (its webhook), by django-anymail: proved by a secret, and taken only
where the operator set a provider.

Only what names a Message-ID of ours and its recipient does anything, as with reports that come by mail.
"""

import re
from collections.abc import Mapping
from functools import cache

from anymail.exceptions import AnymailError
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from rolebook.audit import clock
from rolebook.notices.bounce_models import Bounce
from rolebook.notices.bounces import take
from rolebook.notices.delivery_reports import DeliveryReport, Kind, Told, kind_of
from rolebook.notices.letter import one_line
from rolebook.notices.message import POSTMARK_METADATA
from rolebook.web.gate import open_page

_VIEWS: Mapping[str, type[AnymailBaseWebhookView]] = {
    "brevo": BrevoTrackingWebhookView,
    "mailgun": MailgunTrackingWebhookView,
    "postmark": PostmarkTrackingWebhookView,
}
_STATUS = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_MESSAGE_ID = re.compile(r"<?([!-;=?-~]{3,190})>?")
_PASSING = frozenset({"soft_bounce", "SoftBounce", "Transient", "DnsError"})
"""What providers call a failure that may pass, where django-anymail calls it a bounce like any other."""


@open_page
@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def mail_events(request: HttpRequest) -> HttpResponse:
    """Take the events that a provider posts; 400 where the secret is wrong or what is posted cannot be read.

    A failure of ours is a 500, after which providers post again.
    """
    view = _VIEWS.get(settings.ROLEBOOK.bounces.provider)
    if view is None:
        raise Http404
    if request.method == "HEAD":  # some providers look whether the address is there
        return HttpResponse()
    webhook = view()
    try:
        webhook.run_validators(request)
        events = webhook.parse_events(request)
    except (AnymailError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        return HttpResponse("Not taken\n", status=400, content_type="text/plain; charset=utf-8")
    _listen()
    for event in events:
        tracking.send(sender=view, event=event, esp_name=webhook.esp_name)
    return HttpResponse("Taken\n", content_type="text/plain; charset=utf-8")


@cache
def _listen() -> None:
    tracking.connect(_on_event, dispatch_uid="rolebook.mail-events")


def _on_event(sender: object, event: AnymailTrackingEvent, esp_name: str, **_: object) -> None:
    """Receive a tracking event of django-anymail; deliveries, openings and the like are not ours to know."""
    del sender, esp_name
    report = report_of(event)
    if report is not None:
        take(report, source=Bounce.Source.WEBHOOK, at=clock.now())


def report_of(event: AnymailTrackingEvent) -> DeliveryReport | None:
    """Return what an event says as a delivery report, or None where it tells of no rejection or delay of a mail."""
    if event.event_type not in {EventType.BOUNCED, EventType.REJECTED, EventType.DEFERRED}:
        return None
    said = one_line(str(event.mta_response or event.description or "")[:600])[:300]
    kind, status = _judged(event, said)
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    named = _MESSAGE_ID.fullmatch(str(metadata.get(POSTMARK_METADATA) or event.message_id or ""))
    recipient = one_line(str(event.recipient or "")[:320])
    return DeliveryReport(named.group(1) if named else "", (Told((recipient,), kind, status, said),))


def _judged(event: AnymailTrackingEvent, said: str) -> tuple[Kind, str]:
    found = _STATUS.search(said)
    status = ".".join(str(int(part)) for part in found.groups()) if found else ""
    if (
        event.event_type == EventType.DEFERRED
        or event.reject_reason == RejectReason.TIMED_OUT
        or _passing(event)
    ):
        return Kind.SOFT, status
    if event.reject_reason in {RejectReason.BLOCKED, RejectReason.SPAM, RejectReason.UNSUBSCRIBED}:
        return Kind.BLOCKED, status
    if status:
        return kind_of(status), status
    certain = event.reject_reason in {RejectReason.BOUNCED, RejectReason.INVALID}
    return (Kind.HARD if certain else Kind.BLOCKED), ""


def _passing(event: AnymailTrackingEvent) -> bool:
    raw = event.esp_event if isinstance(event.esp_event, dict) else {}
    return raw.get("event") in _PASSING or raw.get("Type") in _PASSING
