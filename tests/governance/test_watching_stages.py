"""Stages that nobody answers: they come to the steward, late as well, are reminded of, and never pass by themselves."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.audit.models import Event
from rolebook.governance.deciders import stages_nobody_can_decide, who_may_decide
from rolebook.governance.flows.end_designation import end_designation
from rolebook.governance.flows.record_absence import end_absence
from rolebook.governance.flows.watch_stages import escalate_stages, remind_approvers
from rolebook.governance.models import Grant, Outcome, Stage
from rolebook.governance.queries import pending_requests
from rolebook.governance.refusals import NotAllowed
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from rolebook.policy.model import STEWARD_ID, Act, Rolebook
from tests.governance.test_absences import goes
from tests.support import grants, iqcs, rolebooks
from tests.support.grants import asks, decides, open_stage
from tests.support.people import COMMAND, START, WEB

pytestmark = pytest.mark.requirement("IQCS-03")
LATER = START + timedelta(hours=2)
MINUTE = timedelta(minutes=1)


def escalations() -> list[tuple[str, bool]]:
    """(why, whether late) of the stages that came to the steward, by the log."""
    import json

    events = Event.objects.filter(tag="stage:escalated").order_by("sequence")
    return [(new["why"], new["late"]) for new in (json.loads(one.content)["new"] for one in events)]


def told(kind: str, at: datetime) -> list[str]:
    while derive_notices(now=at):
        pass
    return sorted(str(notice.recipient) for notice in Notice.objects.filter(kind=kind))


@pytest.mark.usefixtures("qpp")
class TestNobodyLeft:
    """What nobody who is there can decide."""

    def test_a_stage_without_anybody_comes_to_the_steward_as_it_opens(self, practice: Organization) -> None:
        steward = grants.steward()
        request = asks(grants.user(), practice)
        assert escalations() == [("nobody", False)]
        assert escalate_stages(LATER) == 0
        assert told("request-waiting", LATER) == [steward.name]
        assert told("stage-escalated", LATER) == []
        assert not Outcome.objects.exists()
        decides(steward, open_stage(request), at=LATER)

    @pytest.mark.parametrize("way", ["leaves", "on leave"])
    def test_it_comes_late_and_once_when_the_last_approver_leaves_or_goes_on_leave(
        self, practice: Organization, way: str
    ) -> None:
        steward, official = grants.steward(), grants.official(practice)
        request = asks(grants.user(), practice)
        assert escalate_stages(LATER) == 0
        with pytest.raises(NotAllowed):
            decides(steward, open_stage(request), at=LATER)
        if way == "leaves":
            _ends(official)
        else:
            goes(official, at=LATER)
        # At use it is so at once, whether or not a job ran.
        assert len(pending_requests(steward, "qpp", LATER, show="to decide").rows) == 1
        assert [escalate_stages(LATER + n * MINUTE) for n in (1, 2)] == [1, 0]
        assert escalations() == [("nobody", True)]
        assert told("stage-escalated", LATER + 3 * MINUTE) == [steward.name]
        decides(steward, open_stage(request), at=LATER + 3 * MINUTE)

    def test_a_colleague_or_a_delegate_who_is_there_keeps_it_from_the_steward(
        self, practice: Organization
    ) -> None:
        official, colleague = grants.official(practice), grants.official(practice, "Cora Colleague")
        steward = grants.steward()
        request = asks(grants.user(), practice)
        goes(official, colleague)
        assert escalate_stages(LATER) == 0
        with pytest.raises(NotAllowed):
            decides(steward, open_stage(request), at=LATER)
        goes(colleague, at=LATER)
        assert escalate_stages(LATER + MINUTE) == 1

    def test_who_asks_for_themselves_alone_in_office_is_nobody(self, practice: Organization) -> None:
        steward, official = grants.steward(), grants.official(practice)
        request = asks(official, practice, role_id="staff_user")
        assert escalations() == [("nobody", False)]
        decides(steward, open_stage(request), at=LATER)

    def test_it_goes_back_to_its_office_when_somebody_is_there_again_and_comes_again_when_they_leave(
        self, practice: Organization
    ) -> None:
        official = grants.official(practice)
        steward = grants.steward()
        request = asks(grants.user(), practice)
        absence = goes(official)
        escalate_stages(LATER)
        end_absence(
            acting_user=official, program_id="qpp", absence_id=absence.public_id, at=LATER, origin=WEB
        )
        with pytest.raises(NotAllowed):
            decides(steward, open_stage(request), at=LATER)
        assert escalate_stages(LATER + MINUTE) == 0
        assert Event.objects.filter(tag="stage:came-back").count() == 1
        goes(official, at=LATER + MINUTE)
        assert [escalate_stages(LATER + n * MINUTE) for n in (2, 3)] == [1, 0]

    def test_two_workers_tell_it_once(self, practice: Organization) -> None:
        official = grants.official(practice)
        asks(grants.user(), practice)
        _ends(official)
        assert [escalate_stages(LATER), escalate_stages(LATER)] == [1, 0]
        assert Event.objects.filter(tag="stage:escalated").count() == 1


def _ends(account: Account) -> None:
    end_designation(
        acting_user=None,
        program_id="qpp",
        grant_id=Grant.objects.get(account=account).public_id,
        reason="left",
        at=LATER - MINUTE,
        origin=COMMAND,
    )


@pytest.mark.usefixtures("iqcs_world")
class TestWorkingDays:
    """IQCS reminds after 3 and 7 working days, and the steward is told after 10."""

    # START is a Monday, 2026-03-02, 08:00 in Boise; the clocks there go forward on 2026-03-08.
    THIRD = START + timedelta(days=3)
    SEVENTH = START + timedelta(days=9, hours=-1)
    TENTH = START + timedelta(days=14, hours=-1)
    SECOND = timedelta(seconds=1)

    @pytest.fixture
    def stage(self, person: Account, representative: Account) -> Stage:
        return open_stage(iqcs.asks(person, iqcs.answers({iqcs.MANAGER: "add"})))

    def test_approvers_are_reminded_at_the_declared_days_each_time_once(
        self, stage: Stage, representative: Account
    ) -> None:
        assert remind_approvers(self.THIRD - self.SECOND) == 0
        assert [remind_approvers(self.THIRD), remind_approvers(self.THIRD)] == [1, 0]
        assert told("stage-reminder", self.THIRD) == [representative.name]
        assert remind_approvers(self.SEVENTH - self.SECOND) == 0
        assert [remind_approvers(self.SEVENTH + n * MINUTE) for n in (0, 1)] == [1, 0]

    def test_after_a_pause_of_the_worker_one_reminder_is_given_not_two(self, stage: Stage) -> None:
        assert remind_approvers(self.TENTH) == 1
        assert remind_approvers(self.TENTH + MINUTE) == 0

    def test_a_stage_that_was_decided_is_not_reminded_of(self, stage: Stage, representative: Account) -> None:
        decides(representative, stage, at=self.THIRD)
        assert remind_approvers(self.THIRD) == 0

    def test_nobody_who_is_out_of_office_is_reminded(self, stage: Stage, representative: Account) -> None:
        colleague = iqcs.holder(iqcs.REPRESENTATIVE, "FWS", "Cora Colleague")
        from rolebook.governance.flows.record_absence import record_absence

        record_absence(
            acting_user=representative,
            program_id="iqcs",
            first_on=self.THIRD.date(),
            last_on=self.THIRD.date() + timedelta(days=5),
            delegates={iqcs.REPRESENTATIVE: colleague.public_id},
            at=START,
            origin=WEB,
        )
        remind_approvers(self.THIRD)
        assert told("stage-reminder", self.THIRD) == [colleague.name]
        text = Notice.objects.get(kind="stage-reminder").text
        assert f"{representative.name}, until" in text
        assert f"{colleague.name} decides meanwhile" in text

    def test_what_has_waited_too_long_comes_to_the_steward_as_well_and_passes_by_itself_never(
        self, stage: Stage, representative: Account
    ) -> None:
        steward = grants.steward("Stella Steward", "iqcs")
        before = self.TENTH - self.SECOND
        assert escalate_stages(before) == 0
        with pytest.raises(NotAllowed):
            decides(steward, stage, at=before)
        assert [escalate_stages(self.TENTH), escalate_stages(self.TENTH + MINUTE)] == [1, 0]
        stage.refresh_from_db()
        assert (stage.state, stage.escalated_why) == ("open", "overdue")
        assert told("stage-escalated", self.TENTH) == [steward.name]
        # Both may: the office keeps it, and the steward has it, too.
        assert len(pending_requests(steward, "iqcs", self.TENTH, show="to decide").rows) == 1
        assert len(pending_requests(representative, "iqcs", self.TENTH, show="to decide").rows) == 1
        decides(steward, stage, at=self.TENTH)


def cover_responders_only(*offices: str) -> Rolebook:
    """Put a rolebook into force in which some offices decide roles of the responders' category only."""
    book = rolebooks.in_force("iqcs")
    holders = tuple(
        replace(one, category_ids=("responder",)) if one.role_id in offices else one
        for one in book.authority.holders(Act.DECIDE)
    )
    narrowed = replace(book.authority, acts={**book.authority.acts, Act.DECIDE: holders})
    rolebooks.put_in_force(replace(book, authority=narrowed))
    return rolebooks.in_force("iqcs")


@pytest.mark.usefixtures("iqcs_world", "representative")
def test_where_the_stewards_office_does_not_cover_the_role_either_nobody_can_decide(person: Account) -> None:
    steward = grants.steward(program_id="iqcs")
    stage = open_stage(iqcs.asks(person, iqcs.answers({iqcs.MANAGER: "add"})))
    book = cover_responders_only(iqcs.REPRESENTATIVE, STEWARD_ID)
    assert who_may_decide(book, stage, LATER) == ()
    assert Stage.objects.filter(stages_nobody_can_decide(book, LATER), pk=stage.pk).exists()
    assert pending_requests(steward, "iqcs", LATER, show="to decide").rows == ()


@pytest.mark.usefixtures("iqcs_world")
def test_a_stage_that_names_a_role_which_nobodys_office_covers_comes_to_the_steward(
    person: Account, representative: Account
) -> None:
    steward = grants.steward(program_id="iqcs")
    stage = open_stage(iqcs.asks(person, iqcs.answers({iqcs.MANAGER: "add"})))
    assert who_may_decide(rolebooks.in_force("iqcs"), stage, LATER) == (representative,)
    book = cover_responders_only(iqcs.REPRESENTATIVE)
    assert who_may_decide(book, stage, LATER) == (steward,)
    assert escalate_stages(LATER) == 1
    for who, rows in ((representative, 0), (steward, 1)):
        assert len(pending_requests(who, "iqcs", LATER, show="to decide").rows) == rows
    decides(steward, stage, at=LATER)
