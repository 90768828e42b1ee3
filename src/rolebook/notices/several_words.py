"""The words of one letter about several things of one act: parts of a request, or requests decided with one press."""

from collections.abc import Iterable, Sequence

from rolebook.governance.asked_words import words_of
from rolebook.governance.models import Outcome, Request, RequestItem, Stage
from rolebook.notices.access_words import (
    apart,
    asked_by,
    asked_of,
    asks_for,
    in_a_few_words,
    items_of,
    listed_words,
    manage_access,
    program_of,
    shortened,
)
from rolebook.notices.came_to_words import again_button
from rolebook.notices.facts import Facts, link
from rolebook.notices.letter import Button, Letter
from rolebook.notices.office_words import offices_that_decided

_SHOWN = 40


def requests_waiting(about: Sequence[Facts]) -> Letter:
    """Several stages start to wait for this approver: parts of one request, or several requests (QPP-09)."""
    facts = about[0]
    stages = [one.stage for one in about]
    request = stages[0].request
    people = {stage.request.beneficiary_id: stage.request.beneficiary for stage in stages}
    number = len(stages)
    if any(stage.state == Stage.State.OPEN for stage in stages):
        word, way_on = f"{number} requests waiting for you", "Please approve or deny each of them."
    else:
        word, way_on = (
            f"{number} requests no longer waiting",
            "They were settled before this mail was written.",
        )
    if len({stage.request_id for stage in stages}) > 1:
        return Letter(
            subject=f"{program_of(facts)}: {word}",
            first_line=f"{number} requests{'' if apart(facts) else ' for roles'} wait for your decision. {way_on}",
            facts=_lines(f"{stage.request.beneficiary.name}: {_asked(facts, stage)}" for stage in stages),
            button=manage_access(facts),
            whom_to_ask=facts.contact,
            reason_for_mail=_OFFICE,
        )
    [person] = people.values()
    if apart(facts):
        return _parts_waiting(facts, stages, word, way_on)
    roles = ", ".join(
        dict.fromkeys(facts.role(item.role_id) for stage in stages for item in stage.items.all())
    )
    return Letter(
        subject=f"{program_of(facts)}: {word}: {roles} for {person.name}",
        first_line=(
            f"{person.name} asks in one request for the role {roles} at {number} organizations at which you decide. "
            f"{way_on}"
        ),
        facts=(
            ("For", f"{person.name} ({person.email})"),
            *_lines(facts.named(stage.organization) for stage in stages if stage.organization is not None),
            ("Asked", facts.instant(request.submitted_at)),
            ("Their reason", shortened(words_of(request))),
        ),
        paragraphs=("Manage Access shows them together: you can answer all of them with one press.",),
        button=manage_access(facts),
        whom_to_ask=facts.contact,
        reason_for_mail=_OFFICE,
    )


def _parts_waiting(facts: Facts, stages: Sequence[Stage], word: str, way_on: str) -> Letter:
    """Several parts of one account request, which is decided on its own page."""
    request = stages[0].request
    person = request.beneficiary
    return Letter(
        subject=f"{program_of(facts)}: {word}: account request for {person.name}",
        first_line=f"{asks_for(request, 'changes')}: {len(stages)} parts of that wait for you. {way_on}",
        facts=(
            ("For", f"{person.name} ({person.email})"),
            *asked_by(request),
            *_lines(_asked(facts, stage) for stage in stages),
            ("Asked", facts.instant(request.submitted_at)),
            ("Their reason", shortened(words_of(request))),
        ),
        button=Button("Open the request", link(f"/{facts.program_id}/requests/{request.public_id}/")),
        whom_to_ask=facts.contact,
        reason_for_mail=_OFFICE,
    )


def own_decisions(about: Sequence[Facts]) -> Letter:
    """To the official who decided several with one press (QPP-07)."""
    facts = about[0]
    verdict = facts.event.tag.rpartition(":")[2]
    stages = [one.stage for one in about]
    reason = Outcome.objects.filter(stage=stages[0]).values_list("reason", flat=True).first() or ""
    people = len({stage.request.beneficiary_id for stage in stages})
    next_step = (
        "Denied by mistake? A decision is not reversed, but you can ask for a request once more: open it and ask "
        "the requester to submit again."
    )
    return Letter(
        subject=f"{program_of(facts)}: You {verdict} {len(stages)} requests",
        first_line=f"You {verdict} {len(stages)} requests of {people} {'person' if people == 1 else 'people'}.",
        facts=(
            *_lines(f"{stage.request.beneficiary.name}: {_asked(facts, stage)}" for stage in stages),
            ("Decided", facts.instant()),
            ("Your reason", shortened(reason)),
        ),
        paragraphs=(next_step if verdict == "denied" else "", "If this was not you, tell us at once."),
        button=manage_access(facts),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because the decisions were made with your account.",
    )


def decisions(about: Sequence[Facts]) -> Letter:
    """To somebody several of whose requests got their end at once (QPP-08)."""
    return _decisions(about, "of your requests")


def decisions_for_you(about: Sequence[Facts]) -> Letter:
    """To somebody for whom others made several requests that got their end at once (QPP-08)."""
    return _decisions(about, "of the requests made for you")


def _decisions(about: Sequence[Facts], whose: str) -> Letter:
    facts = about[0]
    number = len(about)
    ends = [(one.request, in_a_few_words(one, items_of(one.request))) for one in about]
    states = list(dict.fromkeys(request.state for request, _ in ends))
    came_to = states[0] if len(states) == 1 else "decided"
    button = again_button(about[0].request)
    again = f"If you think that one is a mistake, ask again: open the request and choose {button}."
    return Letter(
        subject=f"{program_of(facts)}: {number} {whose} were {came_to}",
        first_line=f"{number} {whose} were {came_to}.",
        facts=(
            *_lines(what if len(states) == 1 else f"{what}: {request.state}" for request, what in ends),
            ("Decided by", offices_that_decided(facts, [request for request, _ in ends])),
            ("Decided", facts.instant()),
            ("Reason given", _reason(ends[0][0])),
        ),
        paragraphs=("You can use it from now on." if states == [Request.State.APPROVED] else again,),
        button=Button("See your requests", link(f"/{facts.program_id}/requests/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because the requests were made by you or for you.",
    )


def part_decided(facts: Facts) -> Letter:
    """To the requester: one organization has answered, others still have to (QPP-08)."""
    return parts_decided([facts])


def parts_decided(about: Sequence[Facts]) -> Letter:
    """To the requester: some organizations have answered, others still have to (QPP-08)."""
    facts = about[0]
    request = facts.request
    granted = facts.event.tag.startswith("grant:")
    verdict = "approved" if granted else "denied"
    answered = [line for one in about for line in _part(one, granted=granted)]
    waiting = request.items.filter(request_version=request.version, state=RequestItem.State.PENDING).count()
    what = answered[0] if len(answered) == 1 else f"{answered[0]} and {len(answered) - 1} more"
    still = f"{waiting} {'other part' if waiting == 1 else 'other parts'} of your request still wait" + (
        "s for a decision." if waiting == 1 else " for a decision."
    )
    way_on = (
        "You can use it from now on."
        if granted
        else "When all have answered, you can submit what was denied again from the request."
    )
    reason = "" if granted else Outcome.objects.get(stage=facts.stage).reason
    return Letter(
        subject=f"{program_of(facts)}: Partly answered: {verdict}: {what}",
        first_line=f"A part of your request was {verdict}: {what}.",
        facts=(
            *(_lines(answered) if len(answered) > 1 else ()),
            ("Decided by", offices_that_decided(facts, [request], here=True)),
            ("Decided", facts.instant()),
            ("Reason given", shortened(reason)),
        ),
        paragraphs=(way_on, still if waiting else ""),
        button=Button("See the request", link(f"/{facts.program_id}/requests/{request.public_id}/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you made the request.",
    )


def _part(facts: Facts, *, granted: bool) -> list[str]:
    if granted:
        title = facts.role(str(facts.new("role_id")))
        where = facts.organization
        return [f"{title} at {facts.named(where)}" if where is not None else title]
    return [in_a_few_words(facts, [item]) for item in asked_of(facts.stage)]


def _asked(facts: Facts, stage: Stage) -> str:
    return listed_words(facts, asked_of(stage))


def _reason(request: Request) -> str:
    outcomes = request.outcomes.filter(request_version=request.version).exclude(reason="").order_by("pk")
    return shortened(" / ".join(dict.fromkeys(outcome.reason for outcome in outcomes)))


def _lines(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    listed = list(texts)
    lines = [(str(number), text) for number, text in enumerate(listed[:_SHOWN], 1)]
    if len(listed) > _SHOWN:
        lines.append(("And", f"{len(listed) - _SHOWN} more"))
    return tuple(lines)


_OFFICE = "You get this because you decide requests there. Others who can decide got it too; one decision is enough."
