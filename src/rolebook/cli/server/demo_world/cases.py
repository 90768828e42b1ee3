"""What the steward and the officials of the demo find waiting besides requests: people in need of somebody."""

from datetime import datetime

from rolebook.accounts.mail import AccountMail
from rolebook.accounts.models import Account
from rolebook.cli.server.demo_world.acts import Acts
from rolebook.cli.server.demo_world.cast import Person
from rolebook.governance.flows.change_status import change_participation_status
from rolebook.governance.flows.name_same_person import declare_same_person
from rolebook.governance.flows.recover_second_factor import ask_for_recovery, mail_recovery_code


def lose_second_factor(acts: Acts, person: Person, at: datetime) -> None:
    """Ask to be vouched for, with the mailed code: whoever may vouch is told."""
    account, origin = acts.accounts[person.user_id], acts.origin(person)
    codes: list[str] = []

    def send(mail: AccountMail) -> None:
        codes.append(mail.code)

    proof_id = mail_recovery_code(account=account, at=at, origin=origin, send=send)
    ask_for_recovery(
        account_id=account.pk,
        proof_id=proof_id,
        code=codes[0],
        at=at,
        origin=origin,
        send=acts.send(person, at),
    )


def name_other_account(acts: Acts, person: Person, other: Person, at: datetime) -> None:
    """Say that another account is one's own, too; the steward looks at the pair."""
    declare_same_person(
        acting_user=acts.accounts[person.user_id], user_id=other.user_id, at=at, origin=acts.origin(person)
    )


def deactivate(acts: Acts, by: Person, person: Person, why: str, at: datetime) -> None:
    """Deactivate somebody's part in the program, as its steward."""
    change_participation_status(
        acting_user=_account(acts, by),
        program_id=acts.program_id,
        beneficiary_id=_account(acts, person).public_id,
        status="deactivated",
        reason=why,
        at=at,
        origin=acts.origin(by),
    )


def _account(acts: Acts, person: Person) -> Account:
    return acts.accounts[person.user_id]
