"""What the page's script is told after a save: versions, who answered what and when, and what changed meanwhile."""

from collections.abc import Mapping

from django.http import JsonResponse

from rolebook.governance.flows.answer_review import Saved
from rolebook.governance.instants import instant_in_words
from rolebook.governance.queries.review_card import AccountLines, Line, with_notes
from rolebook.web.instants import age_in_words
from rolebook.web.program import ProgramRequest
from rolebook.web.reviews.posted import Posted
from rolebook.web.zones import viewer_zone


def told(
    request: ProgramRequest,
    account: AccountLines,
    form: Posted,
    saved: Saved | None,
    problems: tuple[str, ...],
) -> JsonResponse:
    """Answer the page's script after a save.

    Returns, by the key of the line: the versions that the lines have now, their answers, who gave those that are newer
    than the form, and what changed since the viewer saw it. With ``problems`` (sentences) the status is 409.
    """
    lines = with_notes(account, form.seen_after(saved), form.shown_at).lines
    mine = [line for line in lines if line.mine]
    return JsonResponse(
        {
            "versions": {line.key: line.version for line in mine},
            "notes": {line.key: line.note for line in lines if line.note},
            "answers": {line.key: line.answer for line in mine},
            "by": {line.key: _by(request, line) for line in mine if line.version != form.seen.get(line.key)},
            "left": account.left,
            "ready": account.ready,
            "problems": list(problems),
        },
        status=409 if problems else 200,
    )


def _by(request: ProgramRequest, line: Line) -> Mapping[str, str]:
    """Return who answered a line and when, as its page writes it; nothing where nobody did."""
    if not line.answered_by or line.answered_at is None:
        return {}
    zone = viewer_zone(request, request.program.zone)
    return {
        "who": line.answered_by,
        "at": line.answered_at.isoformat(),
        "ago": age_in_words(line.answered_at, request.at, zone),
        "exact": instant_in_words(line.answered_at, zone),
    }
