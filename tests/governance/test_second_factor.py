"""Nobody acts without a second factor, whatever way it was lost and whatever door they come through (QPP-01)."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator

from rolebook.accounts.credential_models import Passkey
from rolebook.accounts.flows.credentials import ask_for_password_reset, reset_password
from rolebook.accounts.flows.status import reset_second_factor
from rolebook.accounts.models import Account, LinkedIdentity, Organization
from rolebook.accounts.second_factor import has_second_factor
from rolebook.audit.models import Event
from rolebook.governance.flows import (
    ShownStage,
    ask_to_submit_again,
    decide_stages,
    remove_access,
    remove_program_roles,
)
from rolebook.governance.models import Grant, Outcome, Stage
from rolebook.governance.refusals import NotAllowed
from tests.support import grants, people
from tests.support.grants import LATER, OFFICIAL, STAFF, asks, decides, designated, open_stage
from tests.support.people import COMMAND, WEB, Mails

pytestmark = [pytest.mark.usefixtures("qpp"), pytest.mark.requirement("QPP-01")]
FLOWS = Path(__file__).parents[2] / "src/rolebook/governance/flows"


def loses_factor(account: Account) -> None:
    """Lose it in the hardest way: a row that is gone, with no flow to end sessions."""
    Authenticator.objects.filter(user=account).delete()


def waiting_stage(practice: Organization) -> Stage:
    return open_stage(asks(grants.user("Uma User"), practice))


def refused(act: Callable[[], object]) -> None:
    with pytest.raises(NotAllowed) as refusal:
        act()
    assert refusal.value.code == "second_factor_missing"


def test_an_official_without_a_factor_decides_nothing(practice: Organization) -> None:
    official, stage = grants.official(practice), waiting_stage(practice)
    loses_factor(official)
    refused(lambda: decides(official, stage))
    assert not Outcome.objects.exists()
    event = Event.objects.get(tag="attempt:refused:decide")
    assert "second_factor_missing" in event.content


def test_an_official_without_a_factor_decides_not_many_at_once_either(practice: Organization) -> None:
    official, stage = grants.official(practice), waiting_stage(practice)
    loses_factor(official)
    shown = ShownStage(stage.public_id, stage.request_version, stage.items_hash)
    refused(
        lambda: decide_stages(
            acting_user=official, program_id="qpp", stages=[shown], verdict="approved", at=LATER, origin=WEB
        )
    )
    assert not Outcome.objects.exists()


def test_an_official_without_a_factor_removes_nobody(practice: Organization) -> None:
    official = grants.official(practice)
    person = grants.staff(practice, official)
    loses_factor(official)
    refused(
        lambda: remove_access(
            acting_user=official,
            program_id="qpp",
            organization_id=practice.public_id,
            beneficiary_id=person.public_id,
            at=LATER,
            origin=WEB,
        )
    )
    assert Grant.objects.filter(account=person, role_id=STAFF, closed_at=None).exists()


def test_an_official_without_a_factor_asks_nobody_to_submit_again(practice: Organization) -> None:
    official, stage = grants.official(practice), waiting_stage(practice)
    decides(official, stage, "denied")
    loses_factor(official)
    refused(
        lambda: ask_to_submit_again(
            acting_user=official, program_id="qpp", request_id=stage.request.public_id, at=LATER, origin=WEB
        )
    )


def test_a_steward_without_a_factor_designates_nobody(practice: Organization) -> None:
    steward, person = grants.steward(), grants.user()
    loses_factor(steward)
    refused(lambda: designated(person, OFFICIAL, practice, by=steward, at=LATER))
    assert not Grant.objects.filter(account=person).exists()


def test_a_steward_without_a_factor_removes_no_office() -> None:
    steward, other = grants.steward(), grants.steward("Sten Steward")
    loses_factor(steward)
    refused(
        lambda: remove_program_roles(
            acting_user=steward, program_id="qpp", beneficiary_id=other.public_id, at=LATER, origin=WEB
        )
    )


def test_recovery_codes_alone_are_no_second_factor(practice: Organization) -> None:
    official, stage = grants.official(practice), waiting_stage(practice)
    Authenticator.objects.filter(user=official).update(type="recovery_codes")
    refused(lambda: decides(official, stage))


def test_a_passkey_is_a_second_factor(practice: Organization) -> None:
    official, stage = grants.official(practice), waiting_stage(practice)
    loses_factor(official)
    Passkey.objects.create(account=official, name="Key", credential_id=b"1", credential=b"", created_at=LATER)
    assert isinstance(decides(official, stage), Outcome)


@pytest.mark.parametrize("counted", [True, False])
def test_an_identity_provider_counts_only_once_it_has_confirmed_two_factors(
    practice: Organization, counted: bool
) -> None:
    official = grants.official(practice)
    loses_factor(official)
    LinkedIdentity.objects.create(
        account=official,
        provider_id="agency",
        issuer="https://id.example.org",
        subject="1",
        linked_at=LATER,
        two_factors_at=LATER if counted else None,
    )
    assert has_second_factor(official) is counted


def test_another_persons_factor_is_not_ones_own(practice: Organization) -> None:
    official, stage = grants.official(practice), waiting_stage(practice)
    loses_factor(official)
    assert has_second_factor(stage.request.beneficiary)
    assert not has_second_factor(official)


@pytest.mark.fault(40)
def test_neither_the_operators_help_nor_a_new_password_lets_an_official_act(practice: Organization) -> None:
    official, stage = grants.official(practice), waiting_stage(practice)
    mails = Mails()
    proof_id = ask_for_password_reset(named=official.email, at=LATER, origin=WEB, send=mails)
    reset_second_factor(account=official, at=LATER, origin=COMMAND, send=Mails())
    # The mailbox stands in for the lost factor now: it sets no password beside that, by a code from before either.
    with pytest.raises(Exception, match="spent"):
        reset_password(
            proof_id=proof_id,
            code=mails.last.code,
            new="a-new-long-password-7",
            at=LATER,
            origin=WEB,
            send=mails,
        )
    refused(lambda: decides(official, stage))
    people.give_factor(official)
    assert isinstance(decides(official, stage), Outcome)


def test_every_flow_that_acts_for_somebody_asks_for_the_second_factor() -> None:
    without_one = {
        "attempt",  # how flows begin
        "record_sign_in",  # notes that a session began, and gives nothing
        "answer_as_supervisor",  # a supervisor's word by a mailed link: no office, and no account needed
        "ask_voucher_for_passkey",  # asks for that very factor, and gives nothing
        "ask_supervisor_again",  # the requester has that link mailed once more
        "declare_same_person",  # says something of oneself, which a steward judges
        "detach_files",  # takes files from what one has not sent yet
        "discard_account_draft",  # throws away what one has written oneself
        "drop_upload",  # throws away a file that one has sent oneself
        "import_accounts",  # the operator at the command line
        "import_grants",
    }
    calls: dict[str, set[str]] = {}
    acting: set[str] = set()
    for path in FLOWS.glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            calls.setdefault(node.name, set()).update(_called(node))
            if not node.name.startswith("_") and any(
                arg.arg == "acting_user" for arg in node.args.kwonlyargs
            ):
                acting.add(node.name)
    asking = {"acting_standing"}
    while more := {name for name, called in calls.items() if called & asking} - asking:
        asking |= more
    assert sorted(acting - asking - without_one) == []


def _called(function: ast.FunctionDef) -> set[str]:
    return {
        call.func.id
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }
