"""Whose an open stage is: one rule for pages, lists, mails and the job; nobody's is told once, whenever it comes."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.audit.models import Event
from rolebook.governance.deciders import people_in_office, who_may_decide
from rolebook.governance.flows.answer_as_supervisor import answer_as_supervisor
from rolebook.governance.flows.watch_stages import escalate_stages, remind_approvers
from rolebook.governance.models import Absence, Grant, Request, Stage
from rolebook.governance.queries import my_requests, request_detail
from rolebook.governance.queries.waiting_besides import waiting_for
from rolebook.governance.queries.waits import Waiting
from rolebook.governance.whose_turn import Whose, whose_turns
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.support import grants, iqcs, rolebooks
from tests.support.grants import LATER, asks, decides, open_stage
from tests.support.iqcs import MANAGER
from tests.support.people import START, WEB

pytestmark = [pytest.mark.requirement("QPP-09"), pytest.mark.fault(20)]
MINUTE = timedelta(minutes=1)
SERVICE_CENTER = "Quality Payment Program Service Center"


def whose(stage: Stage, at: datetime = LATER) -> Whose:
    """Whose a stage is by the rule, which agrees with whom the mails go to."""
    book = rolebooks.in_force(stage.program_id, at)
    found = whose_turns(book, [stage], at)[stage.pk]
    assert (found == Whose.NOBODY) == (who_may_decide(book, stage, at) == ())
    assert (found == Whose.OFFICE) == people_in_office(book, stage, at).exists()
    return found


def leaves(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(status=Account.Status.DEACTIVATED)


def is_back(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(status=Account.Status.ACTIVE)


def goes_on_leave(account: Account, program_id: str = "qpp") -> None:
    """By rows: who is a steward and nothing else records no absence, who holds another office, too, does."""
    Absence.objects.create(
        account=account,
        program_id=program_id,
        starts_at=START,
        ends_at=START + timedelta(days=5),
        recorded_at=START,
        recorded_by=account,
    )


def told(at: datetime, kind: str = "steward-needed") -> list[str]:
    """Who was told by a kind of notice derived at this instant."""
    while derive_notices(now=at):
        pass
    found = Notice.objects.filter(kind=kind, created_at=at)
    return sorted(one.recipient.name for one in found if one.recipient is not None)


def on_the_page(viewer: Account, request: Request, at: datetime = LATER) -> Waiting | None:
    """What the one open step waits for on the request's page; its line and the list say the same."""
    found = request_detail(viewer, request.public_id, request.program_id, at)
    [step] = found.present.steps
    [item] = found.line.items
    listed = my_requests(request.requester, request.program_id, at).rows[0]
    assert item.waits == found.line.waits == listed.waits == listed.items[0].waits == (step.waits,)
    return step.waits


@pytest.mark.usefixtures("qpp")
class TestOrdinaryRequests:
    """Requests for a role, in a program that has no reminders."""

    @pytest.mark.parametrize(
        ("happens", "expected"),
        [
            ({}, Whose.OFFICE),
            ({"official": leaves}, Whose.STEWARD),
            ({"official": goes_on_leave}, Whose.STEWARD),
            ({"official": leaves, "steward": goes_on_leave}, Whose.STEWARD),
            ({"official": leaves, "steward": leaves}, Whose.NOBODY),
            ({"steward": leaves}, Whose.OFFICE),
        ],
        ids=["all there", "official left", "official away", "steward away", "nobody left", "steward left"],
    )
    def test_it_is_the_offices_then_the_stewards_then_nobodys(
        self, practice: Organization, happens: dict[str, Callable[[Account], None]], expected: Whose
    ) -> None:
        people = {"official": grants.official(practice), "steward": grants.steward()}
        request = asks(grants.user(), practice)
        for name, happening in happens.items():
            happening(people[name])
        assert whose(open_stage(request)) == expected

    def test_page_course_and_lists_say_that_the_only_steward_asked_for_it(
        self, practice: Organization
    ) -> None:
        steward = grants.steward()
        request = asks(steward, practice)
        assert whose(open_stage(request)) == Whose.NOBODY
        waits = on_the_page(steward, request)
        assert waits == Waiting(SERVICE_CENTER, None, START, Whose.NOBODY)
        assert waits.words == "Nobody can decide it now"
        assert request_detail(steward, request.public_id, "qpp", LATER).may_designate
        other = grants.steward("Stefan Steward")
        assert whose(open_stage(request)) == Whose.STEWARD
        waits = on_the_page(other, request)
        assert waits is not None
        assert waits.words == f"Waits for the {SERVICE_CENTER}"

    def test_page_course_and_lists_say_since_when_it_waits_for_the_steward_and_not_for_the_office(
        self, practice: Organization
    ) -> None:
        official, asker = grants.official(practice), grants.user()
        grants.steward()
        request = asks(asker, practice)
        leaves(official)
        # The steward is asked from now on; on record only once it came to them.
        assert on_the_page(asker, request) == Waiting(SERVICE_CENTER, None, START, Whose.STEWARD)
        assert escalate_stages(LATER) == 1
        assert on_the_page(asker, request) == Waiting(SERVICE_CENTER, None, LATER, Whose.STEWARD)
        is_back(official)
        waits = on_the_page(asker, request)
        assert waits is not None
        assert (waits.whose, waits.since) == (Whose.OFFICE, START)

    def test_the_stewards_are_told_at_once_where_nobody_can_decide_as_it_opens(
        self, practice: Organization
    ) -> None:
        steward = grants.steward()
        asks(steward, practice)
        assert told(LATER) == [steward.name]
        assert [escalate_stages(LATER + n * MINUTE) for n in (1, 2)] == [0, 0]
        assert told(LATER + 3 * MINUTE) == []

    def test_who_can_name_another_is_told_once_when_the_last_steward_who_could_decide_leaves(
        self, practice: Organization
    ) -> None:
        steward, other = grants.steward(), grants.steward("Stefan Steward")
        request = asks(steward, practice)
        assert (told(LATER), told(LATER, "request-waiting")) == ([], [other.name])
        leaves(other)
        escalate_stages(LATER + MINUTE)
        assert told(LATER + MINUTE) == [steward.name]
        escalate_stages(LATER + 2 * MINUTE)
        assert remind_approvers(LATER + timedelta(days=30)) == 0
        assert told(LATER + 2 * MINUTE) == []
        assert whose(open_stage(request), LATER + 2 * MINUTE) == Whose.NOBODY
        assert request.stages.get().state == Stage.State.OPEN

    def test_it_is_told_again_only_after_somebody_could_decide_in_between(
        self, practice: Organization
    ) -> None:
        steward, other = grants.steward(), grants.steward("Stefan Steward")
        asks(steward, practice)
        for n, happens in enumerate((leaves, is_back, leaves)):
            happens(other)
            escalate_stages(LATER + n * MINUTE)
        tags = Event.objects.filter(tag__in=["stage:stuck", "stage:unstuck"]).order_by("sequence")
        assert list(tags.values_list("tag", flat=True)) == ["stage:stuck", "stage:unstuck", "stage:stuck"]

    def test_home_counts_it_for_who_names_stewards_and_for_nobody_else(self, practice: Organization) -> None:
        steward, asker = grants.steward(), grants.user("Uma Asker")
        official = grants.official(practice)
        request = asks(asker, practice)
        decides(official, open_stage(request))
        stuck = asks(steward, practice)
        leaves(official)
        escalate_stages(LATER)
        assert waiting_for(steward, "qpp", LATER).stuck == 1
        assert waiting_for(asker, "qpp", LATER).stuck == 0
        assert stuck.stages.get().stuck_since == LATER
        other = grants.steward("Stefan Steward", "qpp")
        # At use it is so no longer, whether or not the job ran.
        assert waiting_for(steward, "qpp", LATER).stuck == 0
        assert other.is_active

    def test_where_no_steward_is_left_it_waits_and_nobody_is_told_by_mail(
        self, practice: Organization
    ) -> None:
        steward = grants.steward()
        request = asks(grants.user(), practice)
        Grant.objects.filter(account=steward).update(closed_at=START + MINUTE)
        escalate_stages(LATER)
        assert told(LATER) == []
        assert whose(open_stage(request)) == Whose.NOBODY
        assert request.stages.get().state == Stage.State.OPEN


@pytest.mark.requirement("IQCS-03")
@pytest.mark.usefixtures("iqcs_world")
def test_a_steward_who_decided_a_step_or_represents_who_did_is_no_steward_for_the_next(
    person: Account,
) -> None:
    steward = grants.steward(program_id=iqcs.PROGRAM)
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["BOR"], employer="BOR"))
    assert whose(open_stage(request)) == Whose.STEWARD
    decides(steward, open_stage(request))
    assert whose(open_stage(request)) == Whose.NOBODY
    second = grants.steward("Stefan Steward", iqcs.PROGRAM)
    assert whose(open_stage(request)) == Whose.STEWARD
    goes_on_leave(second, iqcs.PROGRAM)
    assert whose(open_stage(request)) == Whose.STEWARD
    leaves(second)
    assert whose(open_stage(request)) == Whose.NOBODY


@pytest.mark.requirement("IQCS-02")
@pytest.mark.usefixtures("iqcs_world")
def test_before_the_supervisors_word_a_request_waits_for_the_supervisor_and_no_longer_after(
    person: Account, representative: Account
) -> None:
    post = iqcs.Post()
    request = iqcs.asks(person, iqcs.answers({MANAGER: "add"}, ["FWS-R6"]), authorized=False, post=post)
    expected = Waiting("supervisor", None, START, Whose.SUPERVISOR, "Sam Supervisor")
    line = request_detail(person, request.public_id, iqcs.PROGRAM, LATER).line
    listed = my_requests(person, iqcs.PROGRAM, LATER).rows[0]
    assert line.waits == listed.waits == (expected,)
    assert {item.waits for item in (*line.items, *listed.items)} == {(expected,)}
    assert expected.words == "Waits for the supervisor, Sam Supervisor"
    token = post.sent[0].token
    answer_as_supervisor(program_id=iqcs.PROGRAM, authorize=True, token=token, at=LATER, origin=WEB)
    [waits] = my_requests(person, iqcs.PROGRAM, LATER).rows[0].waits
    assert waits == request_detail(person, request.public_id, iqcs.PROGRAM, LATER).line.waits[0]
    assert waits.whose == Whose.OFFICE
    assert representative.is_active
