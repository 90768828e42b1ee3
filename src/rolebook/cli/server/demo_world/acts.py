"""What the demo's people do, each through the flow that the pages call, at an instant that the story says."""

import base64
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rolebook.accounts.flows.credentials import set_up_totp
from rolebook.accounts.flows.registration import confirm_email, register_account
from rolebook.accounts.flows.signing_in import Agreement, sign_in
from rolebook.accounts.mail import AccountMail, SendMail
from rolebook.accounts.models import Account, Organization
from rolebook.accounts.queries import rolebook_in_force, statement_hash
from rolebook.accounts.second_factor import code_at
from rolebook.audit.recording import Origin
from rolebook.cli.server.demo_world.cast import PASSWORD, Person
from rolebook.governance.flows import (
    ask_to_submit_again,
    decide_stage,
    designate_role,
    record_sign_in,
    remove_access,
    request_role,
    withdraw_request,
)
from rolebook.governance.models import Request
from rolebook.notices.outbox import account_mails

OPERATOR = Origin("command")
_MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Acts:
    """The people of one program, and what they can do. Everything takes ``at``, the instant at which it happens.

    Attributes:
        program_id: the program.
        chance: where the people's secrets and addresses come from.
        mailed: whether a mail about an account goes into the outbox (else nobody will read it).
    """

    program_id: str
    chance: random.Random
    mailed: Callable[[Person, datetime], bool]
    accounts: dict[str, Account] = field(default_factory=dict)
    _secrets: dict[str, str] = field(default_factory=dict)
    _places: dict[str, Organization] = field(default_factory=dict)

    def elsewhere(self, program_id: str) -> "Acts":
        """Return what the same people can do in another program."""
        return replace(self, program_id=program_id, _places={})

    def place(self, name: str) -> Organization:
        """Return an organization by name."""
        if name not in self._places:
            self._places[name] = Organization.objects.get(program_id=self.program_id, name=name)
        return self._places[name]

    def register(self, person: Person, at: datetime, *, second_factor: bool = True) -> None:
        """Register, confirm the address with the mailed code, and set the second factor up; takes eight minutes."""
        origin = self.origin(person)
        codes: list[str] = []

        def send(mail: AccountMail) -> None:
            codes.append(mail.code)
            self.send(person, at)(mail)

        proof_id = register_account(
            user_id=person.user_id,
            name=person.name,
            email=person.email,
            password=PASSWORD,
            at=at,
            origin=origin,
            send=send,
        )
        account = confirm_email(proof_id=proof_id, code=codes[0], at=at + 3 * _MINUTE, origin=origin)
        self.accounts[person.user_id] = account
        if second_factor:
            self._set_up(person, account, at + 8 * _MINUTE)

    def sign_in(self, person: Person, at: datetime) -> Account:
        """Sign in with password, statement and code; returns the account."""
        account, origin = self.accounts[person.user_id], self.origin(person)
        wording = rolebook_in_force(self.program_id, at)[1].program.statement
        agreed = Agreement(self.program_id, None if wording is None else statement_hash(wording))
        sign_in(
            account_id=account.pk,
            code=code_at(self._secrets[person.user_id], at),
            proof_id=None,
            agreement=agreed,
            known_browser=True,
            at=at,
            origin=origin,
        )
        record_sign_in(acting_user=account, program_id=self.program_id, at=at, origin=origin)
        return account

    def designate(
        self, by: Person | None, person: Person, role_id: str, where: str | None, at: datetime
    ) -> None:
        """Designate a role; by None: the operator at the command line."""
        designate_role(
            acting_user=None if by is None else self.accounts[by.user_id],
            program_id=self.program_id,
            role_id=role_id,
            beneficiary_id=self.accounts[person.user_id].public_id,
            organization_id=None if where is None else self.place(where).public_id,
            at=at,
            origin=OPERATOR if by is None else self.origin(by),
        )

    def request(
        self, person: Person, role_id: str, where: tuple[str, ...], at: datetime, reason: str = ""
    ) -> Request:
        """Sign in and ask for a role at one organization or several, two minutes later."""
        account = self.sign_in(person, at)
        return request_role(
            acting_user=account,
            program_id=self.program_id,
            role_id=role_id,
            organization_ids=[self.place(name).public_id for name in where],
            reason=reason,
            at=at + 2 * _MINUTE,
            origin=self.origin(person),
        )

    def decide(
        self,
        by: Person,
        request: Request,
        verdict: str,
        at: datetime,
        reason: str = "",
        only: str | None = None,
    ) -> None:
        """Decide the open stages of a request, all in the same way, or the one of ``only`` one organization."""
        stages = request.stages.filter(state="open")
        if only is not None:
            stages = stages.filter(organization=self.place(only))
        for stage in stages:
            decide_stage(
                acting_user=self.accounts[by.user_id],
                program_id=self.program_id,
                stage_id=stage.public_id,
                verdict=verdict,
                reason=reason,
                shown_version=stage.request_version,
                shown_hash=stage.items_hash,
                at=at,
                origin=self.origin(by),
            )

    def withdraw(self, person: Person, request: Request, at: datetime) -> None:
        """Withdraw one's own request."""
        withdraw_request(
            acting_user=self.accounts[person.user_id],
            program_id=self.program_id,
            request_id=request.public_id,
            at=at,
            origin=self.origin(person),
        )

    def ask_again(self, by: Person, request: Request, at: datetime) -> None:
        """Ask the requester of a denied request to submit it again."""
        ask_to_submit_again(
            acting_user=self.accounts[by.user_id],
            program_id=self.program_id,
            request_id=request.public_id,
            at=at,
            origin=self.origin(by),
        )

    def remove(self, by: Person, person: Person, where: str, at: datetime) -> None:
        """Remove a person's access at an organization."""
        remove_access(
            acting_user=self.accounts[by.user_id],
            program_id=self.program_id,
            organization_id=self.place(where).public_id,
            beneficiary_id=self.accounts[person.user_id].public_id,
            at=at,
            origin=self.origin(by),
        )

    def _set_up(self, person: Person, account: Account, at: datetime) -> None:
        secret = base64.b32encode(self.chance.randbytes(20)).decode()
        done = set_up_totp(
            acting_user=account,
            secret=secret,
            code=code_at(secret, at),
            at=at,
            origin=self.origin(person),
            send=self.send(person, at),
        )
        self.accounts[person.user_id] = done.account
        self._secrets[person.user_id] = secret

    def send(self, person: Person, at: datetime) -> SendMail:
        """Return what puts mails to somebody into the outbox, where anybody will read them."""
        return account_mails(at) if self.mailed(person, at) else _nobody_reads

    def origin(self, person: Person) -> Origin:
        """Return where somebody acts from: an address and a session of their own."""
        number = len(person.user_id) * 131 + sum(map(ord, person.user_id)) * 17 + ord(person.user_id[-1])
        known = (
            list(self.accounts).index(person.user_id)
            if person.user_id in self.accounts
            else len(self.accounts)
        )
        return Origin(
            "web", address=f"10.{known // 250}.{known % 250}.{number % 250 + 1}", session=person.user_id
        )


def _nobody_reads(mail: AccountMail) -> None:
    del mail
