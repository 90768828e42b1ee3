"""The words of mails about reviews, and who gets them: who has to answer, to whom it escalates, what was removed."""

from collections.abc import Iterable
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.governance.authority import Standing, in_force, standing_of
from rolebook.governance.flows.close_review import removes_unanswered
from rolebook.governance.models import Access, Grant, ReviewCampaign
from rolebook.governance.queries.account_preview import place_in_words
from rolebook.governance.queries.held_days import end_in_words
from rolebook.governance.review_reach import has_to_answer, is_out_of_reach, reviewers_of
from rolebook.governance.review_rows import review_of
from rolebook.governance.review_summary import number_words
from rolebook.notices.facts import Facts, Unknown, link
from rolebook.notices.letter import Button, Letter
from rolebook.policy.model import STEWARD_ID
from rolebook.policy.reviews import REMOVE_UNANSWERED


def campaign_of(facts: Facts) -> ReviewCampaign:
    """Return the campaign that the event names. Raises Unknown."""
    found = (
        ReviewCampaign.objects.filter(public_id=facts.new("campaign_id"))
        .select_related("rolebook_version")
        .first()
    )
    if found is None:
        raise Unknown(f"event {facts.event.sequence} names an unknown review")
    return found


def who_has_to_answer(facts: Facts) -> Iterable[Account]:
    """Everybody for whom something of the campaign waits, the stewards too, as long as it is open."""
    campaign = campaign_of(facts)
    if campaign.closed_at is not None:
        return []
    people = {one.pk: one for one in (*reviewers_of(campaign, facts.now), *stewards(facts))}
    return [one for one in people.values() if _waits_for(_standing(one, facts), campaign)]


def to_whom_it_escalates(facts: Facts) -> Iterable[Account]:
    """Those who hold the role to which an overdue campaign goes, where something is left at their organizations.

    The stewards, too, where something is left at an organization that none of them reaches.
    """
    campaign = campaign_of(facts)
    _, review = review_of(campaign)
    if campaign.closed_at is not None or review.overdue.escalate_to is None:
        return []
    holders = reviewers_of(campaign, facts.now, review.overdue.escalate_to)
    standings = {one.pk: _standing(one, facts) for one in holders}
    told = {pk: one.account for pk, one in standings.items() if _waits_for(one, campaign)}
    if is_out_of_reach(campaign, (one for one in standings.values() if one.person.active)):
        told |= {one.pk: one for one in stewards(facts)}
    return list(told.values())


def stewards(facts: Facts) -> Iterable[Account]:
    """The program's stewards."""
    held = Grant.objects.filter(in_force(facts.now), program_id=facts.program_id, role_id=STEWARD_ID)
    return Account.objects.filter(pk__in=held.values("account"), status=Account.Status.ACTIVE).order_by("pk")


def of_whom_something_was_removed(facts: Facts) -> Iterable[Account]:
    """The person, where the review removed anything of theirs."""
    return [facts.beneficiary] if facts.new("removed") else []


def _standing(account: Account, facts: Facts) -> Standing:
    return standing_of(account, facts.program_id, facts.now)


def _waits_for(standing: Standing, campaign: ReviewCampaign) -> bool:
    return standing.person.active and has_to_answer(standing, campaign)


def _end(facts: Facts, at: datetime) -> str:
    """Return the end of a last day in words: what is due on December 31 is not due on January 1."""
    return end_in_words(facts.book, at)


def _button(campaign: ReviewCampaign, label: str = "Answer", page: str = "") -> Button:
    return Button(label, link(f"/{campaign.program_id}/reviews/{campaign.public_id}/{page}"))


def review_opened(facts: Facts) -> Letter:
    """To who has to answer."""
    campaign = campaign_of(facts)
    _, review = review_of(campaign)
    short = facts.book.program.short_name
    hint = facts.book.hint("review")
    return Letter(
        subject=f"{short}: {campaign.title} is open; please answer by {_end(facts, campaign.due_at)}",
        first_line=f"{campaign.title} asks you who still needs what they hold in {short}.",
        facts=(
            ("Answer by", _end(facts, campaign.due_at)),
            *(("Asked", question.text) for question in review.questions),
        ),
        paragraphs=(
            *((review.intro,) if review.intro else ()),
            "Answers are saved as you give them, and take effect when you submit an account. You can stop and go on "
            "at any time; others who answer for the same organizations see what you have answered.",
            *((hint,) if hint else ()),
        ),
        button=_button(campaign),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because something in this review is yours to answer.",
    )


def review_reminder(facts: Facts) -> Letter:
    """To whom something of a campaign still waits, before and after it is due."""
    campaign = campaign_of(facts)
    short = facts.book.program.short_name
    overdue = facts.event.occurred_at >= campaign.due_at
    due = _end(facts, campaign.due_at)
    subject = (
        f"{short}: {campaign.title} is overdue"
        if overdue
        else f"{short}: Please answer {campaign.title} by {due}"
    )
    return Letter(
        subject=subject,
        first_line=f"Accounts still wait for your answers in {campaign.title}.",
        facts=(
            ("It was due by" if overdue else "Answer by", due),
            ("It closes at", _end(facts, campaign.closes_at)),
        ),
        paragraphs=(_silence(campaign),),
        button=_button(campaign, "Go on answering"),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because something in this review is yours to answer.",
    )


def review_overdue(facts: Facts) -> Letter:
    """To those to whom the program escalates what is overdue."""
    campaign = campaign_of(facts)
    short = facts.book.program.short_name
    return Letter(
        subject=f"{short}: {campaign.title} is overdue, and not everything is answered",
        first_line=f"{campaign.title} was due, and accounts are not answered.",
        facts=(
            ("It was due by", _end(facts, campaign.due_at)),
            ("It closes at", _end(facts, campaign.closes_at)),
        ),
        paragraphs=(
            "Answer what waits for you, or see that those who answer for the accounts do. The program's stewards get "
            "this where nobody else does.",
            _silence(campaign),
        ),
        button=_button(campaign),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because what is overdue in this review is put before you.",
    )


def _silence(campaign: ReviewCampaign) -> str:
    _, review = review_of(campaign)
    if review.overdue.then == REMOVE_UNANSWERED:
        return "What nobody has answered when it closes is removed."
    return "What nobody has answered when it closes is kept, and reported as not answered."


def _removed(campaign: ReviewCampaign) -> bool:
    return campaign.closed_at is not None and removes_unanswered(campaign, campaign.closed_at)


def removed_by_review(facts: Facts) -> Letter:
    """To the person of whom a review removed something."""
    campaign = campaign_of(facts)
    short = facts.book.program.short_name
    lines = [("Role", facts.role(role_id)) for role_id in facts.new("roles") or ()]
    accesses = Access.objects.filter(public_id__in=facts.new("accesses") or ())
    lines += [
        ("Access to", place_in_words(access.organization, lower_levels=access.lower_levels))
        for access in accesses.select_related("organization").order_by("pk")
    ]
    unanswered = facts.event.tag == "review:lapsed"
    why = (
        "Nobody who answers for it said that you still need it."
        if unanswered
        else "Who answers for it said that it is no longer needed."
    )
    return Letter(
        subject=f"{short}: Access of yours was removed by {campaign.title}",
        first_line=f"By {campaign.title}, what is named here was removed from your account in {short}.",
        facts=(*lines, ("When", facts.instant())),
        paragraphs=(why, "If you still need it, ask for it again."),
        button=Button("See what you hold", link(f"/{facts.program_id}/my-access/")),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because the access was yours.",
    )


def review_closed(facts: Facts) -> Letter:
    """To the stewards: what came of a campaign."""
    campaign = campaign_of(facts)
    short = facts.book.program.short_name
    numbers = {name: int(facts.new(name) or 0) for name in ("kept", "removed", "ended", "unanswered")}
    numbers["removed_unanswered"] = numbers["unanswered"] if _removed(campaign) else 0
    return Letter(
        subject=f"{short}: {campaign.title} is closed",
        first_line=f"{campaign.title} is closed.",
        facts=(
            ("Accounts at the opening", f"{campaign.accounts:,}"),
            *((label, f"{number:,}") for label, number in number_words(numbers, closed=True)),
        ),
        paragraphs=(
            "Its page says which organizations did not answer; who did not, the User Audit Reports.",
        ),
        button=_button(campaign, "Open the review", "progress/"),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you administer the program.",
    )
