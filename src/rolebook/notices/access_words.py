"""The words of mails about requests, decisions and access (QPP-07 to QPP-10, QPP-13)."""

from rolebook.governance.asked_words import words_of
from rolebook.governance.models import Outcome, Request, RequestItem, Stage
from rolebook.governance.narrowing import told_items
from rolebook.governance.queries.absences import away_at
from rolebook.governance.queries.account_preview import change_in_words
from rolebook.governance.queries.naming import designating_office
from rolebook.notices.came_to_words import again_button, days_in_brief, days_lines, only_removes, use_of
from rolebook.notices.facts import Facts, link
from rolebook.notices.letter import Button, Letter
from rolebook.notices.office_words import office_of_stage, office_that_acted, offices_that_decided

_REASON_LENGTH = 600
_DONE = {"approved": "approved", "denied": "denied", "returned": "returned"}


def request_waiting(facts: Facts) -> Letter:
    """A request starts to wait for this approver (QPP-09)."""
    stage = facts.stage
    request = stage.request
    what = in_a_few_words(facts, asked_of(stage))
    person = request.beneficiary.name
    word, way_on = "Request waiting for you", "Please approve or deny the request."
    if stage.state != Stage.State.OPEN:
        word, way_on = "Request no longer waiting", "It was settled before this mail was written."
    return Letter(
        subject=f"{program_of(facts)}: {word}: {what} for {person}",
        first_line=f"{asks_for(request, _named(facts, what))}. {way_on}",
        facts=(
            ("For", f"{person} ({request.beneficiary.email})"),
            *asked_by(request),
            *item_lines(facts, asked_of(stage)),
            ("Asked", facts.instant(request.submitted_at)),
            ("Their reason", shortened(words_of(request))),
            *absent_people(facts, stage),
        ),
        button=manage_access(facts),
        whom_to_ask=facts.contact,
        reason_for_mail=(
            "You get this because you decide requests there. "
            "Others who can decide got it too; one decision is enough."
        ),
    )


def absent_people(facts: Facts, stage: Stage) -> tuple[tuple[str, str], ...]:
    """Return a line for each person of a stage's office who is out of office, with who decides meanwhile."""
    return tuple(
        (
            "Out of office",
            f"{one.name}, until {facts.instant(one.ends_at)}"
            + (f"; {', '.join(one.delegates)} decides meanwhile" if one.delegates else ""),
        )
        for one in away_at(facts.book, [stage], facts.now).get(stage.pk, ())
    )


def own_decision(facts: Facts) -> Letter:
    """To the official who decided (QPP-07)."""
    stage = facts.stage
    request = stage.request
    outcome = Outcome.objects.filter(stage=stage).first()
    verdict = _DONE[facts.event.tag.rpartition(":")[2]]
    items = list(_returned_items(stage) if verdict == "returned" else asked_of(stage))
    what = in_a_few_words(facts, items)
    waits = request.settled_at is None and request.forms.exists()
    once = "once the whole request has its end, " if waits else ""
    next_step = {
        "approved": "",
        "denied": f"Denied by mistake? A decision is not reversed, but {once}you can ask for the request once more: "
        f"open it and choose Ask {request.requester.name} to submit again.",
        "returned": "The requester was asked to correct the request. It comes back when that is done.",
    }[verdict]
    return Letter(
        subject=f"{program_of(facts)}: You {verdict}: {what} for {request.beneficiary.name}",
        first_line=f"You {verdict} the request of {request.beneficiary.name} for {_named(facts, what)}.",
        facts=(
            ("For", f"{request.beneficiary.name} ({request.beneficiary.email})"),
            *asked_by(request),
            *item_lines(facts, items),
            ("Decided", facts.instant()),
            ("Your reason", shortened(outcome.reason if outcome else "")),
        ),
        paragraphs=(next_step, "If this was not you, tell us at once."),
        button=(
            Button("Open the request", link(f"/{facts.program_id}/requests/{request.public_id}/"))
            if verdict == "denied"
            else manage_access(facts)
        ),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because the decision was made with your account.",
    )


def decision(facts: Facts) -> Letter:
    """To the requester, when the request has its end (QPP-08)."""
    request = facts.request
    again = f"If you think that this is a mistake, ask again: open the request and choose {again_button(request)}."
    own = request.requester_id == request.beneficiary_id
    return _decision(facts, "Your request", again, "You" if own else request.beneficiary.name)


def decision_for_you(facts: Facts) -> Letter:
    """To the person that somebody else's request was for, when it has its end (QPP-08)."""
    name = facts.request.requester.name
    again = f"If you think that this is a mistake, ask {name} to submit the request again."
    return _decision(facts, f"The request that {name} made for you", again, "You")


def _decision(facts: Facts, whose: str, again: str, who: str) -> Letter:
    request = facts.request
    items = list(items_of(request))
    what = in_a_few_words(facts, items)
    word, sentence, label, path = _told_end(facts, request, whose, what)
    if word == "Access approved" and only_removes(items):
        word = "Removal approved"
    use = use_of(facts, items, who)
    return Letter(
        subject=f"{program_of(facts)}: {word}: {what}",
        first_line=sentence,
        facts=(
            *item_lines(facts, items, with_state=request.state == Request.State.PARTLY_APPROVED),
            *asked_by(request),
            ("Decided by", offices_that_decided(facts, [request])),
            ("Decided", facts.instant()),
            ("Reason given", _reasons(request)),
        ),
        paragraphs=(use,) if request.state == Request.State.APPROVED else (use, again),
        button=Button(label, link(path)),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because the request was made by you or for you.",
    )


def _told_end(facts: Facts, request: Request, whose: str, what: str) -> tuple[str, str, str, str]:
    """Return subject word, first sentence, button label and path for a request's end."""
    program = facts.program_id
    own = f"/{program}/requests/{request.public_id}/"
    match request.state:
        case Request.State.APPROVED:
            return (
                "Access approved",
                f"{whose} was approved: {what}.",
                "Open My Access",
                f"/{program}/my-access/",
            )
        case Request.State.PARTLY_APPROVED:
            return "Partly approved", f"{whose} was partly approved: {what}.", "See the request", own
        case Request.State.DENIED:
            return "Access denied", f"{whose} was denied: {what}.", "See the request", own
        case _:
            return "Request closed", f"{whose} was closed: {what}.", "See the request", own


def returned(facts: Facts) -> Letter:
    """To the requester: the request is incomplete and came back."""
    stage = facts.stage
    request = stage.request
    items = _returned_items(stage)
    what = in_a_few_words(facts, items)
    outcome = Outcome.objects.filter(stage=stage).first()
    return Letter(
        subject=f"{program_of(facts)}: Please correct your request: {what}",
        first_line=f"Your request for {what} was returned because something is missing or not right.",
        facts=(
            *item_lines(facts, items),
            ("Returned by", office_that_acted(facts)),
            ("Returned", facts.instant()),
            ("What to correct", shortened(outcome.reason if outcome else "")),
        ),
        paragraphs=("Correct it and send it again; what you wrote has been kept.",),
        button=Button("Open the request", link(f"/{facts.program_id}/requests/{request.public_id}/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you made the request.",
    )


def submit_again(facts: Facts) -> Letter:
    """To the requester: who denied asks for the request once more (QPP-13)."""
    request = facts.request
    what = in_a_few_words(facts, list(items_of(request)))
    who = office_of_stage(facts, facts.stage)
    return Letter(
        subject=f"{program_of(facts)}: Please submit your request again: {what}",
        first_line=f"{who} asks you to submit your request for {what} again.",
        facts=(("Asked", facts.instant()), ("Note", shortened(facts.personal.get("reason", "")))),
        paragraphs=(
            "A decision cannot be reversed, so a new request is needed. "
            f"Open the old one and choose {again_button(request)}; your earlier answers are carried over.",
        ),
        button=Button("Open the request", link(f"/{facts.program_id}/requests/{request.public_id}/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you made the request.",
    )


def access_removed(facts: Facts) -> Letter:
    """To the person whose access at an organization was removed (QPP-10)."""
    where = facts.organization
    name = where.name if where else facts.book.program.short_name
    roles = ", ".join(facts.role(role_id) for role_id in facts.new("roles") or facts.old("roles") or ())
    return Letter(
        subject=f"{program_of(facts)}: Access removed: {roles or 'your access'} at {name}",
        first_line=f"Your access at {name} was removed.",
        facts=(
            ("Organization", facts.named(where) if where else ""),
            ("What ended", roles),
            ("Removed by", facts.actor.name if facts.actor else "the program"),
            ("Removed", facts.instant()),
            ("Reason given", shortened(facts.personal.get("reason", ""))),
        ),
        paragraphs=(
            "It takes effect everywhere within moments. Your account stays, and so does what you hold "
            "elsewhere. If you still need this access, ask whoever decides there, or request the role again.",
        ),
        button=Button("Open My Access", link(f"/{facts.program_id}/my-access/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because the access was yours.",
    )


def role_designated(facts: Facts) -> Letter:
    """To the person to whom a role was given without a request."""
    where = facts.organization
    title = facts.role(str(facts.new("role_id")))
    what = f"{title} at {where.name}" if where else title
    return Letter(
        subject=f"{program_of(facts)}: Access given: {what}",
        first_line=f"You were designated {what}.",
        facts=(
            ("Role", title),
            ("Organization", facts.named(where) if where else ""),
            (
                "Designated by",
                designating_office(facts.book)
                if facts.actor
                else f"the {facts.book.program.short_name} program office",
            ),
            ("Designated", facts.instant()),
            ("Reason", shortened(facts.personal.get("reason", ""))),
        ),
        paragraphs=("You can use it from now on.",),
        button=Button("Open My Access", link(f"/{facts.program_id}/my-access/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because the role is yours now.",
    )


def program_of(facts: Facts) -> str:
    """The program as subjects name it."""
    return facts.book.program.short_name


def manage_access(facts: Facts) -> Button:
    """The button to Manage Access."""
    return Button("Open Manage Access", link(f"/{facts.program_id}/manage-access/"))


def items_of(request: Request) -> list[RequestItem]:
    """What the present version of a request asks for."""
    items = request.items.filter(request_version=request.version)
    return told_items(items.select_related("organization").order_by("position"))


def asked_of(stage: Stage) -> list[RequestItem]:
    """What a stage decides."""
    return told_items(stage.items.select_related("organization").order_by("position"))


def _returned_items(stage: Stage) -> list[RequestItem]:
    """What went back with a stage: the whole version that it decided a part of, whoever decides the rest."""
    items = stage.request.items.filter(request_version=stage.request_version)
    return told_items(items.select_related("organization").order_by("position"))


def asks_for(request: Request, what: str) -> str:
    """Say who asks for what, and for whom, where that is somebody else."""
    if request.requester_id == request.beneficiary_id:
        return f"{request.beneficiary.name} asks for {what}"
    return f"{request.requester.name} asks for {what}, for {request.beneficiary.name}"


def listed_words(facts: Facts, items: list[RequestItem]) -> str:
    """The asked as a list of several has it: in a few words, with a temporary detail's days."""
    return f"{in_a_few_words(facts, items)}{days_in_brief(facts, items)}"


def in_a_few_words(facts: Facts, items: list[RequestItem]) -> str:
    """The asked in a few words: "Staff User at Cedar Valley", "… and 2 more organizations"."""
    if not items:
        return "access"
    first = items[0]
    if apart(facts):
        more = len(items) - 1
        changes = change_in_words(facts.book, first)
        return f"account request ({changes}{f' and {more} more' if more else ''})"
    title = facts.role(first.role_id)
    words = f"{title} at {first.organization.name}" if first.organization else title
    more = len(items) - 1
    if not more:
        return words
    return f"{words} and {more} more" if more > 1 else f"{words} and one more"


def apart(facts: Facts) -> bool:
    """Return whether the program holds access apart from roles, so that an item may be either."""
    return facts.book.access == "apart from roles"


def _named(facts: Facts, what: str) -> str:
    """What is asked, in the middle of a sentence."""
    return f"changes: {what}" if apart(facts) else f"the role {what}"


def item_lines(
    facts: Facts, items: list[RequestItem], *, with_state: bool = False
) -> tuple[tuple[str, str], ...]:
    """A line for each thing asked, twenty at most."""
    lines: list[tuple[str, str]] = []
    for item in items[:20]:
        state = f": {item.state}" if with_state else ""
        if apart(facts):
            lines.append(("Asked", f"{change_in_words(facts.book, item)}{state}"))
            continue
        where = f" at {facts.named(item.organization)}" if item.organization else ""
        lines.append(("Role", f"{facts.role(item.role_id)}{where}{state}"))
    if len(items) > 20:
        lines.append(("And", f"{len(items) - 20} more"))
    return (*lines, *days_lines(facts, items))


def asked_by(request: Request) -> tuple[tuple[str, str], ...]:
    """Return the line that says who asked, where that is another than the one it is for."""
    if request.requester_id == request.beneficiary_id:
        return ()
    return (("Asked by", f"{request.requester.name} ({request.requester.email})"),)


def _reasons(request: Request) -> str:
    outcomes = request.outcomes.filter(request_version=request.version).exclude(reason="").order_by("pk")
    return shortened(" / ".join(outcome.reason for outcome in outcomes))


def shortened(text: str) -> str:
    """Return a text as mails quote it, cut where it is long."""
    return text if len(text) <= _REASON_LENGTH else text[: _REASON_LENGTH - 1].rstrip() + "…"
