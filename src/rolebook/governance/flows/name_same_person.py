"""Two accounts are named as one person's, by the person or for having one number; or a steward tells them apart."""

import uuid
from datetime import datetime

from rolebook.accounts import throttling
from rolebook.accounts.models import Account
from rolebook.accounts.person_models import SamePerson
from rolebook.accounts.texts import fold_user_id
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork, unit_of_work
from rolebook.governance import locks
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.models import Participation
from rolebook.governance.origins import family
from rolebook.governance.queries.duplicates import two_people
from rolebook.governance.queries.stewards import administers
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.rules import Violation

DECLARED = throttling.Limit("other accounts declared, by account", 5, 24 * 3600)


def declare_same_person(*, acting_user: Account, user_id: str, at: datetime, origin: Origin) -> None:
    """Let somebody say that the account with ``user_id`` is theirs, too; a steward looks at it.

    The answer, and what one's own history shows, are the same whether or not there is such an account (I14); its
    holder is told by mail, and nothing is merged by it. Raises TooManyAttempts.
    """
    throttling.take([(DECLARED, str(acting_user.pk))], at)
    named = Account.objects.filter(user_id=fold_user_id(user_id), merged_into=None).first()
    if named is None or named.pk == acting_user.pk:
        return
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        locks.lock(accounts=[acting_user.pk, named.pk])
        if not name_as_same(work, acting_user, named, SamePerson.Source.DECLARED, acting_user):
            work.nothing_happened()


def name_as_same(
    work: UnitOfWork, one: Account, other: Account, source: SamePerson.Source, by: Account | None
) -> bool:
    """Put on record, in a flow's unit of work, that two accounts may be one person's; False when it is already."""
    first, second = sorted((one, other), key=lambda account: account.pk)
    row, new = SamePerson.objects.get_or_create(
        one=first, other=second, defaults={"source": source, "named_by": by, "named_at": work.at}
    )
    if not new and (row.state != SamePerson.State.DIFFERENT or source != SamePerson.Source.DECLARED):
        return False
    if not new:  # told apart before; the person's own word is looked at again
        row.state, row.source, row.named_by, row.named_at = SamePerson.State.OPEN, source, by, work.at
        row.save(update_fields=["state", "source", "named_by", "named_at"])
    parts = Participation.objects.filter(account=one).values_list("program_id", flat=True)
    shared = sorted(
        Participation.objects.filter(account=other, program_id__in=parts).values_list("program_id", flat=True)
    )
    for program_id in (*shared,) or (None,):
        work.record(
            tags.ACCOUNT_NAMED_SAME,
            program_id=program_id,
            beneficiary_id=one.public_id,
            new={"other_account_id": other.public_id, "source": source.value},
        )
    return True


def tell_apart(
    *,
    acting_user: Account,
    program_id: str,
    one_id: uuid.UUID | str,
    other_id: uuid.UUID | str,
    reason: str,
    at: datetime,
    origin: Origin,
) -> None:
    """Put on record that two accounts are different people's, so that nobody is asked about them again.

    Raises NotFound for everybody who is no steward, Refused when they were merged, and for accounts of one's own: who
    holds two would else take them from every other steward's list (I6).
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_MERGE, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(reason)
        one, other = (part.account for part in two_people(program_id, one_id, other_id))
        about.beneficiary_id = one.public_id
        locks.lock(accounts=[one.pk, other.pk, acting_user.pk])
        if not administers(acting_standing(acting_user, program_id, at)):
            raise NotFound
        if one.pk == other.pk:
            raise Refused([Violation("same_account")])
        if {one.pk, other.pk} & family(acting_user):
            raise Refused([Violation("own_pair")])
        first, second = sorted((one, other), key=lambda account: account.pk)
        row = SamePerson.objects.filter(one=first, other=second).first()
        if row is not None and row.state == SamePerson.State.MERGED:
            raise Refused([Violation("merge_already")])
        if row is not None and row.state == SamePerson.State.DIFFERENT:
            work.nothing_happened()
            return
        settled = {"state": SamePerson.State.DIFFERENT, "settled_by": acting_user, "settled_at": at}
        SamePerson.objects.update_or_create(
            one=first,
            other=second,
            defaults=settled,
            create_defaults={**settled, "source": SamePerson.Source.LIKENESS, "named_at": at},
        )
        work.record(
            tags.ACCOUNT_TOLD_APART,
            program_id=program_id,
            beneficiary_id=one.public_id,
            new={"other_account_id": other.public_id},
            personal={"reason": told or None},
        )
