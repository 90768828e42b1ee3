"""The words and the recipients of mails about registrations for a record of one's own (IQCS-01)."""

from collections.abc import Iterable

from rolebook.accounts.models import Account
from rolebook.governance.authority import covers_role
from rolebook.governance.deciders import holders_at
from rolebook.governance.models import Registration
from rolebook.governance.queries.naming import confirming_office, with_article
from rolebook.notices.facts import Facts, Unknown, link
from rolebook.notices.letter import Button, Letter
from rolebook.notices.recipients import the_stewards
from rolebook.policy.model import STEWARD_ID, Act


def _registration(facts: Facts) -> Registration:
    found = Registration.objects.select_related("account", "record__organization", "answered_by")
    registration = found.filter(public_id=facts.new("registration_id")).first()
    if registration is None:
        raise Unknown(f"event {facts.event.sequence} names an unknown registration")
    return registration


def who_may_confirm(facts: Facts) -> Iterable[Account]:
    """Who decides for the role where the record is kept, when their word is asked; the stewards where nobody does.

    Nobody for a record there is not, and never who registers.
    """
    registration = _registration(facts)
    if registration.record is None or registration.way != Registration.Way.CONFIRMATION:
        return []
    return _managers(facts, registration) or the_stewards(facts)


def _managers(facts: Facts, registration: Registration) -> list[Account]:
    records, record = facts.book.records, registration.record
    if record is None or records is None:
        return []
    found: dict[int, Account] = {}
    for holder in facts.book.authority.holders(Act.DECIDE):
        if holder.role_id != STEWARD_ID and covers_role(facts.book, holder, records.role_id):
            at = facts.event.occurred_at
            for account in holders_at(facts.book, holder.role_id, record.organization, at):
                found[account.pk] = account
    found.pop(registration.account_id, None)
    return [found[pk] for pk in sorted(found)]


def registration_waiting(facts: Facts) -> Letter:
    """To who keeps the record: somebody says that it is theirs."""
    registration = _registration(facts)
    record, short = registration.record, facts.book.program.short_name
    if record is None:
        raise Unknown(f"event {facts.event.sequence} names a registration for no record")
    person = registration.account
    steward = with_article(facts.book.steward.title)
    return Letter(
        subject=f"{short}: Is {record.identifier} the record of {person.name}?",
        first_line=f"{person.name} says that the record {record.identifier} of {record.name} is theirs.",
        facts=(
            ("Account", f"{person.name}, {person.email}"),
            ("Record", f"{record.identifier}, {record.name}"),
            ("Kept at", f"{record.organization.name} ({record.organization.code})"),
            ("Answer until", facts.instant(registration.expires_at)),
        ),
        paragraphs=("Confirm it only if you know that it is so. Who else decides there got this mail, too.",),
        button=Button(
            "Open the registration", link(f"/{facts.program_id}/registrations/{registration.public_id}/")
        ),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you decide where the record is kept."
        if _managers(facts, registration)
        else f"You get this because nobody decides where the record is kept, and you are {steward}.",
    )


def record_confirmed(facts: Facts) -> Letter:
    """To the person: the record is theirs."""
    registration = _registration(facts)
    short = facts.book.program.short_name
    record = registration.record
    return Letter(
        subject=f"{short}: Your record is yours now",
        first_line=f"The record {'' if record is None else record.identifier} was shown to be yours. You can use it.",
        facts=(("When", facts.instant()), ("Confirmed by", _office(facts, registration))),
        paragraphs=("Was it not you? Tell us at once.",),
        button=Button("Open your record", link(f"/{facts.program_id}/own-record/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because it concerns your account. It cannot be turned off.",
    )


def record_refused(facts: Facts) -> Letter:
    """To the person: a manager did not confirm that the record is theirs."""
    registration = _registration(facts)
    short = facts.book.program.short_name
    return Letter(
        subject=f"{short}: Your registration was not confirmed",
        first_line="The manager did not confirm that the record you named is yours.",
        facts=(
            ("When", facts.instant()),
            ("Answered by", _office(facts, registration)),
            ("Reason", registration.reason),
        ),
        button=Button("Try another number", link(f"/{facts.program_id}/own-record/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you registered for a record.",
    )


def _office(facts: Facts, registration: Registration) -> str:
    """Return the office that answered (docs/decisions/0033); "" where a code did."""
    record = registration.record
    if registration.answered_by_id is None or record is None:
        return ""
    return confirming_office(facts.book, record.organization.name)
