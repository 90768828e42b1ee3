"""Which event tells whom, in which words: the one place that says so. Every notice goes by mail."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.tags import Tag
from rolebook.notices import (
    access_words,
    account_words,
    bounce_words,
    detail_words,
    inactivity_words,
    merge_words,
    people_words,
    recipients,
    report_words,
    responder_words,
    review_words,
    several_words,
    undecided_words,
    waiting_words,
)
from rolebook.notices.facts import Facts
from rolebook.notices.holding import STATUS_CHANGED
from rolebook.notices.letter import Letter


@dataclass(frozen=True, slots=True)
class Telling:
    """One line of the table: after an event with ``tag``, ``who`` is told in ``words``; ``kind`` names
    the notice.

    ``several`` are the words of one letter about several such events of one act; without them each has its own.
    """

    tag: Tag
    kind: str
    who: Callable[[Facts], Iterable[Account]]
    words: Callable[[Facts], Letter]
    several: Callable[[Sequence[Facts]], Letter] | None = None


TELLINGS: tuple[Telling, ...] = (
    # QPP-09: every Security Official of the organization, when a request starts to wait for them.
    Telling(
        tags.STAGE_OPENED,
        "request-waiting",
        recipients.who_can_decide,
        access_words.request_waiting,
        several_words.requests_waiting,
    ),
    # QPP-07: who decided.
    *(
        Telling(
            tag,
            "own-decision",
            recipients.who_decided,
            access_words.own_decision,
            several_words.own_decisions,
        )
        for tag in (tags.OUTCOME_APPROVED, tags.OUTCOME_DENIED, tags.OUTCOME_RETURNED)
    ),
    # QPP-08: who asked, and for whom; of a request for many organizations, as each of them answers.
    Telling(
        tags.REQUEST_SETTLED,
        "decision",
        recipients.the_requester_at_the_end,
        access_words.decision,
        several_words.decisions,
    ),
    Telling(
        tags.REQUEST_SETTLED,
        "decision",
        recipients.for_whom_it_was,
        access_words.decision_for_you,
        several_words.decisions_for_you,
    ),
    *(
        Telling(
            tag,
            "part-decided",
            recipients.the_requester_meanwhile,
            several_words.part_decided,
            several_words.parts_decided,
        )
        for tag in (tags.GRANT_OPENED, tags.OUTCOME_DENIED)
    ),
    Telling(tags.OUTCOME_RETURNED, "returned", recipients.the_requester, access_words.returned),
    # What nobody decided: who decides has changed, or an account that it waits for is no longer active.
    Telling(
        tags.REQUEST_RETURNED, "returned", recipients.the_requester_asked_again, undecided_words.went_back
    ),
    Telling(
        tags.REQUEST_WITHDRAWN,
        "request-withdrawn",
        undecided_words.whose_withdrawn,
        undecided_words.withdrawn,
    ),
    # QPP-10: the person whose access was removed.
    Telling(tags.ACCESS_REMOVED, "access-removed", recipients.the_beneficiary, access_words.access_removed),
    Telling(
        tags.ROLE_DESIGNATED, "role-designated", recipients.the_beneficiary, access_words.role_designated
    ),
    # QPP-13: who denied asks for the request once more.
    Telling(
        tags.REQUEST_ASKED_AGAIN,
        "submit-again",
        recipients.the_requester_asked_again,
        access_words.submit_again,
    ),
    # People: status, merged accounts, a lost second factor.
    Telling(
        tags.PARTICIPATION_STATUS_CHANGED,
        "participation-changed",
        recipients.the_beneficiary,
        people_words.participation_changed,
    ),
    # IQCS-09: who represents a person whose mail is rejected.
    Telling(
        tags.PARTICIPATION_STATUS_CHANGED,
        "mail-rejected",
        bounce_words.the_representatives,
        bounce_words.deactivated_by_bounce,
    ),
    # IQCS-08: before somebody is closed for want of a sign-in, and when too many would be at once.
    Telling(
        tags.PARTICIPATION_CLOSING_NEAR,
        "closing-near",
        recipients.the_beneficiary,
        inactivity_words.closing_near,
    ),
    Telling(
        tags.PARTICIPATION_LAST_OFFICIAL_NEAR,
        "last-official-near",
        recipients.the_stewards,
        inactivity_words.last_official_near,
    ),
    Telling(
        tags.QUIET_STOPPED,
        "closings-stopped",
        inactivity_words.every_steward,
        inactivity_words.closings_stopped,
    ),
    Telling(
        tags.REQUESTS_ESCALATED,
        "requests-escalated",
        recipients.stewards_who_can_decide,
        people_words.requests_escalated,
    ),
    Telling(tags.ACCOUNT_MERGED, "accounts-merged", recipients.the_beneficiary, merge_words.accounts_merged),
    Telling(tags.ACCOUNT_NAMED_SAME, "named-as-same", recipients.the_other_named, people_words.named_as_same),
    Telling(
        tags.RECOVERY_ASKED,
        "recovery-waiting",
        recipients.who_may_vouch_for_them,
        people_words.recovery_asked,
    ),
    Telling(
        tags.RECOVERY_VOUCHED,
        "recovery-told",
        recipients.who_may_vouch_for_them,
        people_words.recovery_vouched,
    ),
    *(
        Telling(tag, "recovery-ended", recipients.who_may_vouch_for_them, people_words.recovery_ended)
        for tag in (tags.RECOVERY_FINISHED, tags.RECOVERY_CANCELLED, tags.RECOVERY_REFUSED)
    ),
    # The person whose account somebody tries to get into, or got into without the usual second factor.
    *(
        Telling(
            tag,
            "sign-ins-refused",
            recipients.whose_sign_ins_are_refused,
            account_words.sign_ins_refused,
        )
        for tag in (tags.ATTEMPT_REFUSED_SIGN_IN, tags.ATTEMPT_REFUSED_CONFIRM)
    ),
    Telling(
        tags.ACCOUNT_SIGNED_IN,
        "recovery-code-used",
        recipients.who_used_a_recovery_code,
        account_words.recovery_code_used,
    ),
    # Who is out of office, who decides meanwhile, and what nobody answers.
    Telling(tags.ABSENCE_RECORDED, "absence", recipients.the_beneficiary, waiting_words.absence_recorded),
    Telling(tags.ABSENCE_RECORDED, "delegate", recipients.the_delegates, waiting_words.absence_for_delegate),
    Telling(tags.ABSENCE_ENDED, "absence", recipients.the_beneficiary, waiting_words.absence_ended),
    Telling(tags.ABSENCE_ENDED, "delegate", recipients.the_delegates, waiting_words.absence_ended),
    Telling(
        tags.DELEGATION_DECLINED, "delegate", recipients.the_beneficiary, waiting_words.delegation_declined
    ),
    Telling(
        tags.STAGE_REMINDED,
        "stage-reminder",
        recipients.who_can_still_decide,
        waiting_words.reminded,
        waiting_words.reminded_of_several,
    ),
    Telling(
        tags.STAGE_ESCALATED,
        "stage-escalated",
        recipients.the_stewards_late,
        waiting_words.escalated,
        waiting_words.escalated_several,
    ),
    *(
        Telling(
            tag,
            "steward-needed",
            recipients.stewards_who_name_another,
            waiting_words.steward_needed,
            waiting_words.steward_needed_for_several,
        )
        for tag in (tags.STAGE_STUCK, tags.STAGE_REMINDED)
    ),
    # IQCS-04: another agency denied its part; the requester says whether the rest goes on.
    Telling(
        tags.REQUEST_HELD, "request-held", recipients.the_requester_asked_again, detail_words.request_held
    ),
    Telling(
        tags.SUPERVISOR_REFUSED,
        "not-authorized",
        recipients.the_requester_asked_again,
        detail_words.not_authorized,
    ),
    # IQCS-11: before a temporary detail ends.
    Telling(tags.ACCESS_END_NEAR, "end-near", recipients.the_beneficiary, detail_words.end_near),
    Telling(tags.EMPLOYMENT_RECORDED, "employer", recipients.the_beneficiary, detail_words.employer_recorded),
    Telling(
        tags.EMPLOYMENT_RECORDED,
        "employer-left",
        recipients.who_represented_them,
        detail_words.employer_left,
    ),
    Telling(
        tags.EMPLOYMENT_RECORDED, "check-codes", recipients.who_checks_codes, detail_words.codes_to_check
    ),
    Telling(
        tags.ACCESS_CHECK_OPENED, "check-codes", recipients.who_checks_codes, detail_words.codes_to_check
    ),
    # IQCS-01: whose record it is.
    Telling(
        tags.OWN_RECORD_ASKED,
        "registration-waiting",
        responder_words.who_may_confirm,
        responder_words.registration_waiting,
    ),
    Telling(
        tags.OWN_RECORD_CONFIRMED,
        "own-record-answered",
        recipients.the_beneficiary,
        responder_words.record_confirmed,
    ),
    Telling(
        tags.OWN_RECORD_REFUSED,
        "own-record-answered",
        recipients.the_beneficiary,
        responder_words.record_refused,
    ),
    Telling(
        tags.ACCESS_CHECK_CLOSED, "remove-codes", recipients.who_removes_codes, detail_words.codes_to_remove
    ),
    Telling(
        tags.ACCESS_CHECK_CARRIED_OUT,
        "codes-removed",
        recipients.the_beneficiary,
        detail_words.codes_removed,
    ),
    # IQCS-12: reviews.
    Telling(tags.REVIEW_OPENED, "review-opened", review_words.who_has_to_answer, review_words.review_opened),
    Telling(
        tags.REVIEW_REMINDED, "review-reminder", review_words.who_has_to_answer, review_words.review_reminder
    ),
    Telling(
        tags.REVIEW_ESCALATED,
        "review-overdue",
        review_words.to_whom_it_escalates,
        review_words.review_overdue,
    ),
    *(
        Telling(
            tag,
            "removed-by-review",
            review_words.of_whom_something_was_removed,
            review_words.removed_by_review,
        )
        for tag in (tags.REVIEW_SUBMITTED, tags.REVIEW_LAPSED)
    ),
    Telling(tags.REVIEW_CLOSED, "review-closed", review_words.stewards, review_words.review_closed),
    # IQCS-13: the report of a review, at opening and at closing.
    Telling(
        tags.REVIEW_OPENED,
        "review-report",
        report_words.who_may_have_a_report,
        report_words.report_at_opening,
    ),
    Telling(
        tags.REVIEW_CLOSED,
        "review-report-final",
        report_words.who_may_have_a_report,
        report_words.report_at_closing,
    ),
    # Passwords, factors and addresses: the flows of accounts put those mails into the outbox themselves.
    Telling(
        tags.ACCOUNT_STATUS_CHANGED,
        STATUS_CHANGED,
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
