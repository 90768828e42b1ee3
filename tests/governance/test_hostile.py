"""Exploits that were tried with the code open, kept as tests (docs/security/hostile-reading.md)."""

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.governance.flows.answer_as_supervisor import answer_as_supervisor
from rolebook.governance.flows.change_status import change_account_status
from rolebook.governance.flows.name_same_person import declare_same_person, tell_apart
from rolebook.governance.models import Grant, Outcome, Participation
from rolebook.governance.queries.duplicates import merge_preview, possible_duplicates
from rolebook.governance.refusals import NotAllowed, Refused
from tests.support import grants, iqcs, people, rolebooks
from tests.support.grants import LATER
from tests.support.people import COMMAND, START, WEB


@pytest.mark.requirement("IQIES-04")
@pytest.mark.invariant("I1")
@pytest.mark.fault(6)
def test_a_steward_reads_in_a_merges_preview_nothing_of_another_program(db: None) -> None:
    for program_id in ("qpp", "iqies"):
        people.activate(program_id)
    practice = people.practice()
    state = Organization.objects.get(program_id="iqies", code="OH")
    steward, everywhere = grants.steward(), grants.steward("Both")
    grants.designated(everywhere, grants.STEWARD, program_id="iqies")
    kept, closed = grants.user("Kept"), grants.user("Closed")
    grants.placed(closed, grants.STAFF, practice)
    grants.placed(closed, "state_general_user", state, program_id="iqies")
    for account in (kept, closed):
        for program_id in ("qpp", "iqies"):
            Participation.objects.get_or_create(
                account=account, program_id=program_id, defaults={"created_at": START}
            )

    def shown_to(viewer: Account) -> str:
        preview = merge_preview(viewer, "qpp", kept.public_id, closed.public_id, LATER)
        assert all(one.program_id == "qpp" for one in preview.plan.moves) or viewer == everywhere
        return " ".join(preview.sentences)

    assert "Staff User" in shown_to(steward)
    assert "Ohio" not in shown_to(steward)
    assert "state general user" not in shown_to(steward).casefold()
    assert "is not shown" in shown_to(steward)
    assert "Ohio" in shown_to(everywhere)


@pytest.mark.invariant("I7")
@pytest.mark.fault(35)
def test_a_supervisor_whose_account_is_deactivated_authorizes_nothing(db: None) -> None:
    iqcs.begin()
    person = grants.user("Rita Requester", iqcs.PROGRAM)
    supervisor = grants.user("Sam Supervisor", iqcs.PROGRAM)
    post = iqcs.Post()
    asked = iqcs.answers({"account_manager": "add"}, supervisor_email=supervisor.email)
    iqcs.asks(person, asked, authorized=False, post=post)
    change_account_status(account=supervisor, status="deactivated", reason="left", at=LATER, origin=COMMAND)
    with pytest.raises(NotAllowed):
        answer_as_supervisor(
            program_id=iqcs.PROGRAM,
            authorize=True,
            acting_user=supervisor,
            word_id=post.sent[0].word.public_id,
            at=LATER,
            origin=WEB,
        )
    assert not Grant.objects.filter(account=person).exists()


@pytest.mark.requirement("IQCS-03")
@pytest.mark.invariant("I5")
def test_what_one_organization_denied_holds_up_nothing_that_another_approved(db: None) -> None:
    """Nor does what is against the denied part by then: they were made an official there in another way."""
    people.activate()
    rolebooks.put_in_force(rolebooks.closed_by_the_steward(rolebooks.in_force()))
    places = [people.practice(f"Practice {number}") for number in range(2)]
    officials = [grants.official(place) for place in places]
    steward, person = grants.steward(), grants.user()
    request = grants.asks(person, *places, role_id=grants.OFFICIAL)
    grants.decides(officials[0], grants.open_stage(request, places[0]), "denied")
    grants.designated(person, grants.OFFICIAL, places[0], at=LATER)
    grants.decides(officials[1], grants.open_stage(request, places[1]))
    decided = grants.decides(steward, request.stages.get(organization=None))
    assert isinstance(decided, Outcome)
    request.refresh_from_db()
    assert request.state == "partly approved"
    assert Grant.objects.filter(account=person, request_item__isnull=False).count() == 1


@pytest.mark.requirement("IQIES-04")
@pytest.mark.invariant("I6")
def test_a_steward_who_holds_two_accounts_does_not_take_them_from_the_list_of_the_others(db: None) -> None:
    people.activate()
    steward, colleague, second = grants.steward(), grants.steward("Carl Colleague"), grants.user("Second")
    Participation.objects.get_or_create(account=second, program_id="qpp", defaults={"created_at": START})
    declare_same_person(acting_user=second, user_id=steward.user_id, at=LATER, origin=WEB)

    def apart(by: Account) -> None:
        tell_apart(
            acting_user=by,
            program_id="qpp",
            one_id=steward.public_id,
            other_id=second.public_id,
            reason="",
            at=LATER,
            origin=WEB,
        )

    with pytest.raises(Refused, match="own_pair"):
        apart(steward)
    assert len(possible_duplicates(colleague, "qpp", LATER)) == 1
    apart(colleague)
    assert possible_duplicates(colleague, "qpp", LATER) == ()
