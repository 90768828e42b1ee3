"""A small world for pages: two practices with their officials, staff, people who wait, and a steward."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.test import Client
from django.urls import reverse

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.queries import rolebook_in_force, statement_hash
from rolebook.audit import clock
from rolebook.governance.flows import decide_stage, designate_role, record_sign_in, request_role
from rolebook.governance.models import Request, Stage
from rolebook.web.pages.asking import in_address
from tests.support import people

QPP = "qpp"


@dataclass
class World:
    """Who and what there is; every instant is some days before now."""

    start: datetime
    cedar: Organization
    hilltop: Organization
    maria: people.Person
    """Security Official of Cedar Valley, where Owen is another."""
    owen: people.Person
    henry: people.Person
    """The only Security Official of Hilltop."""
    stella: people.Person
    """Staff User of Cedar Valley."""
    nora: people.Person
    """Holds nothing; her request for Staff User at Cedar Valley waits."""
    uma: people.Person
    """Holds nothing and asked for nothing."""
    waiting: Request

    @property
    def stage(self) -> Stage:
        """The open stage of Nora's request."""
        return self.waiting.stages.get()


def agree(account: Account, at: datetime) -> None:
    """Let a person have agreed to the statement at a sign-in, as signing in records it."""
    version, book = rolebook_in_force(QPP, at)
    statement = book.program.statement
    assert statement is not None
    account.agreements.create(
        program_id=QPP, rolebook_version=version, wording_hash=statement_hash(statement), agreed_at=at
    )


def user(name: str, user_id: str, at: datetime) -> people.Person:
    """Somebody who can sign in and has agreed to the statement."""
    person = people.user_with_totp(name, user_id, at)
    agree(person.account, at)
    record_sign_in(acting_user=person.account, program_id=QPP, at=at, origin=people.WEB)
    return person


def designate(person: people.Person, role_id: str, organization: Organization | None, at: datetime) -> None:
    """Let the operator give a role."""
    designate_role(
        acting_user=None,
        program_id=QPP,
        role_id=role_id,
        beneficiary_id=person.account.public_id,
        organization_id=None if organization is None else organization.public_id,
        reason="first official",
        at=at,
        origin=people.COMMAND,
    )


def steward_of(world: World, name: str = "Sasha Steward", user_id: str = "sasha") -> people.Person:
    """A steward of the world's program."""
    person = user(name, user_id, world.start)
    designate(person, "steward", None, world.start)
    return person


def ask(
    person: people.Person,
    organization: Organization,
    at: datetime,
    role_id: str = "staff_user",
    reason: str = "",
) -> Request:
    """Let a person ask for a role."""
    return request_role(
        acting_user=person.account,
        program_id=QPP,
        role_id=role_id,
        organization_ids=[organization.public_id],
        reason=reason,
        at=at,
        origin=people.WEB,
    )


def review(role_id: str, *places: Organization) -> str:
    """Return the address of the last step of Request a Role, for a role at these places."""
    return reverse("review-request", args=[QPP, role_id]) + f"?at={in_address(places)}"


def answer(official: people.Person, request: Request, verdict: str, at: datetime, reason: str = "") -> None:
    """Let an official decide a request's open stage."""
    stage = request.stages.get(state=Stage.State.OPEN)
    decide_stage(
        acting_user=official.account,
        program_id=QPP,
        stage_id=stage.public_id,
        verdict=verdict,
        reason=reason,
        shown_version=stage.request_version,
        shown_hash=stage.items_hash,
        at=at,
        origin=people.WEB,
    )


def make_world() -> World:
    """Make the world in the database of the test."""
    start = clock.now() - timedelta(days=20)
    people.activate(QPP, start)
    cedar = people.practice("Cedar Valley Family Practice", "52-1830045", start)
    hilltop = people.practice("Hilltop Clinic", "11-2223334", start)
    maria, owen = user("Maria Alvarez", "maria", start), user("Owen Brandt", "owen", start)
    henry, stella = user("Henry Hill", "henry", start), user("Stella Stone", "stella", start)
    nora, uma = user("Nora Newell", "nora", start), user("Uma Underwood", "uma", start)
    for official, place in ((maria, cedar), (owen, cedar), (henry, hilltop)):
        designate(official, "security_official", place, start)
    answer(maria, ask(stella, cedar, start), "approved", start + timedelta(days=1))
    reason = "I prepare the quality measures."
    waiting = ask(nora, cedar, start + timedelta(days=16), reason=reason)
    return World(start, cedar, hilltop, maria, owen, henry, stella, nora, uma, waiting)


def signed_in(person: people.Person) -> Client:
    """Return a client whose session proved two factors and agreed to QPP's statement."""
    client = Client(enforce_csrf_checks=False)
    client.force_login(person.account, backend=settings.AUTHENTICATION_BACKENDS[0])
    _, book = rolebook_in_force(QPP, clock.now())
    session = client.session
    moment = clock.now().timestamp()
    session["rolebook.signed_in_at"] = session["rolebook.seen_at"] = moment
    session["rolebook.assurance"] = "two factors"
    session["rolebook.session"] = "test"
    session["rolebook.statements"] = {QPP: statement_hash(book.program.statement or "")}
    session.save()
    return client
