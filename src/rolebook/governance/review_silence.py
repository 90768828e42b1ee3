"""Who submitted nothing in a review though something was left to them: as of then, by the one walk (IQCS-13).

Nothing is left to who could not answer at that instant (of a closed review: before the closing, which may have removed
their office itself), at whose organizations everything was answered, or to whom only
their own account was left: nobody answers about themselves (fault 14).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import batched, islice

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from rolebook.accounts.models import Account
from rolebook.accounts.queries import rolebook_in_force
from rolebook.governance.authority import Office, Standing, standings_from
from rolebook.governance.models import Grant, Participation, ReviewItem, ReviewPlace
from rolebook.governance.past.holdings import accesses_at, grants_at
from rolebook.governance.past.statuses import ACTIVE, status_events, statuses_at
from rolebook.governance.review_moves import answered_now, last_moves
from rolebook.governance.review_reach import covered_items
from rolebook.governance.review_report import Subject
from rolebook.governance.review_rows import review_of
from rolebook.policy.model import Act

_AT_ONCE = 200


@dataclass(slots=True)
class _Left:
    """How much is left at organizations (None: at none), by internal id, and at or below each."""

    here: dict[int | None, int] = field(default_factory=dict)
    below: dict[int | None, int] = field(default_factory=dict)

    def add(self, steps: Sequence[int], number: int) -> None:
        """Count what is left at an organization, named with all above it, the nearest first; none: at none."""
        here = steps[0] if steps else None
        self.here[here] = self.here.get(here, 0) + number
        for step in (None, *steps):
            self.below[step] = self.below.get(step, 0) + number

    def to(self, office: Office) -> int:
        """Return how much is left to an office."""
        return (self.below if office.lower_levels else self.here).get(office.organization_id, 0)


def silent_reviewers(
    subject: Subject, silent: QuerySet[ReviewItem], answered: Collection[int], limit: int
) -> list[Account]:
    """Return, by name, who answers here, submitted nothing, and had something left; ``limit`` of them at most.

    ``silent`` is what has no submitted answer here, ``answered`` are the internal ids of those who submitted something.
    """
    if not silent.exists():
        return []
    return list(islice(_silent(subject, silent, answered), limit))


def _silent(subject: Subject, silent: QuerySet[ReviewItem], answered: Collection[int]) -> Iterator[Account]:
    _, review = review_of(subject.campaign)
    known: dict[tuple[str, tuple[str, ...]], _Left] = {}
    people = Account.objects.filter(pk__in=_offices(subject).values("account")).exclude(pk__in=answered)
    for some in batched(people.order_by("name", "pk").iterator(chunk_size=_AT_ONCE), _AT_ONCE):
        own = _own(subject, silent, some)
        for standing in _standings(subject, some):
            for office in standing.offices(Act.ANSWER_REVIEW):
                if office.role_id not in review.answered_by:
                    continue
                key = (office.role_id, office.holder.category_ids)
                if key not in known:
                    known[key] = _left(subject, silent, office)
                if known[key].to(office) > own.get(standing.account.pk, _Left()).to(office):
                    yield standing.account
                    break


def _offices(subject: Subject) -> QuerySet[Grant]:
    """Return the grants of roles that answer and may reach the report's organizations."""
    _, review = review_of(subject.campaign)
    program_id, at = subject.campaign.program_id, subject.in_office_at
    offices = grants_at(program_id, at).filter(role_id__in=review.answered_by)
    if subject.organization is None:
        return offices
    there = subject.below() | Q(organization__in=subject.above)
    codes = accesses_at(program_id, at).filter(there, account=OuterRef("account"))
    return offices.filter(there | (Q(organization=None) & Q(Exists(codes))))


def _standings(subject: Subject, accounts: Collection[Account]) -> Iterator[Standing]:
    """Yield the standing of each as of the report, before its closing; who was not active then answers nothing."""
    program_id, at = subject.campaign.program_id, subject.in_office_at
    version, book = rolebook_in_force(program_id, at)
    rows = Participation.objects.filter(program_id=program_id, account__in=accounts).select_related("account")
    parts = {part.account_id: part for part in rows}
    events = status_events(program_id, [one.public_id for one in accounts])
    statuses = statuses_at(parts.values(), events, at)
    for standing in standings_from(accounts, parts, version, book, at):
        active = statuses.get(standing.account.pk) == ACTIVE
        yield replace(standing, person=replace(standing.person, active=active))


def _left(subject: Subject, silent: QuerySet[ReviewItem], office: Office) -> _Left:
    """Return what is left of what an office's user categories cover."""
    book, review = review_of(subject.campaign)
    _, now = rolebook_in_force(subject.campaign.program_id, subject.at)
    covered = silent.filter(covered_items((book, now), review, office, office.holder.category_ids))
    numbers = left_at_places(subject, covered)
    steps = _steps(subject, {place for place, _ in numbers})
    found = _Left()
    for (place, _), number in numbers.items():
        found.add(steps[place], number)
    return found


def _steps(subject: Subject, places: Collection[int]) -> dict[int, tuple[int, ...]]:
    """Return the organizations of a campaign's places with all above, the nearest first, as they stood then."""
    rows = list(ReviewPlace.objects.filter(pk__in=places).select_related("organization"))
    past = subject.past(row.organization for row in rows)
    return {row.pk: () if row.organization_id is None else past.chain(row.organization_id) for row in rows}


def left_at_places(subject: Subject, silent: QuerySet[ReviewItem]) -> dict[tuple[int, str], int]:
    """Return how much of ``silent`` is answered at each place (internal id), by what it is about.

    What moved counts where it went.
    """
    asked = silent.order_by().values_list("place", "about").annotate(number=Count("pk"))
    numbers = {(place, about): number for place, about, number in asked}
    moved = last_moves(subject.campaign.pk).filter(item__in=silent.values("pk"))
    for was, now, about in moved.order_by().values_list("item__place", "place", "item__about"):
        numbers[was, about] -= 1
        numbers[now, about] = numbers.get((now, about), 0) + 1
    return {key: number for key, number in numbers.items() if number}


def _own(
    subject: Subject, silent: QuerySet[ReviewItem], accounts: Collection[Account]
) -> Mapping[int, _Left]:
    """Return what is left about these people themselves, accounts that were merged into theirs included."""
    found: dict[int, _Left] = {}
    pks = [one.pk for one in accounts]
    theirs = silent.filter(Q(reviewed__account__in=pks) | Q(reviewed__account__merged_into__in=pks))
    whose = Coalesce("reviewed__account__merged_into", "reviewed__account")
    rows = list(theirs.annotate(whose=whose, now_at=answered_now()).values_list("whose", "now_at"))
    steps = _steps(subject, {place for _, place in rows})
    for account_pk, place in rows:
        found.setdefault(account_pk, _Left()).add(steps[place], 1)
    return found
