"""Who is told: from the facts of an event to accounts, judged when the notice is derived."""

from collections.abc import Iterable

from rolebook.accounts.models import Account, Organization
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.authority import standing_of
from rolebook.governance.deciders import holders_at, stages_without_office, stewards_for, who_may_decide
from rolebook.governance.laying_out import chain_roles
from rolebook.governance.models import AccessCheckAnswer, Employment, Request, Stage
from rolebook.governance.of_each import of_each
from rolebook.governance.one_voice import not_conflicted
from rolebook.governance.queries.stewards import other_stewards
from rolebook.governance.vouching import who_may_vouch
from rolebook.notices.facts import Facts
from rolebook.policy.model import ORGANIZATION, STEWARD_ID, Act

_REFUSED_TAGS = (tags.ATTEMPT_REFUSED_SIGN_IN.name, tags.ATTEMPT_REFUSED_CONFIRM.name)
REFUSED_A_DAY = 5
"""Refused sign-ins on one day after which the account's person is told; fewer are mistyped."""


def the_beneficiary(facts: Facts) -> Iterable[Account]:
    """The person whom the event is about."""
    return [facts.beneficiary]


def who_used_a_recovery_code(facts: Facts) -> Iterable[Account]:
    """Who signed in with a recovery code, and so perhaps without their phone."""
    return [facts.beneficiary] if facts.new("method") == "recovery" else []


def whose_sign_ins_are_refused(facts: Facts) -> Iterable[Account]:
    """Whose account somebody could not sign in to for the REFUSED_A_DAY-th time on one day (UTC): one mail a day.

    It follows from the log alone, some time after the attempt, so that nobody at the sign-in page can tell by the
    answer, or by how long it takes, whether there is such an account (I14).
    """
    if facts.event.beneficiary_id is None or len(refused_that_day(facts.event)) != REFUSED_A_DAY:
        return []
    return [facts.beneficiary] if facts.beneficiary.is_active else []


def refused_that_day(event: Event) -> tuple[Event, ...]:
    """Return the refused sign-ins to an account on the day of ``event``, it and earlier ones, one more than
    REFUSED_A_DAY at most. Wrong passwords where it was asked for again count with them.
    """
    refused = Event.objects.filter(
        beneficiary_id=event.beneficiary_id, tag__in=_REFUSED_TAGS, sequence__lte=event.sequence
    )
    newest = refused.order_by("-sequence")[: REFUSED_A_DAY + 1]
    return tuple(one for one in newest if one.occurred_at.date() == event.occurred_at.date())


def who_decided(facts: Facts) -> Iterable[Account]:
    """The person who acted (QPP-07)."""
    return [facts.actor] if facts.actor is not None else []


def the_requester(facts: Facts) -> Iterable[Account]:
    """Who made the request that the event's stage belongs to."""
    return [facts.stage.request.requester]


def the_requester_asked_again(facts: Facts) -> Iterable[Account]:
    """Who made the request that the event names."""
    return [facts.request.requester]


def the_requester_at_the_end(facts: Facts) -> Iterable[Account]:
    """Who asked, when the request was decided (QPP-08); not who withdrew it."""
    request = facts.request
    return [] if request.state == Request.State.WITHDRAWN else [request.requester]


def the_requester_meanwhile(facts: Facts) -> Iterable[Account]:
    """Who asked, when one organization of several has answered and others still have to; not once all have."""
    event = facts.event
    if event.request_id is None or facts.book.access != "with each role":
        return []
    settled = Event.objects.filter(
        request_id=event.request_id, tag=tags.REQUEST_SETTLED.name, occurred_at=event.occurred_at
    )
    return [] if settled.exists() else [facts.request.requester]


def for_whom_it_was(facts: Facts) -> Iterable[Account]:
    """The person that somebody else's request was for, when it was decided."""
    request = facts.request
    if request.state == Request.State.WITHDRAWN or request.beneficiary_id == request.requester_id:
        return []
    return [request.beneficiary]


def the_stewards(facts: Facts) -> Iterable[Account]:
    """The program's stewards, besides the person whom the event is about."""
    return Account.objects.filter(
        pk__in=other_stewards(facts.beneficiary, facts.program_id, facts.now)
    ).order_by("pk")


def stewards_who_can_decide(facts: Facts) -> Iterable[Account]:
    """The program's stewards, besides the person, who may decide any of the requests that have come to the steward.

    Not whose own they are, or who has decided a step of each; of what no steward can decide, all are told otherwise.
    """
    open_stages = Stage.objects.filter(
        program_id=facts.program_id, state=Stage.State.OPEN, request__state=Request.State.PENDING
    )
    found = []
    for steward in the_stewards(facts):
        standing = standing_of(steward, facts.program_id, facts.now)
        come = stages_without_office(standing)
        if come is not None and open_stages.filter(of_each(come & not_conflicted(standing))).exists():
            found.append(steward)
    return found


def who_may_vouch_for_them(facts: Facts) -> Iterable[Account]:
    """Everybody who may vouch for the person in the event's program, and who did; nobody for an event of no program."""
    if facts.event.program_id is None:
        return []
    people = who_may_vouch(facts.beneficiary, facts.program_id, facts.now)
    if facts.actor is None or facts.actor.pk in {facts.beneficiary.pk, *(one.pk for one in people)}:
        return people
    return [*people, facts.actor]


def the_other_named(facts: Facts) -> Iterable[Account]:
    """The holder of the account that a person declared to be theirs, too; nobody when somebody else named the two."""
    if facts.new("source") != "declared":
        return []
    return Account.objects.filter(public_id=facts.new("other_account_id"))


def who_checks_codes(facts: Facts) -> Iterable[Account]:
    """Who answers for the organization that employs a person now, where a check was opened; never the person.

    Those in an office of its chain there (its account managers cannot say), and the stewards where nobody is.
    """
    place = facts.organization
    if facts.new("access_check_id") is None or place is None:
        return []
    return _in_chain_of(facts, place) or the_stewards(facts)


def who_represented_them(facts: Facts) -> Iterable[Account]:
    """Who is in an office of the former employer's chain, and in none of the new one's: they represent them no longer.

    Neither the person nor who recorded the change; nobody where it is the first employer on record.
    """
    before, place = former_employer(facts), facts.organization
    if before is None or place is None:
        return []
    told_otherwise = {one.pk for one in _in_chain_of(facts, place)}
    if facts.actor is not None:
        told_otherwise.add(facts.actor.pk)
    return [one for one in _in_chain_of(facts, before) if one.pk not in told_otherwise]


def former_employer(facts: Facts) -> Organization | None:
    """Return who employed a person until an event recorded another employer, or None."""
    former = Employment.objects.filter(public_id=facts.old("employment_id")).select_related("organization")
    found = former.first()
    return None if found is None else found.organization


def _in_chain_of(facts: Facts, place: Organization) -> list[Account]:
    people = {
        account.pk: account
        for role_id in chain_roles(facts.book, place)
        if (role := facts.book.role(role_id)) is not None and role.reach.scope == ORGANIZATION
        for account in holders_at(facts.book, role_id, place, facts.now)
    }
    return [people[pk] for pk in sorted(people) if pk != facts.beneficiary.pk]


def who_removes_codes(facts: Facts) -> Iterable[Account]:
    """Who removes access in the whole program, where a check left codes to remove; else the stewards."""
    still = AccessCheckAnswer.objects.filter(
        access_check__public_id=facts.new("access_check_id"), keep=False, carried_out_at=None
    )
    if not still.exists():
        return []
    roles = [one.role_id for one in facts.book.authority.holders(Act.REMOVE) if one.role_id != STEWARD_ID]
    people = {
        account.pk: account
        for role_id in roles
        for account in holders_at(facts.book, role_id, None, facts.now)
    }
    found = [people[pk] for pk in sorted(people) if pk != facts.beneficiary.pk]
    return found or the_stewards(facts)


def the_delegates(facts: Facts) -> Iterable[Account]:
    """Who was named to decide for the absent person, each once."""
    ids = [public_id for _, public_id in facts.new("delegates") or ()]
    return Account.objects.filter(public_id__in=ids).order_by("pk")


def who_can_still_decide(facts: Facts) -> Iterable[Account]:
    """Everybody who can decide the stage now, and nobody once it was settled."""
    if facts.stage.state != Stage.State.OPEN:
        return []
    return who_may_decide(facts.book, facts.stage, facts.now)


def the_stewards_late(facts: Facts) -> Iterable[Account]:
    """The stewards to whom a stage came after it had opened; as it opened, they were asked like everybody else."""
    if not facts.new("late") or facts.stage.state != Stage.State.OPEN:
        return []
    return stewards_for(facts.book, facts.stage, facts.now)


def stewards_who_name_another(facts: Facts) -> Iterable[Account]:
    """All stewards, where a stage waits that nobody can decide, not even they: they can name another steward."""
    stage = facts.stage
    if stage.state != Stage.State.OPEN or who_may_decide(facts.book, stage, facts.now):
        return []
    return holders_at(facts.book, STEWARD_ID, None, facts.now).order_by("pk")


def who_can_decide(facts: Facts) -> Iterable[Account]:
    """Everybody who can decide the stage that opened (QPP-09), the steward where nobody else is left.

    Who decided it meanwhile is among them: whether this reader is a second behind or an hour changes nobody's mail.
    """
    people = who_may_decide(facts.book, facts.stage, facts.now)
    approver = Account.objects.filter(outcomes__stage=facts.stage).exclude(
        pk__in=[person.pk for person in people]
    )
    return [*people, *approver]
