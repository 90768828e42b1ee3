"""What campaigns asked, and what became of it, compared with the digests that their events carry (I11).

A campaign has one event for its opening and one for its closing, each with a digest over all items (decision 0037).
Where a digest differs, each row is compared with what must have been asked: with what people held at the opening, which
the log tells of one by one. So the first bad row is named. What became of the items is compared with the answers in the
events of submitting in any case, also while a campaign is open: its closing's digest is made of the rows themselves.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from rolebook.accounts.models import Account
from rolebook.audit import canonical, tags
from rolebook.audit.models import Event
from rolebook.governance.models import Access, Employment, Grant, ReviewCampaign, ReviewedAccount, ReviewItem
from rolebook.governance.origins import Holding
from rolebook.governance.past.holdings import accesses_at, grants_at, statuses_of
from rolebook.governance.past.statuses import ACTIVE
from rolebook.governance.replay_findings import HoldingFinding, Replay
from rolebook.governance.replaying_review_answers import what, wrong_answers
from rolebook.governance.replaying_review_moves import wrong_moves
from rolebook.governance.review_digests import answers_hash, items_hash
from rolebook.governance.review_rows import APART, STATUSES_ASKED, review_of, roles_asked
from rolebook.policy.model import Rolebook
from rolebook.policy.reviews import Review

_AT_ONCE = 1_000

type Told = Mapping[str, Any]


def compare_campaign(pk: int, seen: Replay) -> None:
    """Compare one campaign and its items with its events; a piece as of one instant."""
    campaign = ReviewCampaign.objects.select_related("rolebook_version").get(pk=pk)
    seen.campaigns += 1
    seen.items += campaign.items
    opened = _event(campaign, tags.REVIEW_OPENED.name)
    name = f"review {campaign.public_id}"
    if opened is None:
        seen.add([HoldingFinding(0, f"{name}: found a row that no event opened, expected none")])
        return
    sequence, told = opened
    asked = dict(zip(("accounts", "items", "items_hash"), items_hash(campaign), strict=True))
    kept = _columns(campaign)
    seen.add(_differing(name, sequence, kept, told))
    if any(told.get(column) != value for column, value in asked.items()):
        wrong = _Opening(campaign).wrong_items() if _is_known(campaign) else iter(())
        seen.add(_named(name, sequence, wrong, "items"))
    seen.add(HoldingFinding(number, f"{name}: {wrong}") for number, wrong in wrong_moves(campaign))
    closed = _event(campaign, tags.REVIEW_CLOSED.name)
    if closed is not None and campaign.closed_at is not None:
        sequence, told = closed
        if all(answers_hash(campaign, who=who) != told.get("answers_hash") for who in (True, False)):
            seen.add(_named(name, sequence, wrong_answers(campaign), "answers"))
            return
    elif closed is not None:
        sequence = closed[0]
        seen.add(
            [HoldingFinding(sequence, f"{name}: found it open, expected closed, as event {sequence} says")]
        )
    elif campaign.closed_at is not None:
        seen.add([HoldingFinding(0, f"{name}: found it closed, expected open, as no event closed it")])
        return
    # Also where the closing's digest agrees: it is made of the rows as they stood then.
    seen.add(HoldingFinding(0, f"{name}: {wrong}") for wrong in wrong_answers(campaign))


def _event(campaign: ReviewCampaign, tag: str) -> tuple[int, Told] | None:
    events = Event.objects.filter(program_id=campaign.program_id, tag=tag).order_by("sequence")
    for sequence, content in events.values_list("sequence", "content").iterator():
        told = _new(content)
        if told.get("campaign_id") == str(campaign.public_id):
            return sequence, told
    return None


def _new(content: str) -> Told:
    try:
        found = json.loads(content)["new"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _columns(campaign: ReviewCampaign) -> dict[str, object]:
    return {
        "review_id": campaign.review_id,
        "opened_on": campaign.opened_on.isoformat(),
        "due_at": canonical.instant(campaign.due_at),
        "closes_at": canonical.instant(campaign.closes_at),
        "accounts": campaign.accounts,
        "items": campaign.items,
        "items_hash": campaign.items_hash,
    }


def _differing(name: str, sequence: int, found: Mapping[str, object], told: Told) -> Iterator[HoldingFinding]:
    for column, value in found.items():
        if told.get(column) != value:
            expected = f"expected {told.get(column)}, as event {sequence} says"
            yield HoldingFinding(sequence, f"{name}: {column}: found {value}, {expected}")


def _named(name: str, sequence: int, wrong: Iterator[str], what: str) -> Iterator[HoldingFinding]:
    """Yield that a digest differs, with the first bad row where one is bad by itself."""
    first = next(wrong, "no row is wrong by itself: rows were written anew, or in another order")
    explanation = f"{name}: found other {what} than those that event {sequence} has the digest of: {first}"
    yield HoldingFinding(sequence, explanation)


def _is_known(campaign: ReviewCampaign) -> bool:
    """Return whether the campaign's rolebook declares its review: its row may have been written to as well."""
    try:
        review_of(campaign)
    except StopIteration:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Opening:
    """What a campaign asked when it opened, row by row, beside what people then held."""

    campaign: ReviewCampaign

    @property
    def declared(self) -> tuple[Rolebook, Review]:
        return review_of(self.campaign)

    @property
    def rows(self) -> QuerySet[ReviewItem]:
        """The items of the opening."""
        return ReviewItem.objects.filter(campaign=self.campaign, added_at=self.campaign.opened_at)

    def wrong_items(self) -> Iterator[str]:
        """Yield what is wrong: rows as they stand, by their ids, then rows that are not there."""
        rows = self.rows.select_related(
            "reviewed__participation", "reviewed__account", "grant__imported__imported",
            "access__imported__imported", "place",
        )  # fmt: skip
        for some in batched(rows.order_by("pk").iterator(chunk_size=_AT_ONCE), _AT_ONCE):
            statuses = self._statuses([item.reviewed.account for item in some])
            employers = self._employers({item.reviewed.participation_id for item in some})
            for item in some:
                wrong = self._judge(item, statuses, employers)
                if wrong:
                    yield f"item {item.pk} ({what(item)}): {wrong}"
        yield from self._missing(self._grants(), "grant")
        yield from self._missing(self._accesses(), "access")
        yield from self._missing_accounts()

    def _judge(
        self, item: ReviewItem, statuses: Mapping[int, str], employers: Mapping[int, int]
    ) -> str | None:
        """Return what is wrong with one row, None for nothing."""
        book, review = self.declared
        holding, reviewed = item.grant or item.access, item.reviewed
        about = "account" if holding is None else "role" if item.grant is not None else "access"
        if item.about != about or reviewed.campaign_id != self.campaign.pk:
            return f"found it to be about {item.about}, expected {about}"
        if statuses.get(reviewed.account_id, ACTIVE) not in STATUSES_ASKED:
            return "found an account that was closed when the review opened, expected none"
        employer = employers.get(reviewed.participation_id)
        expected = employer
        if holding is not None:
            if holding.participation_id != reviewed.participation_id:
                return "found what another account held, expected what this one held"
            if not self._was_held(holding):
                return "found what was not held when the review opened, expected none"
            if isinstance(holding, Grant) and holding.role_id not in roles_asked(book, review):
                return f"found the role {holding.role_id}, expected one that the review asks about"
            if holding.organization_id is not None or book.access != APART:
                expected = holding.organization_id
        elif employer is None and book.access != APART:
            # Where nobody recorded who employs somebody, one of the organizations of their roles stands for it.
            return None
        if item.place.organization_id != expected:
            return "found another organization to answer it, expected the one where it is held, or the employing one"
        return None

    def _was_held(self, holding: Holding) -> bool:
        at, ends = self.campaign.opened_at, (holding.ends_at, holding.closed_at)
        known = holding.starts_at if holding.imported is None else holding.imported.imported.imported_at
        return max(known, holding.starts_at) <= at and all(end is None or end > at for end in ends)

    def _statuses(self, accounts: list[Account]) -> Mapping[int, str]:
        return statuses_of(self.campaign.program_id, accounts, self.campaign.opened_at)

    def _employers(self, participations: set[int]) -> Mapping[int, int]:
        rows = Employment.objects.filter(
            participation__in=participations, recorded_at__lte=self.campaign.opened_at
        )
        ordered = rows.order_by("recorded_at", "pk").values_list("participation", "organization")
        return dict(ordered)

    def _grants(self) -> QuerySet[Grant]:
        book, review = self.declared
        if not review.question("roles") and review.question("access"):
            return Grant.objects.none()
        there = self.rows.filter(grant=OuterRef("pk"))
        held = grants_at(self.campaign.program_id, self.campaign.opened_at)
        found = held.filter(~Exists(there), role_id__in=roles_asked(book, review))
        return found.filter(organization__kind_id__in=review.kinds) if review.kinds else found

    def _accesses(self) -> QuerySet[Access]:
        book, review = self.declared
        if book.access != APART or not review.question("access"):
            return Access.objects.none()
        at = self.campaign.opened_at
        found = accesses_at(self.campaign.program_id, at).filter(
            ~Exists(self.rows.filter(access=OuterRef("pk")))
        )
        if review.role_ids:
            held = grants_at(self.campaign.program_id, at).filter(role_id__in=roles_asked(book, review))
            found = found.filter(Exists(held.filter(participation=OuterRef("participation"))))
        return found.filter(organization__kind_id__in=review.kinds) if review.kinds else found

    def _missing(self, held: QuerySet[Grant] | QuerySet[Access], kind: str) -> Iterator[str]:
        """Yield what was held and is asked about by no row of the opening."""
        rows: Iterable[Holding] = (
            held.select_related("account", "imported__imported").order_by("pk").iterator(chunk_size=_AT_ONCE)
        )
        for some in batched(rows, _AT_ONCE):
            statuses = self._statuses([one.account for one in some])
            for one in some:
                if self._was_held(one) and statuses.get(one.account_id) in STATUSES_ASKED:
                    later = ReviewItem.objects.filter(campaign=self.campaign, **{kind: one}).first()
                    yield (
                        f"{kind} {one.public_id} of {one.account.user_id}: found no item about it, expected one"
                        if later is None
                        else f"item {later.pk} ({kind} {one.public_id}): added_at: found "
                        f"{canonical.instant(later.added_at)}, expected the review's opening"
                    )

    def _missing_accounts(self) -> Iterator[str]:
        _, review = self.declared
        if not review.question("account"):
            return
        asked = self.rows.filter(reviewed=OuterRef("pk"))
        there = ReviewItem.objects.filter(reviewed=OuterRef("pk"), about=ReviewItem.About.ACCOUNT)
        rows = ReviewedAccount.objects.filter(Exists(asked), ~Exists(there), campaign=self.campaign)
        for one in rows.select_related("account").order_by("pk").iterator(chunk_size=_AT_ONCE):
            yield f"account {one.account.user_id}: found no item about it, expected one"
