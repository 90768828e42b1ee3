"""Campaign histories: whatever people do while an audit is open, what follows from it follows from its answers."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rolebook.accounts.models import Account
from rolebook.audit.models import Event
from rolebook.governance.authority import in_force
from rolebook.governance.flows import change_participation_status, remove_access
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.flows.tend_reviews import tend_reviews
from rolebook.governance.models import Access, Grant, Participation, ReviewCampaign, ReviewItem
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.replaying import compare_with_log
from rolebook.governance.review_digests import answers_hash, items_hash
from tests.support import iqcs
from tests.support.iqcs import PROGRAM, SECURITY
from tests.support.people import COMMAND, WEB
from tests.support.reviews import MEANWHILE, Agencies, agencies, answers, items, opened, submits

WHO, WHOM = ("fws_lead", "fws_representative", "usaf_lead"), ("fws_person", "both", "fws_lead")
NAMES = ("account", "account_manager", "agency_lead", "FWS_R6_BNR", "USAF_ACC", "FWS_R6", "FWS")
ACTS = st.one_of(
    st.tuples(
        st.just("answer"),
        st.sampled_from(WHO),
        st.sampled_from(WHOM),
        st.sampled_from(NAMES),
        st.sampled_from(("keep", "keep", "remove")),
    ),
    st.tuples(st.just("answer all"), st.sampled_from(WHO), st.sampled_from(WHOM)),
    st.tuples(st.just("submit"), st.sampled_from(WHO), st.sampled_from(WHOM)),
    st.tuples(
        st.just("give"), st.sampled_from(("fws_person", "both")), st.sampled_from(("FWS-R6", "USAF-ACC"))
    ),
    st.tuples(
        st.just("remove"), st.sampled_from(("fws_person", "both")), st.sampled_from(("FWS-R6-BNR", "FWS-R6"))
    ),
    st.tuples(st.just("tend")),
)


@dataclass
class Run:
    """One world for all histories: each opens a campaign of its own, some days later."""

    people: Agencies
    security: Account
    day: int = 0
    settled: dict[int, tuple[object, ...]] = field(default_factory=dict)

    def play(self, acts: list[tuple[str, ...]]) -> None:
        self.day += 8
        at = MEANWHILE + timedelta(days=self.day)
        for name in ("fws_person", "both"):
            self._reopen(getattr(self.people, name), at)
        campaign = opened(at, due_on=(at + timedelta(days=5)).date())
        assert items_hash(campaign)[2] == campaign.items_hash
        self.settled = {}
        for number, act in enumerate(acts):
            self._do(campaign, act, at + timedelta(hours=1, minutes=number))
            self._nothing_settled_changes(campaign)
        close_review(
            acting_user=None,
            program_id=PROGRAM,
            campaign_id=campaign.public_id,
            at=at + timedelta(days=3),
            origin=COMMAND,
        )
        self._nothing_settled_changes(campaign)
        self._what_followed(campaign)

    def _reopen(self, account: Account, at: object) -> None:
        if Participation.objects.get(account=account).status == "closed":
            change_participation_status(
                acting_user=None,
                program_id=PROGRAM,
                beneficiary_id=account.public_id,
                status="active",
                reason="again",
                at=at,  # type: ignore[arg-type]
                origin=COMMAND,
            )

    def _do(self, campaign: ReviewCampaign, act: tuple[str, ...], at: object) -> None:
        what, *rest = act
        people = [getattr(self.people, one) for one in rest[:2] if hasattr(self.people, one)]
        try:
            if what == "answer":
                answers(people[0], campaign, people[1], at, **{rest[2]: rest[3]})  # type: ignore[arg-type]
            elif what == "answer all":
                for name in NAMES:
                    try:
                        answers(people[0], campaign, people[1], at, **{name: "keep"})  # type: ignore[arg-type]
                    except (KeyError, NotFound):
                        continue
            elif what == "submit":
                submits(people[0], campaign, people[1], at)  # type: ignore[arg-type]
            elif what == "give":
                iqcs.gives_access(people[0], rest[1], at=at)  # type: ignore[arg-type]
            elif what == "remove":
                remove_access(
                    acting_user=self.security,
                    program_id=PROGRAM,
                    organization_id=iqcs.place(rest[1]).public_id,
                    beneficiary_id=people[0].public_id,
                    at=at,  # type: ignore[arg-type]
                    origin=WEB,
                )
            else:
                tend_reviews(at)  # type: ignore[arg-type]
        except (KeyError, NotFound, Refused):
            pass

    def _nothing_settled_changes(self, campaign: ReviewCampaign) -> None:
        """Whatever is settled stays as it is: no removal opens another item again."""
        for item in ReviewItem.objects.filter(campaign=campaign).exclude(settled_at=None):
            told = (item.outcome, item.answer, item.settled_at, item.submitted_by_id)
            assert self.settled.setdefault(item.pk, told) == told

    def _what_followed(self, campaign: ReviewCampaign) -> None:
        campaign.refresh_from_db()
        assert campaign.answers_hash == answers_hash(campaign)
        by_review = {
            str(event.content).partition('_id":"')[2]
            for event in Event.objects.filter(tag__in=("grant:closed", "access:closed"))
            if '"cause":"review"' in event.content
        }
        closed = " ".join(by_review)
        rows = ReviewItem.objects.filter(campaign=campaign).select_related("grant", "access", "reviewed")
        for item in rows:
            assert item.outcome
            assert item.submitted_by_id != item.reviewed.account_id
            holding = item.grant or item.access
            if holding is None:
                continue
            if item.outcome == "removed":
                assert holding.closed_at is not None
                assert str(holding.public_id) in closed
            elif item.outcome in ("kept", "unanswered"):
                assert str(holding.public_id) not in closed
        at = campaign.closed_at
        assert at is not None
        for account in (self.people.fws_person, self.people.both):
            if Participation.objects.get(account=account).status != "active":
                continue
            held = Grant.objects.filter(in_force(at), account=account).count()
            held += Access.objects.filter(in_force(at), account=account).count()
            mine = [one for name, one in items(campaign, account).items() if name != "account"]
            still = [
                one for one in mine if (h := one.grant or one.access) is not None and h.closed_at is None
            ]
            assert len(still) == held


@pytest.mark.requirement("IQCS-12")
def test_what_a_campaign_does_follows_from_its_answers_whatever_happens_meanwhile(db: None) -> None:
    people = agencies()
    run = Run(people, iqcs.holder(SECURITY, None, "Sid Security"))

    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(ACTS, min_size=4, max_size=14))
    def history(acts: list[tuple[str, ...]]) -> None:
        run.play(acts)

    history()
    assert not compare_with_log().findings
