"""People in the states that tests begin with, and what they need: a program in force, practices, authenticator apps.

Plain functions, for use with the `db` or `committed_db` fixture. Fixtures of the same things stand in
`tests/support/people_fixtures.py`. Grants are given by the functions of `tests/support/grants.py`.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.hashers import make_password
from django.test import Client

from rolebook.accounts.flows.organizations import import_organizations
from rolebook.accounts.flows.rolebooks import Activation, AlreadyInForce, activate_rolebook
from rolebook.accounts.mail import AccountMail
from rolebook.accounts.models import Account, Organization
from rolebook.accounts.second_factor import EncryptingAdapter, code_at, new_secret
from rolebook.accounts.texts import email_key
from rolebook.audit import clock
from rolebook.audit.agreed_clock import agreed_now
from rolebook.audit.recording import Origin
from rolebook.policy.shipped import resolve

PASSWORD = "correct-horse-battery"
START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""The instant at which tests with a calendar of their own begin when they do not say another one (a Monday)."""
LATELY = clock.now() - timedelta(days=180)
"""Half a year ago: where the worlds begin that pages and commands look at, who go by the machine's clock.

START is not for them: IQCS closes who was quiet for twelve months, and it was years ago one day.
"""
COMMAND = Origin(via="command")
WEB = Origin(via="web", address="192.0.2.7", session="browser-1")
_numbers = count(1)


@dataclass
class Mails:
    """Stands in for the outbox: what flows wanted to be mailed, newest last."""

    sent: list[AccountMail] = field(default_factory=list)

    def __call__(self, mail: AccountMail) -> None:
        self.sent.append(mail)

    @property
    def last(self) -> AccountMail:
        """The newest mail."""
        return self.sent[-1]


@dataclass(frozen=True)
class Person:
    """An account with what its person knows and has."""

    account: Account
    secret: str = ""
    recovery_codes: tuple[str, ...] = ()

    def code(self, at: datetime) -> str:
        """The six digits on the person's authenticator app at ``at``."""
        return code_at(self.secret, at)


@cache
def hashed_password() -> str:
    """PASSWORD, hashed once for all tests."""
    return make_password(PASSWORD)


def activate(program: str = "qpp", at: datetime = START) -> Activation | None:
    """Put a shipped rolebook into force; None when it is already."""
    try:
        return activate_rolebook(
            acting_user=None, folder=resolve(program), activated_by="tests", at=at, origin=COMMAND
        )
    except AlreadyInForce:
        return None


def new_user(name: str = "Nora New", user_id: str = "", at: datetime = START) -> Person:
    """Somebody whose address is confirmed, and who has not set up a second factor yet."""
    user_id = user_id or f"{name.split(maxsplit=1)[0].casefold()}{next(_numbers)}"
    address = f"{user_id}@example.org"
    account = Account.objects.create(
        user_id=user_id,
        name=name,
        email=address,
        email_key=email_key(address),
        password=hashed_password(),
        created_at=at - timedelta(days=1),
    )
    return Person(account)


@cache
def _encrypted_secret() -> str:
    return EncryptingAdapter().encrypt(new_secret())


def give_factor(account: Account) -> None:
    """Set up an authenticator app by a row alone, one secret for all: quick, for people whose codes nobody types."""
    Authenticator.objects.create(
        user=account, type=Authenticator.Type.TOTP, data={"secret": _encrypted_secret()}
    )


def user_with_totp(name: str = "Tara Totp", user_id: str = "", at: datetime = START) -> Person:
    """Somebody who can sign in: address confirmed, authenticator app and recovery codes set up."""
    person = new_user(name, user_id, at)
    secret = new_secret()
    TOTP.activate(person.account, secret)
    codes = RecoveryCodes.activate(person.account).get_unused_codes()
    return Person(person.account, secret, tuple(codes))


def practice(
    name: str = "Cedar Valley Family Practice", code: str = "", at: datetime = START
) -> Organization:
    """A practice of QPP, imported; its code is its TIN."""
    code = code or f"{next(_numbers) + 100000000:09d}"
    code = f"{code[:2]}-{code[2:]}" if len(code) == 9 else code
    table = f'code,name,kind,tin\n{code},"{name}",practice,{code}\n'
    import_organizations(
        acting_user=None, program_id="qpp", data=table.encode(), file="practices.csv", at=at, origin=COMMAND
    )
    return Organization.objects.get(program_id="qpp", code=code)


def practices(number: int, name: str = "Prairie Practice", at: datetime = START) -> list[Organization]:
    """So many practices of QPP, imported together: "Prairie Practice 00", "Prairie Practice 01", …"""
    codes = [f"{next(_numbers) + 100000000:09d}" for _ in range(number)]
    codes = [f"{code[:2]}-{code[2:]}" for code in codes]
    rows = [f'{code},"{name} {one:02}",practice,{code}' for one, code in enumerate(codes)]
    table = "\n".join(["code,name,kind,tin", *rows, ""])
    import_organizations(
        acting_user=None, program_id="qpp", data=table.encode(), file="practices.csv", at=at, origin=COMMAND
    )
    return list(Organization.objects.filter(program_id="qpp", code__in=codes).order_by("name"))


def sign_in(client: Client, person: Person, program_id: str = "qpp") -> None:
    """Sign somebody in through the pages, as they would do it: password and agreement, then the security code."""
    # The same 30 seconds may have seen a sign-in of this person already, and a code is taken once.
    Account.objects.filter(pk=person.account.pk).update(last_totp_step=0)
    first = client.post(
        f"/{program_id}/sign-in/",
        {"user_id": person.account.user_id, "password": PASSWORD, "agree": "on"},
    )
    assert first.status_code == 302, first.content.decode()
    second = client.post("/sign-in/code/", {"code": person.code(agreed_now())})
    assert second.status_code == 302, second.content.decode()


def signed_in_client(person: Person, program_id: str = "qpp") -> Client:
    """A browser in which somebody is signed in to a program."""
    client = Client()
    sign_in(client, person, program_id)
    return client
