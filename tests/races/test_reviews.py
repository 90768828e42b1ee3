"""Reviews raced: two reviewers of one account, and a removal by the review against the approval of a request.

Where two reviewers meet, each submission is held once it has read what is answered, so that without the locks the
others read the same. They are kept apart by the locks of the people and by the campaign's, each by itself; on
PostgreSQL both are taken out, and then an account is submitted twice. A removal meets an approval in as many rounds
as the other races.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import count
from threading import Lock

import pytest
from django.db import IntegrityError

from rolebook.audit.models import Event
from rolebook.audit.recording import unit_of_work
from rolebook.governance.deciding import AlreadyDecided, ReturnedForChange
from rolebook.governance.flows import submit_review as submitting_flow
from rolebook.governance.flows.submit_review import Submitted
from rolebook.governance.models import Access, Grant, Outcome, Participation, ReviewCampaign
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.governance.replaying import compare_with_log
from rolebook.governance.review_course import bring_up_to_date, hold_campaign
from tests.support import iqcs
from tests.support.databases import CommittedDatabase
from tests.support.grants import decides, open_stage
from tests.support.iqcs import LEAD, MANAGER, REPRESENTATIVE, SECURITY
from tests.support.people import COMMAND
from tests.support.racing import MOMENT, Round, counted, no_locks, together, with_and_without_locks
from tests.support.reviews import MEANWHILE, agencies, answers, opened, seen, submits

REFUSED = (Refused, NotFound, NotAllowed)


def two_reviewers(
    database: CommittedDatabase, monkeypatch: pytest.MonkeyPatch, role: str, patience: float
) -> str | None:
    """Let two reviewers submit an account, each twice; return what is wrong about what came of it.

    Each is held for up to ``patience`` seconds with what it read, until the others have read it, too.
    """
    people = agencies()
    campaign, person = opened(), people.fws_person
    answers(people.fws_lead, campaign, person, account="keep", account_manager=role, FWS_R6_BNR="keep")
    saw = seen(campaign, person)
    monkeypatch.setattr(submitting_flow, "_effect", together(submitting_flow._effect, 4, patience))

    def submit(by: object) -> object:
        return submits(by, campaign, person, saw=saw)  # type: ignore[arg-type]

    reviewers = [people.fws_lead, people.fws_representative] * 2
    calls = [counted(partial(submit, one), *REFUSED, IntegrityError) for one in reviewers]
    ends = database.in_threads(calls)
    submitted = Event.objects.filter(tag="review:submitted").count()
    closed = Event.objects.filter(tag="grant:closed").count()
    came = (ends, submitted, closed, compare_with_log().findings)
    return None if came == (["done"] * 4, 1, int(role == "remove"), []) else f"{came}"


def unlocked_campaign(pk: int) -> ReviewCampaign:
    """The mutant of `hold_campaign`."""
    return ReviewCampaign.objects.select_related("rolebook_version").get(pk=pk)


@pytest.mark.requirement("IQCS-12")
@pytest.mark.invariant("I13")
@pytest.mark.parametrize("role", ["keep", "remove"])
def test_of_two_reviewers_of_an_account_one_submits_it_and_the_removal_is_one(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    assert two_reviewers(committed_db, monkeypatch, role, MOMENT) is None


@pytest.mark.postgres
@pytest.mark.invariant("I13")
@pytest.mark.parametrize("role", ["keep", "remove"])
def test_without_the_locks_of_people_and_campaign_two_reviewers_submit_an_account_twice_or_fail(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    monkeypatch.setattr(submitting_flow, "hold_campaign", unlocked_campaign)
    with no_locks():
        assert two_reviewers(committed_db, monkeypatch, role, 30) is not None


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.requirement("IQCS-12")
@pytest.mark.fault(18)
@pytest.mark.invariant("I13")
def test_who_is_closed_by_a_review_keeps_nothing_that_was_approved_at_that_instant(
    committed_db: CommittedDatabase,
) -> None:
    """What the locks of people hold here: a "no" to the account ends all that its reviewer answers for, as they saw it.

    Either the approval comes first: then the submission is refused, as its reviewer never saw the code, and everything
    stays; or the submission does, and nothing is given to a closed account. Without the locks the submission looks
    before the approval gives the code, and the approval looks before the submission closes the account: the code stays.
    """
    world = agencies()
    campaign = opened()
    people_at_once, calls = Lock(), count()

    def prepare(lane: int) -> Callable[[], Round]:
        lead = iqcs.holder(LEAD, "FWS", f"Lead {lane}")
        security = iqcs.holder(SECURITY, None, f"Security {lane}")
        answering = iqcs.holder(REPRESENTATIVE, "FWS-R6", f"Representative {lane}")
        for office in (lead, answering):
            iqcs.employed(office, "FWS")

        def next_round() -> Round:
            with people_at_once:
                number = next(calls)
            person = iqcs.holder(MANAGER, "FWS-R6-BNR", f"Person {number}")
            iqcs.employed(person, "FWS-R6-BNR")
            request = iqcs.asks(person, iqcs.answers({}, ["FWS-R6"]), at=MEANWHILE - timedelta(hours=2))
            decides(answering, open_stage(request), at=MEANWHILE - timedelta(hours=1))
            with unit_of_work(at=MEANWHILE, origin=COMMAND) as work:
                bring_up_to_date(work, hold_campaign(campaign.pk), [person.pk])
                work.nothing_happened()
            answers(lead, campaign, person, account="remove")
            saw, stage = seen(campaign, person), open_stage(request)
            return Round(
                [
                    lambda: submits(lead, campaign, person, saw=saw),
                    lambda: decides(security, stage, at=MEANWHILE),
                ],
                {"person": person},
            )

        return next_round

    def wrong(one: Round) -> str | None:
        person = one.about["person"]
        left = Access.objects.filter(account=person, closed_at=None).count()  # type: ignore[misc]
        left += Grant.objects.filter(account=person, closed_at=None).count()  # type: ignore[misc]
        closed = Participation.objects.get(account=person).status == "closed"  # type: ignore[misc]
        strange = [found for found in one.results.values() if not isinstance(found, _ENDS)]
        submitted = any(isinstance(found, Submitted) for found in one.results.values())
        right = closed and not left if submitted else not closed and left == 3
        return None if right and not strange else f"closed {closed}, {left} left: {one.results}"

    assert world.fws_lead.name == "Lena Lead"
    with_and_without_locks(committed_db, prepare, wrong)


_ENDS = (Submitted, Outcome, AlreadyDecided, ReturnedForChange, Refused, NotAllowed, NotFound)
