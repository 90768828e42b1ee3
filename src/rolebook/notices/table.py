"""Which event tells whom, in which words: the one place that says so. Every notice goes by mail."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rolebook.audit import tags
from rolebook.audit.tags import Tag
from rolebook.notices import access_words, account_words, recipients
from rolebook.notices.facts import Facts
from rolebook.notices.letter import Letter
from rolebook.notices.recipients import Recipient


@dataclass(frozen=True, slots=True)
class Telling:
    """One line of the table: after an event with ``tag``, ``who`` is told in ``words``; ``kind`` names
    the notice.
    """

    tag: Tag
    kind: str
    who: Callable[[Facts], Iterable[Recipient]]
    words: Callable[[Facts], Letter]


TELLINGS: tuple[Telling, ...] = (
    # QPP-09: every Security Official of the organization, when a request starts to wait for them.
    Telling(tags.STAGE_OPENED, "request-waiting", recipients.who_can_decide, access_words.request_waiting),
    # QPP-07: who decided.
    Telling(tags.OUTCOME_APPROVED, "own-decision", recipients.who_decided, access_words.own_decision),
    Telling(tags.OUTCOME_DENIED, "own-decision", recipients.who_decided, access_words.own_decision),
    Telling(tags.OUTCOME_RETURNED, "own-decision", recipients.who_decided, access_words.own_decision),
    # QPP-08: who asked, and for whom.
    Telling(tags.REQUEST_SETTLED, "decision", recipients.the_requester_at_the_end, access_words.decision),
    Telling(tags.REQUEST_SETTLED, "decision", recipients.for_whom_it_was, access_words.decision_for_you),
    Telling(tags.OUTCOME_RETURNED, "returned", recipients.the_requester, access_words.returned),
    # QPP-10: the person whose access was removed.
    Telling(tags.ACCESS_REMOVED, "access-removed", recipients.the_beneficiary, access_words.access_removed),
    Telling(
        tags.ROLE_DESIGNATED, "role-designated", recipients.the_beneficiary, access_words.role_designated
    ),
    # What concerns how somebody signs in; a change of address goes to the old and to the new one.
    Telling(
        tags.ACCOUNT_PASSWORD_CHANGED,
        "password-changed",
        recipients.the_beneficiary,
        account_words.password_changed,
    ),
    Telling(
        tags.ACCOUNT_FACTOR_ADDED,
        "factor-added",
        recipients.the_beneficiary_unless_first,
        account_words.factor_added,
    ),
    Telling(
        tags.ACCOUNT_FACTOR_REMOVED,
        "factor-removed",
        recipients.the_beneficiary,
        account_words.factor_removed,
    ),
    Telling(
        tags.ACCOUNT_CODES_MADE,
        "codes-made",
        recipients.the_beneficiary_unless_first,
        account_words.codes_made,
    ),
    Telling(
        tags.ACCOUNT_CHANGED,
        "email-changed-away",
        recipients.the_old_address,
        account_words.email_changed_away,
    ),
    Telling(tags.ACCOUNT_CHANGED, "email-changed", recipients.the_new_address, account_words.email_changed),
    Telling(
        tags.ACCOUNT_STATUS_CHANGED,
        "status-changed",
        recipients.the_beneficiary,
        account_words.status_changed,
    ),
)


def tellings_of(tag: str) -> tuple[Telling, ...]:
    """Return the lines of the table for an event's tag; most events tell nobody."""
    return _BY_TAG.get(tag, ())


_BY_TAG: dict[str, tuple[Telling, ...]] = {
    tag: tuple(telling for telling in TELLINGS if telling.tag.name == tag)
    for tag in {telling.tag.name for telling in TELLINGS}
}
