"""The part of the catalogue of events about rejected mail."""

from collections.abc import Mapping

BOUNCES: Mapping[str, tuple[str, str, str | None]] = {
    "mail:bounced": ("people", "A mail to {whom} was rejected or delayed", None),
    "account:email-rejected": ("people", "The e-mail address of {whom} rejects mail", None),
    "account:email-works": (
        "people",
        "{whom} proved that mail arrives at their address",
        "{whom} proved that mail arrives at their address",
    ),
}
"""For each tag: its kind, its sentence, and the sentence about oneself where that is another one."""

BOUNCE_LABELS: Mapping[str, str] = {
    "cause": "Because of",
    "rejection": "Rejected how",
    "reported_by": "Reported by",
}
"""What the details are called."""
