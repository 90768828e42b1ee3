"""What the page of a request says of the time since it was decided."""

from rolebook.governance.queries.audit_reach import may_see_person
from rolebook.governance.queries.given_since import given_since
from rolebook.governance.queries.requests import RequestDetail
from rolebook.web.program import ProgramRequest


def what_became_of(request: ProgramRequest, detail: RequestDetail) -> dict[str, object]:
    """Return what of it ended since, and where more of that is told to the viewer."""
    viewer, program_id, at = request.account, request.program.id, request.at
    since = given_since(viewer, detail, program_id, at)
    person = detail.beneficiary_id
    theirs = viewer.public_id == person
    sees = bool(since.ended) and not theirs and may_see_person(viewer, program_id, person, at)
    return {"since": since, "ended_at": since.by_place, "theirs": theirs, "sees_person": sees}
