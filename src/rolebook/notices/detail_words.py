"""The words of mails about temporary details, employers, and requests that wait for their requester's word (IQCS)."""

from datetime import datetime

from rolebook.governance.authority import not_over
from rolebook.governance.models import Access, Employment, Grant, Stage
from rolebook.governance.queries.account_preview import place_in_words
from rolebook.governance.queries.naming import with_article
from rolebook.notices.facts import Facts, Unknown, link
from rolebook.notices.letter import Button, Letter
from rolebook.notices.recipients import former_employer


def end_near(facts: Facts) -> Letter:
    """To the person whose roles or access end soon."""
    ends_at = datetime.fromisoformat(str(facts.new("ends_at")))
    mine = {"program_id": facts.program_id, "account": facts.beneficiary, "ends_at": ends_at}
    grants = Grant.objects.filter(**mine, closed_at=None).order_by("pk")
    accesses = Access.objects.filter(**mine, closed_at=None).select_related("organization").order_by("pk")
    ending = [f"Role {facts.role(grant.role_id)}" for grant in grants]
    ending += [
        f"Access to {place_in_words(access.organization, lower_levels=access.lower_levels)}"
        for access in accesses
    ]
    short = facts.book.program.short_name
    return Letter(
        subject=f"{short}: Your temporary access ends on {facts.instant(ends_at)}",
        first_line=f"What you hold for a temporary detail in {short} ends by itself on {facts.instant(ends_at)}.",
        facts=tuple(("Ends", line) for line in ending),
        paragraphs=(
            "If the detail is over then, you need to do nothing. If it goes on, ask for a modification with a later "
            "last day, in time for everybody who decides.",
        ),
        button=Button("Ask for a modification", link(f"/{facts.program_id}/account-request/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because the access is yours.",
    )


def request_held(facts: Facts) -> Letter:
    """To the requester: another agency denied its part, and no further step opens before their word (IQCS-04)."""
    stage: Stage = facts.stage
    place = stage.organization
    where = "Another agency" if place is None else place.name
    short = facts.book.program.short_name
    person = facts.request.beneficiary.name
    return Letter(
        subject=f"{short}: Should the rest of the request go on? {where} denied its part",
        first_line=f"{where} denied its part of the request for {person}. What comes next waits for your word.",
        facts=(("For", person), ("Denied", facts.instant())),
        paragraphs=(
            "Open the request to let the rest go on without that part, or to withdraw it. No further step opens "
            "before; what is open already may still be decided.",
        ),
        button=Button("Open the request", link(f"/{facts.program_id}/requests/{facts.request.public_id}/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you made the request.",
    )


def not_authorized(facts: Facts) -> Letter:
    """To the requester: the supervisor did not authorize the request, which came back."""
    short = facts.book.program.short_name
    person = facts.request.beneficiary.name
    return Letter(
        subject=f"{short}: The supervisor did not authorize the request for {person}",
        first_line=f"The supervisor did not authorize the account request for {person}. It came back to you.",
        facts=(
            ("Supervisor", facts.personal.get("name", "")),
            ("Reason given", facts.personal.get("reason", "")[:600]),
        ),
        paragraphs=("Correct it and send it again, or withdraw it; what you wrote has been kept.",),
        button=Button("Open the request", link(f"/{facts.program_id}/requests/{facts.request.public_id}/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you made the request.",
    )


def codes_to_check(facts: Facts) -> Letter:
    """To who decides at the new employer: a person came who holds codes, and they are to be looked at."""
    employment = Employment.objects.filter(public_id=facts.new("employment_id")).first()
    if employment is None:
        raise Unknown(f"event {facts.event.sequence} names an unknown employment")
    short, person = facts.book.program.short_name, facts.beneficiary.name
    steward = with_article(facts.book.steward.title)
    place = employment.organization
    held = Access.objects.filter(not_over(facts.now), program_id=facts.program_id, account=facts.beneficiary)
    codes = [
        place_in_words(access.organization, lower_levels=access.lower_levels)
        for access in held.select_related("organization").order_by("organization__code")[:20]
    ]
    return Letter(
        subject=f"{short}: Please look at the codes that {person} holds",
        first_line=f"{person} now works for {place.name}, and still holds organization codes from before.",
        facts=(
            *(("Holds access to", code) for code in codes),
            ("Recorded", facts.instant(employment.recorded_at)),
        ),
        paragraphs=(
            "Nothing was taken away. Say of each code whether it is kept or removed; what is not kept is then removed "
            "by who removes access.",
        ),
        button=Button("Open what to look at", link(f"/{facts.program_id}/employers/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you decide requests there, or because nobody does and you are "
        f"{steward}. Others who may answer got it too; one is enough.",
    )


def codes_to_remove(facts: Facts) -> Letter:
    """To who removes access: a check found codes that a person no longer needs."""
    short, person = facts.book.program.short_name, facts.beneficiary.name
    who = "Somebody who decides there" if facts.actor is None else facts.actor.name
    return Letter(
        subject=f"{short}: Please remove codes that {person} no longer needs",
        first_line=f"{who} looked at the codes of {person}, and found some that are no longer needed.",
        facts=(*_codes(facts.new("accesses_removed")), ("Looked at", facts.instant())),
        button=Button("Open what to remove", link(f"/{facts.program_id}/employers/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you remove access. Others who do got it too; one is enough.",
    )


def codes_removed(facts: Facts) -> Letter:
    """To the person: codes were removed, because they are no longer needed after a change of employer."""
    short = facts.book.program.short_name
    return Letter(
        subject=f"{short}: Access to organization codes was removed",
        first_line="Access to organization codes that you held was removed after your employer changed.",
        facts=(*_codes(facts.new("accesses")), ("Removed", facts.instant())),
        paragraphs=("If you still need one of them, ask for a modification.",),
        button=Button("See what you hold", link(f"/{facts.program_id}/my-access/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because the access was yours.",
    )


def _codes(public_ids: list[str]) -> tuple[tuple[str, str], ...]:
    some = Access.objects.filter(public_id__in=public_ids).select_related("organization")
    return tuple(
        ("Access to", place_in_words(one.organization, lower_levels=one.lower_levels))
        for one in some.order_by("organization__code")[:20]
    )


def employer_recorded(facts: Facts) -> Letter:
    """To the person whose employer was recorded."""
    place = facts.organization
    short = facts.book.program.short_name
    name = "another organization" if place is None else place.name
    return Letter(
        subject=f"{short}: On record: you work for {name}",
        first_line=f"It was recorded that you work for {name}. Its agency decides your account requests from now on.",
        facts=(
            _recorded_by(facts, name),
            ("Recorded", facts.instant()),
            ("Reason", facts.personal.get("reason", "")[:600]),
        ),
        button=Button(
            "See who employs you",
            link(f"/{facts.program_id}/people/{facts.beneficiary.public_id}/employer/"),
        ),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because it concerns your account. If it is wrong, tell us.",
    )


def employer_left(facts: Facts) -> Letter:
    """To who represented a person at the former employer: another one is on record, and decides for them."""
    place, before = facts.organization, former_employer(facts)
    if place is None or before is None:
        raise Unknown(f"event {facts.event.sequence} names an unknown employer")
    short, person = facts.book.program.short_name, facts.beneficiary.name
    looked_at = facts.new("access_check_id") is not None
    return Letter(
        subject=f"{short}: On record: {person} no longer works for {before.name}",
        first_line=f"It was recorded that {person} now works for {place.name}, and no longer for {before.name}.",
        facts=(
            ("Person", f"{person} ({facts.beneficiary.email})"),
            _recorded_by(facts, place.name),
            ("Recorded", facts.instant()),
        ),
        paragraphs=(
            "That agency decides their account requests from now on, and a reactivation is for it to ask.",
            *(
                ["Nothing was taken away: that agency looks at the codes that they hold."]
                if looked_at
                else []
            ),
        ),
        button=Button("Open Manage Access", link(f"/{facts.program_id}/manage-access/")),
        whom_to_ask=facts.contact,
        reason_for_mail=f"You get this because you decide requests for {before.name}. If it is wrong, tell us.",
    )


def _recorded_by(facts: Facts, name: str) -> tuple[str, str]:
    return "Recorded by", f"who decides for {name}" if facts.actor else "the program"
