"""The part of the catalogue of events about records of one's own, and what requests carry as attachments."""

from collections.abc import Mapping

RESPONDERS: Mapping[str, tuple[str, str, str | None]] = {
    "responder-records:imported": ("program", "{who} imported records that people register for", None),
    "own-record:asked": ("people", "{whom} said which record is theirs", None),
    "own-record:confirmed": (
        "people",
        "{who} confirmed that a record is the one of {whom}",
        "{whom} showed that a record is theirs, by the code mailed to its address",
    ),
    "own-record:refused": ("people", "{who} did not confirm that a record is the one of {whom}", None),
    "attempt:refused:own-record": (
        "refused",
        "{who} tried to say whose record it is[ of {whom}]",
        "{who} tried to register for a record",
    ),
}
"""For each tag: its kind, its sentence, and the sentence about oneself where that is another one."""

RESPONDERS_LABELS: Mapping[str, str] = {
    "records_changed": "Records changed",
    "records_created": "Records created",
    "digests": "Attachments, by SHA-256",
}
"""What the details are called."""

RESPONDERS_UNTOLD = ("registration_id", "record_id", "attachments")
"""Details that are internal ids."""
