"""Possible duplicates: pairs of accounts of a program that may be one person's, and what merging them would do."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter

from django.db.models import Count, F, OuterRef, QuerySet, Value, Window
from django.db.models.functions import Lower, StrIndex, Substr

from rolebook.accounts.models import Account
from rolebook.accounts.person_models import SamePerson
from rolebook.governance.merging import MergePlan, plan_merge
from rolebook.governance.models import Grant, Participation
from rolebook.governance.of_each import found_for_each
from rolebook.governance.origins import Holding
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.people import PersonRow, rows_of
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.queries.stewards import is_steward, stewards_standing
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import Rolebook

MOST_PAIRS = 200
"""Pairs shown at once; who settles some sees the next."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two accounts that may be one person's, and why (a value of `SamePerson.Source`)."""

    one: PersonRow
    other: PersonRow
    source: str


@dataclass(frozen=True, slots=True)
class MergePreview:
    """What merging would do, in sentences.

    Attributes:
        kept, closed: the two people as rows; the first remains.
        sentences: what happens, in order.
        plan: what it comes from; ``plan.violations`` forbid it.
    """

    kept: PersonRow
    closed: PersonRow
    sentences: tuple[str, ...]
    plan: MergePlan


def possible_duplicates(viewer: Account, program_id: str, at: datetime) -> tuple[Pair, ...]:
    """Return pairs of the program's people that may be one, those that somebody named first.

    Alike are accounts with the same name and the same part of the address before the @, letter case aside; whom a
    steward told apart is not shown again. Raises NotFound for everybody who is no steward.
    """
    standing = stewards_standing(viewer, program_id, at)
    named = {
        (row.one_id, row.other_id): row
        for row in SamePerson.objects.filter(
            one__in=_accounts(program_id).values("pk"), other__in=_accounts(program_id).values("pk")
        ).order_by("-named_at")
    }
    found = {pair: row.source for pair, row in named.items() if row.state == SamePerson.State.OPEN}
    likely = (pair for pair in _alike(program_id) if pair not in named)
    found |= dict.fromkeys(islice(likely, MOST_PAIRS), SamePerson.Source.LIKENESS)
    pairs = list(found.items())[:MOST_PAIRS]
    people = {pk for pair, _ in pairs for pk in pair}
    parts = list(
        Participation.objects.filter(program_id=program_id, account__in=people).select_related("account")
    )
    rows = dict(zip((part.account_id for part in parts), rows_of(standing, parts), strict=True))
    return tuple(Pair(rows[one], rows[other], source) for (one, other), source in pairs)


def _accounts(program_id: str) -> QuerySet[Account]:
    parts = Participation.objects.filter(program_id=program_id)
    return Account.objects.filter(pk__in=parts.values("account"), merged_into=None)


def _alike(program_id: str) -> Iterator[tuple[int, int]]:
    """Yield pairs of internal ids, the smaller first, in the order of names; one statement.

    The database finds who is alike among all accounts, and asks of those, who are few, whether they take part.
    """
    folded, local = Lower("name"), Substr("email_key", 1, StrIndex("email_key", Value("@")) - 1)
    accounts = Account.objects.filter(merged_into=None).annotate(folded=folded, local=local)
    same = Window(Count("pk"), partition_by=[F("folded"), F("local")])
    alike = accounts.annotate(number=same).filter(number__gt=1)
    parts = Participation.objects.filter(account=OuterRef("pk"), program_id=program_id)
    there = accounts.filter(found_for_each(parts), pk__in=alike.values("pk")).order_by(
        "folded", "local", "pk"
    )
    for _, group in groupby(there.values_list("folded", "local", "pk"), key=itemgetter(0, 1)):
        first, *others = (pk for _, _, pk in group)
        yield from ((first, other) for other in others)


def two_people(
    program_id: str, kept_id: uuid.UUID | str, closed_id: uuid.UUID | str
) -> tuple[Participation, Participation]:
    """Return the parts of two accounts in a program. Raises NotFound unless both take part."""
    parts: Mapping[uuid.UUID, Participation] = {
        part.account.public_id: part
        for part in Participation.objects.filter(
            program_id=program_id, account__public_id__in=[public_id_of(kept_id), public_id_of(closed_id)]
        ).select_related("account")
    }
    try:
        return parts[public_id_of(kept_id)], parts[public_id_of(closed_id)]
    except KeyError:
        raise NotFound from None


def merge_preview(
    viewer: Account, program_id: str, kept_id: uuid.UUID | str, closed_id: uuid.UUID | str, at: datetime
) -> MergePreview:
    """Return what merging two people of the program would do. Raises NotFound for everybody who is no steward."""
    standing = stewards_standing(viewer, program_id, at)
    parts = two_people(program_id, kept_id, closed_id)
    plan = plan_merge(parts[0].account, parts[1].account, at)
    kept, closed = rows_of(standing, parts)
    if all(is_steward(viewer, one, at) for one in plan.programs):
        return MergePreview(kept, closed, merge_sentences(plan, standing.book), plan)
    # Somebody else's program is theirs to tell about (I1); who is no steward there merges nothing anyway.
    seen = replace(
        plan,
        moves=tuple(one for one in plan.moves if one.program_id == program_id),
        ends=tuple(one for one in plan.ends if one.holding.program_id == program_id),
        withdrawn=tuple(one for one in plan.withdrawn if one.program_id == program_id),
        violations=(),
        employers=tuple(one for one in plan.employers if one.program_id == program_id),
    )
    return MergePreview(kept, closed, (*merge_sentences(seen, standing.book), _ELSEWHERE), seen)


def merge_sentences(plan: MergePlan, book: Rolebook) -> tuple[str, ...]:
    """Return what a plan does, in sentences; roles of other programs by their ids in words."""
    kept, closed = plan.kept.user_id, plan.closed.user_id
    told = [f"{_named(one, book)} moves from {closed} to {kept}." for one in plan.moves]
    for ending in plan.ends:
        whose = kept if ending.holding.account_id == plan.kept.pk else closed
        told.append(f"{_named(ending.holding, book)} of {whose} ends: {_WHY[ending.why]}.")
    told += [f"The request of {one.beneficiary.user_id} that waits is withdrawn." for one in plan.withdrawn]
    told += [f"{one.organization.name} goes on record as employer of {kept}." for one in plan.employers]
    if not plan.moves:
        told.insert(0, f"{closed} holds nothing that moves.")
    return (
        *told,
        f"{closed} is closed for good: nobody signs in with it any more, and it points at {kept}.",
        f"The history of both stays readable. {plan.kept.email} and {plan.closed.email} are told by mail.",
        "This cannot be undone.",
    )


_ELSEWHERE = "What they hold in programs of which you are no steward is not shown."
_WHY = {
    "own decision": "the other account of the same person gave it, and nobody decides for themselves",
    "held already": "the account that remains holds the same",
    "not possible": "the program no longer has the role, or the organization is closed",
}


def _named(holding: Holding, book: Rolebook) -> str:
    what = "Access"
    if isinstance(holding, Grant):
        foreign = holding.program_id != book.program.id
        what = holding.role_id.replace("_", " ") if foreign else role_title(book, holding.role_id)
    place = holding.organization
    until = "" if holding.ends_at is None else f", until {holding.ends_at:%Y-%m-%d}"
    return f"{what}{'' if place is None else f' at {place.name}'}{until}"
