"""The part of the catalogue of events about who is away, what nobody answers, and codes that are looked at."""

from collections.abc import Mapping

ABSENCES: Mapping[str, tuple[str, str, str | None]] = {
    "absence:recorded": (
        "people",
        "{who} recorded when {whom} is out of office, and who decides meanwhile",
        "{who} recorded when they are out of office, and who decides meanwhile",
    ),
    "absence:ended": (
        "people",
        "{who} ended an absence of {whom}",
        "{who} ended an absence of theirs",
    ),
    "delegation:declined": ("people", "{who} declined to decide for {whom}, who is out of office", None),
    "attempt:refused:absence": (
        "refused",
        "{who} tried to record who decides[ for {whom}]",
        "{who} tried to record an absence of theirs",
    ),
    "stage:reminded": (
        "requests",
        "Who can decide the request of {whom}[ at {where}] was reminded of it",
        None,
    ),
    "stage:escalated": ("requests", "The request of {whom} came to the steward[, instead of {where}]", None),
    "stage:came-back": (
        "requests",
        "The request of {whom}, which had come to the steward, can be decided in its office again[ at {where}]",
        None,
    ),
    "stage:stuck": (
        "requests",
        "Nobody can decide the request of {whom}[ at {where}] any more: another steward is needed",
        None,
    ),
    "stage:unstuck": (
        "requests",
        "The request of {whom}[ at {where}], which nobody could decide, can be decided again",
        None,
    ),
    "access-check:opened": (
        "access",
        "The codes that {whom} holds are to be looked at[ at {where}]: they came back after the employer changed",
        None,
    ),
    "access-check:carried-over": (
        "access",
        "What was to be looked at[ at {where}] of the codes of a merged account goes on for {whom}",
        None,
    ),
    "access-check:carried-out": (
        "access",
        "{who} removed codes of {whom} that were found to be no longer needed",
        None,
    ),
}
"""For each tag: its kind, its sentence, and the sentence about oneself where that is another one."""

ABSENCES_LABELS: Mapping[str, str] = {
    "late": "After it had begun to wait",
    "working_days": "Working days",
}
"""What the details are called."""

ABSENCES_UNTOLD = (
    "absence_id",
    "delegate_for",
    "delegates",
    "delegation_id",
    "accesses_kept",
    "accesses_removed",
    "folded_into",
)
"""Details that are internal ids."""
