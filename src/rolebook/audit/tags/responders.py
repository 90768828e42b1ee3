"""Records of one's own: their import, and who registered for which one."""

from rolebook.audit.tags.declaring import declare

_REGISTRATION = "registration_id way record_id"
RESPONDER_RECORDS_IMPORTED = declare(
    "responder-records:imported",
    "Records that people register for were imported from a file",
    "import_id source_hash rows_hash records_created records_changed",
)
OWN_RECORD_ASKED = declare(
    "own-record:asked", "A person said which record is theirs", "registration_id way", "identifier"
)
OWN_RECORD_CONFIRMED = declare(
    "own-record:confirmed", "A record was shown to be a person's own", _REGISTRATION, "identifier"
)
OWN_RECORD_REFUSED = declare(
    "own-record:refused", "A manager did not confirm whose a record is", _REGISTRATION, "identifier reason"
)
ATTEMPT_REFUSED_OWN_RECORD = declare(
    "attempt:refused:own-record",
    "Registering for a record, or confirming whose it is, was refused",
    "codes role_id stage_id subject reason_code verdict",
)
