"""The words of mails about who is out of office, and about stages that nobody answers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.governance.models import Stage
from rolebook.governance.queries.naming import another, with_the
from rolebook.notices.access_words import (
    absent_people,
    asked_of,
    in_a_few_words,
    item_lines,
    listed_words,
    manage_access,
    program_of,
)
from rolebook.notices.facts import Facts, Unknown, link
from rolebook.notices.letter import Button, Letter

_SHOWN = 40
_NO_STEWARD = "Every steward asked for it, is the person it is for, or has decided a step of it already."
_BY_COMMAND = "The operator can do so with the command rolebook designate."


def absence_for_delegate(facts: Facts) -> Letter:
    """To who decides meanwhile: somebody will be out of office and named them."""
    person = facts.beneficiary.name
    return Letter(
        subject=f"{program_of(facts)}: You decide for {person} while they are out of office",
        first_line=f"{person} is out of office {_days(facts)} and named you to decide meanwhile.",
        facts=_facts(facts),
        paragraphs=(
            "You can decide these requests anyway; nothing was added to what you may do. It is shown on the requests "
            "that you decided for them, and neither of you can decide another step of these.",
            "If you cannot do it, say so on the page; they are told.",
        ),
        button=_page(facts),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you were named.",
    )


def absence_recorded(facts: Facts) -> Letter:
    """To the absent person: what is on record."""
    return Letter(
        subject=f"{program_of(facts)}: On record: you are out of office {_days(facts)}",
        first_line=f"It is on record that you are out of office {_days(facts)}.",
        facts=_facts(facts),
        paragraphs=(
            "You are not asked or reminded to decide meanwhile. A request that nobody else can decide goes to the "
            "steward. You can still decide, and end the absence at any time.",
        ),
        button=_page(facts),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because it concerns your account. If it is wrong, tell us.",
    )


def absence_ended(facts: Facts) -> Letter:
    """To the delegates and to the person: the absence was ended or withdrawn."""
    person = facts.beneficiary.name
    return Letter(
        subject=f"{program_of(facts)}: The absence of {person} has ended",
        first_line=f"{person} is no longer out of office; nobody decides for them any more.",
        facts=(("Ended", facts.instant()),),
        button=_page(facts),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you were away, or were named to decide meanwhile.",
    )


def delegation_declined(facts: Facts) -> Letter:
    """To the absent person: who they named does not decide for them."""
    who = "The person whom you named" if facts.actor is None else facts.actor.name
    return Letter(
        subject=f"{program_of(facts)}: {who} does not decide for you while you are out of office",
        first_line=f"{who} declined to decide for you as {facts.role(facts.new('role_id'))}.",
        facts=(("Declined", facts.instant()),),
        paragraphs=(
            "Others in the same office are asked as usual. To name somebody else, end the absence and record it anew.",
        ),
        button=_page(facts),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you are, or will be, out of office.",
    )


def reminded(facts: Facts) -> Letter:
    """To who can decide a stage: it has waited some working days."""
    stage, days = facts.stage, int(facts.new("working_days"))
    return Letter(
        subject=f"{program_of(facts)}: Reminder: {_what(facts, stage)}",
        first_line=f"{_what(facts, stage)} has waited for your decision for {_counted(days)}.",
        facts=_of_stage(facts, stage),
        button=manage_access(facts),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you can decide it. Others who can got it too; one decision is enough.",
    )


def reminded_of_several(about: Sequence[Facts]) -> Letter:
    """To who can decide several stages that have waited some working days."""
    said = f"{len(about)} requests have waited for your decision for some days"
    why = "You get this because you can decide them. Others who can got it too; one decision is enough."
    return _several(about, f"Reminder: {said}", f"{said}.", why)


def escalated_several(about: Sequence[Facts]) -> Letter:
    """To the steward: several stages that nobody can decide, or that have waited too long."""
    said = f"{len(about)} requests come to you as steward"
    line = f"{said}: nobody who is there can decide them, or they have waited too long."
    return _several(about, said, line, "You get this because you are steward of the program.")


def _several(about: Sequence[Facts], subject: str, first_line: str, why: str) -> Letter:
    facts = about[0]
    listed = [_listed(one, one.stage) for one in about]
    more = len(listed) - _SHOWN
    return Letter(
        subject=f"{program_of(facts)}: {subject}",
        first_line=first_line,
        facts=tuple((str(number), what) for number, what in enumerate(listed[:_SHOWN], 1)),
        paragraphs=(f"And {more} more; Manage Access lists them all." if more > 0 else "",),
        button=manage_access(facts),
        whom_to_ask=facts.contact,
        reason_for_mail=why,
    )


def escalated(facts: Facts) -> Letter:
    """To the steward: nobody who is there can decide a stage, or nobody has for too long."""
    stage = facts.stage
    office = facts.role(stage.approver_role_id)
    where = "" if stage.organization is None else f" at {stage.organization.name}"
    if facts.new("why") == Stage.Why.OVERDUE:
        why = f"It has waited for {with_the(office)}{where} for {_counted(int(facts.new('working_days')))}."
        next_step = "They can still decide it, and so can you. One decision is enough."
    else:
        why = f"Nobody who is there can decide it as {office}{where}."
        next_step = "Decide it, or designate somebody there. It is never approved by itself."
    return Letter(
        subject=f"{program_of(facts)}: For you as steward: {_what(facts, stage)}",
        first_line=f"{_what(facts, stage)} comes to you. {why}",
        facts=_of_stage(facts, stage),
        paragraphs=(next_step,),
        button=manage_access(facts),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you are steward of the program.",
    )


def steward_needed(facts: Facts) -> Letter:
    """To the stewards: nobody can decide a stage, not even they."""
    stage, steward = facts.stage, facts.book.steward.title
    office = facts.role(stage.approver_role_id)
    where = "" if stage.organization is None else f" at {stage.organization.name}"
    return Letter(
        subject=f"{program_of(facts)}: {another(steward)} is needed: {_what(facts, stage)}",
        first_line=f"{_what(facts, stage)} waits, and nobody can decide it.",
        facts=_of_stage(facts, stage),
        paragraphs=(
            f"Nobody who is there can decide it as {office}{where}. {_NO_STEWARD}",
            f"Designate {_uncapital(another(steward))}, or {office}{where}. {_BY_COMMAND} "
            "It is never approved by itself.",
        ),
        button=_designate(facts),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you are steward of the program.",
    )


def steward_needed_for_several(about: Sequence[Facts]) -> Letter:
    """To the stewards: several stages that nobody can decide, not even they."""
    facts = about[0]
    steward = facts.book.steward.title
    letter = _several(
        about,
        f"{another(steward)} is needed: {len(about)} requests wait",
        f"{len(about)} requests wait, and nobody can decide them. {_NO_STEWARD}",
        "You get this because you are steward of the program.",
    )
    way_on = (
        f"Designate {_uncapital(another(steward))}, or somebody in the offices that decide. {_BY_COMMAND}"
    )
    return replace(letter, paragraphs=(way_on, *letter.paragraphs), button=_designate(facts))


def _uncapital(words: str) -> str:
    return f"{words[:1].lower()}{words[1:]}"


def _designate(facts: Facts) -> Button:
    return Button("Open Designate", link(f"/{facts.program_id}/designate/"))


def _what(facts: Facts, stage: Stage) -> str:
    return f"{stage.request.beneficiary.name}: {in_a_few_words(facts, asked_of(stage))}"


def _listed(facts: Facts, stage: Stage) -> str:
    return f"{stage.request.beneficiary.name}: {listed_words(facts, asked_of(stage))}"


def _of_stage(facts: Facts, stage: Stage) -> tuple[tuple[str, str], ...]:
    person = stage.request.beneficiary
    items = list(stage.items.select_related("organization").order_by("position"))
    opened = stage.opened_at or facts.event.occurred_at
    return (
        ("For", f"{person.name} ({person.email})"),
        *item_lines(facts, items),
        ("Waits since", facts.instant(opened)),
        *absent_people(facts, stage),
    )


def _facts(facts: Facts) -> tuple[tuple[str, str], ...]:
    return (
        ("From", facts.instant(_instant(facts, "starts_at"))),
        ("Until", facts.instant(_instant(facts, "ends_at"))),
        *_named(facts),
    )


def _named(facts: Facts) -> tuple[tuple[str, str], ...]:
    told: list[tuple[str, str]] = []
    for role_id, public_id in facts.new("delegates") or ():
        person = Account.objects.filter(public_id=public_id).first()
        if person is None:
            raise Unknown(f"event {facts.event.sequence} names an unknown account")
        told.append((f"Decides meanwhile as {facts.role(role_id)}", f"{person.name} ({person.email})"))
    return tuple(told) or (("Decides meanwhile", "nobody was named"),)


def _days(facts: Facts) -> str:
    return f"from {facts.instant(_instant(facts, 'starts_at'))} until {facts.instant(_instant(facts, 'ends_at'))}"


def _instant(facts: Facts, key: str) -> datetime:
    return datetime.fromisoformat(str(facts.new(key)))


def _counted(days: int) -> str:
    return "one working day" if days == 1 else f"{days} working days"


def _page(facts: Facts) -> Button:
    return Button("Open Out of office", link(f"/{facts.program_id}/out-of-office/"))
