"""The sentences about records of one's own and about attachments."""

from collections.abc import Mapping

RESPONDERS: Mapping[str, str] = {
    "by_request_only": "{role} is asked for. It does not come with registering.",
    "own_record_held": "You have a {record} of your own already.",
    "identifier_unlike": "This is no {identifier}. It looks like {example}.",
    "record_taken": "This {record} is somebody's own already. Ask who keeps it.",
    "own_registration": "You cannot confirm your own record. Another manager must.",
    "say_why_not": "Say why this record is not theirs, so that they know what to do.",
    "attachment_too_large": "{name} is larger than {most} MB. Attach a smaller file.",
    "attachment_empty": "{name} is empty. Attach another file.",
    "attachment_kind": "{name} is no PDF, PNG or JPEG file. Attach one of these.",
    "attachment_infected": "{name} was refused by the scanner of this server. It was not kept.",
    "attachment_not_scanned": "{name} could not be scanned, and was not kept. Try again later.",
    "attachments_too_many": "A request takes {most} attachments. Remove one first.",
    "attachments_too_often": "You have attached many files within an hour. Try again later.",
    "attachment_unknown": "That attachment is not there any more. Attach it again.",
}
