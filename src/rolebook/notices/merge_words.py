"""The words of the two mails about a merge: to the account that remains, and to the one that was closed."""

import json
from collections.abc import Iterable, Sequence

from rolebook.accounts.models import Account
from rolebook.accounts.queries.rolebooks import rolebook_in_force
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.models import Access, Grant
from rolebook.governance.origins import Holding
from rolebook.governance.queries.account_preview import place_in_words
from rolebook.governance.queries.naming import office_in_words
from rolebook.governance.queries.pending import role_title
from rolebook.notices.facts import Facts, Unknown, link, site_name
from rolebook.notices.letter import Button, Letter
from rolebook.policy.model import STEWARD_ID

_SHOWN = 20
_ENDED = {
    "held already": "the account that remains holds the same",
    "own decision": "the other account had given it, and nobody gives themselves a role",
    "not possible": "a rule keeps the account that remains from it",
}
"""Why something ends with a merge, by the ledger's word."""
_NOT_BOTH = "If these are not both yours, tell us at once."
_CLOSED = (tags.GRANT_CLOSED.name, tags.ACCESS_CLOSED.name)


def accounts_merged(facts: Facts) -> Letter:
    """To who remains: another account of theirs was merged into this one, and what came with it."""
    closed = Account.objects.filter(public_id=facts.new("closed_account_id")).first()
    if closed is None:
        raise Unknown(f"event {facts.event.sequence} names an unknown account")
    kept = facts.beneficiary
    moved = _moved(closed)
    programs = [one.program_id for one in moved]
    program_id = facts.event.program_id or next(
        iter([*programs, *(book.program.id for book in facts.account_programs)]), ""
    )
    return Letter(
        subject=f"{site_name(facts.account_programs)}: Your two accounts were merged",
        first_line=(
            f"Your account {closed.user_id} was merged into this one, {kept.user_id}. "
            f"{'What it held is here now.' if moved else 'It held nothing that could move here.'}"
        ),
        facts=(
            ("Remains", kept.user_id),
            ("Closed", closed.user_id),
            ("Merged by", _by(facts, facts.event)),
            ("When", facts.instant()),
            ("Reason", facts.personal.get("reason", "")),
            *_lines("Moved here", _in_words(facts, moved)),
            *_lines("Ended", _ended(facts, kept, closed)),
        ),
        paragraphs=("My Access has all that this account holds now.", _NOT_BOTH),
        button=Button("Open My Access", link(f"/{program_id}/my-access/")) if program_id else None,
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because it concerns your account. It cannot be turned off.",
    )


def merged_into(facts: Facts, *, closed: Account, remaining: Account) -> Letter:
    """To the address of the account that was closed: which one remains. It links nowhere: that one signs in."""
    merge = Event.objects.filter(
        tag=tags.ACCOUNT_MERGED.name,
        occurred_at=facts.event.occurred_at,
        sequence__gt=facts.event.sequence,
    )
    return Letter(
        subject=f"{site_name(facts.account_programs)}: Your two accounts were merged",
        first_line=(
            f"Your account {closed.user_id} was merged into your account {remaining.user_id}. "
            "Sign in with that one from now on."
        ),
        facts=(
            ("Closed", closed.user_id),
            ("Remains", remaining.user_id),
            ("Merged by", _by(facts, merge.order_by("sequence").first())),
            ("When", facts.instant()),
            *_lines(f"Moved to {remaining.user_id}", _in_words(facts, _moved(closed))),
        ),
        paragraphs=(_NOT_BOTH,),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because it concerns how you sign in. It cannot be turned off.",
    )


def _by(facts: Facts, merge: Event | None) -> str:
    """Who merged them: the office, whoever reads it (docs/decisions/0033)."""
    if merge is None or merge.actor_id is None or merge.program_id is None:
        return "the operator of the server"
    book = rolebook_in_force(merge.program_id, facts.now)[1]
    office = office_in_words(book, STEWARD_ID, None)
    return office if len(facts.account_programs) == 1 else f"{office} of {book.program.short_name}"


def _moved(closed: Account) -> Sequence[Holding]:
    """What a merge took over from an account, as that held it."""
    kinds = (Grant, Access)
    return [
        one
        for kind in kinds
        for one in kind.objects.filter(account=closed, moved_to__isnull=False)
        .exclude(moved_to__account=closed)
        .select_related("organization")
        .order_by("program", "pk")
    ]


def _ended(facts: Facts, kept: Account, closed: Account) -> Iterable[str]:
    """What ended with the merge, and why."""
    why: dict[str, str] = {}
    events = Event.objects.filter(
        tag__in=_CLOSED,
        occurred_at=facts.event.occurred_at,
        beneficiary_id__in=[kept.public_id, closed.public_id],
        sequence__lt=facts.event.sequence,
    )
    for content in events.order_by("sequence").values_list("content", flat=True):
        new = json.loads(content)["new"]
        if new.get("cause") in _ENDED:
            why[new.get("grant_id") or new.get("access_id")] = _ENDED[new["cause"]]
    held: list[Holding] = [
        one
        for kind in (Grant, Access)
        for one in kind.objects.filter(public_id__in=why).select_related("organization").order_by("pk")
    ]
    words = _in_words(facts, held)
    return [f"{said}: {why[str(one.public_id)]}" for one, said in zip(held, words, strict=True)]


def _in_words(facts: Facts, held: Sequence[Holding]) -> Sequence[str]:
    """What was held, with the program's name where there are several."""
    books = {one: rolebook_in_force(one, facts.now)[1] for one in {one.program_id for one in held}}
    said: list[str] = []
    for one in held:
        book = books[one.program_id]
        if isinstance(one, Grant):
            where = "" if one.organization is None else f" at {one.organization.name}"
            words = f"{role_title(book, one.role_id)}{where}"
        else:
            words = f"Access to {place_in_words(one.organization, lower_levels=one.lower_levels)}"
        said.append(words if len(facts.account_programs) == 1 else f"{book.program.short_name}: {words}")
    return said


def _lines(label: str, texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    listed = list(texts)
    more = (("And", f"{len(listed) - _SHOWN} more"),) if len(listed) > _SHOWN else ()
    return (*((label, text) for text in listed[:_SHOWN]), *more)
