"""What is known about one event when its notices are worded: the event's own members and the rows it
names.
"""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings

from rolebook.accounts.identifiers import punctuated
from rolebook.accounts.models import Account, Organization
from rolebook.accounts.queries.rolebooks import programs_in_force, rolebook_in_force
from rolebook.audit.models import Event
from rolebook.governance.instants import instant_in_words
from rolebook.governance.models import Participation, Request, Stage
from rolebook.policy.model import Rolebook


class Unknown(LookupError):
    """An event names something that is not there (yet); its notices are derived later."""


@dataclass(eq=False)
class Facts:
    """One event, and what it names, read when first asked for.

    Attributes:
        event: the event.
        now: the instant of derivation, at which it is judged who is told.
    """

    event: Event
    now: datetime

    @cached_property
    def _content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.event.content)
        return content

    def new(self, key: str) -> Any:
        """The value of a detail after the event, or None."""
        return self._content["new"].get(key)

    def old(self, key: str) -> Any:
        """The value of a detail before the event, or None."""
        return self._content["old"].get(key)

    @cached_property
    def personal(self) -> dict[str, str]:
        """The event's personal data by field; what was erased is absent."""
        rows = self.event.personal_data.filter(value__isnull=False)
        return {field: value for field, value in rows.values_list("field", "value") if value}

    @cached_property
    def actor(self) -> Account | None:
        """Who acted; None: the operator or a job."""
        return _account(self.event.actor_id) if self.event.actor_id else None

    @cached_property
    def beneficiary(self) -> Account:
        """The account that the event is about."""
        if self.event.beneficiary_id is None:
            raise Unknown(f"event {self.event.sequence} names no beneficiary")
        return _account(self.event.beneficiary_id)

    @cached_property
    def organization(self) -> Organization | None:
        """Where it happened, or None."""
        if self.event.organization_id is None:
            return None
        found = Organization.objects.filter(public_id=self.event.organization_id).first()
        if found is None:
            raise Unknown(f"event {self.event.sequence} names an unknown organization")
        return found

    @cached_property
    def request(self) -> Request:
        """The request that the event belongs to."""
        named = self.event.request_id
        requests = Request.objects.select_related("requester", "beneficiary")
        found = requests.filter(public_id=named).first() if named else None
        if found is None:
            raise Unknown(f"event {self.event.sequence} names an unknown request")
        return found

    @cached_property
    def stage(self) -> Stage:
        """The stage that the event names."""
        found = (
            Stage.objects.select_related("organization", "request__requester", "request__beneficiary")
            .filter(public_id=self.new("stage_id"))
            .first()
        )
        if found is None:
            raise Unknown(f"event {self.event.sequence} names an unknown stage")
        return found

    @property
    def program_id(self) -> str:
        """The program that it happened in."""
        if self.event.program_id is None:
            raise Unknown(f"event {self.event.sequence} names no program")
        return self.event.program_id

    @cached_property
    def book(self) -> Rolebook:
        """The rolebook in force."""
        return rolebook_in_force(self.program_id, self.now)[1]

    @cached_property
    def account_programs(self) -> tuple[Rolebook, ...]:
        """The programs that a mail about the beneficiary's account speaks for."""
        return programs_of(self.beneficiary, self.now)

    @cached_property
    def contact(self) -> str:
        """Whom to ask, in a program or about an account."""
        return (
            contact_line(self.book)
            if self.event.program_id is not None
            else contact_lines(self.account_programs)
        )

    def role(self, role_id: str) -> str:
        """The title of a role; the id in words where the rolebook no longer has it."""
        role = self.book.role(role_id)
        return role.title if role else role_id.replace("_", " ")

    def instant(self, at: datetime | None = None) -> str:
        """When it happened (or ``at``), as the program writes it."""
        if self.event.program_id is not None:
            zone = self.book.program.zone
        else:
            zone = self.account_programs[0].program.zone if self.account_programs else "UTC"
        return instant_in_words(at or self.event.occurred_at, zone)

    def named(self, organization: Organization) -> str:
        """An organization by name and code: "Cedar Valley Family Practice (TIN 36-7001234)"."""
        identifier = organization.identifiers.order_by("pk").first()
        kind = self.book.kind(organization.kind_id)
        if identifier is None or kind is None:
            return organization.name
        title = (
            kind.identifier_title
            if kind.identifier_scheme == identifier.scheme
            else identifier.scheme.upper()
        )
        return f"{organization.name} ({title} {punctuated(identifier.value, kind)})"


def link(path: str) -> str:
    """An absolute address on this site: only from ROLEBOOK_SITE_URL, never from a request's host (fault
    48).
    """
    return f"{settings.ROLEBOOK.site_url}{path}"


def programs_of(account: Account | None, at: datetime) -> tuple[Rolebook, ...]:
    """Return the rolebooks of the programs that an account takes part in; all programs' where it does in
    none.
    """
    books = programs_in_force(at)
    if account is None:
        return books
    joined = set(Participation.objects.filter(account=account).values_list("program_id", flat=True))
    return tuple(book for book in books if book.program.id in joined) or books


def site_name(books: tuple[Rolebook, ...]) -> str:
    """Return how mails about an account call this site: the one program's short name, else Rolebook."""
    return books[0].program.short_name if len(books) == 1 else "Rolebook"


def contact_lines(books: tuple[Rolebook, ...]) -> str:
    """Whom to ask about an account: the contact of each of its programs."""
    if len(books) == 1:
        return contact_line(books[0])
    contacts = ((book.program.short_name, book.program.contact) for book in books)
    told = "; ".join(
        f"{short}: {contact.email or contact.phone or contact.name}" for short, contact in contacts
    )
    return f"Questions? Ask your program. {told}." if told else ""


def contact_line(book: Rolebook) -> str:
    """Whom to ask in a program, and what to have ready, as one paragraph."""
    contact = book.program.contact
    ways = ", ".join(way for way in (contact.email, contact.phone) if way)
    line = f"Questions? Ask {contact.name}: {ways}." if ways else f"Questions? Ask {contact.name}."
    if contact.hours:
        line += f" {contact.hours.rstrip('.')}."
    if contact.have_ready:
        line += f" Have ready {contact.have_ready.rstrip('.')}."
    return line


def _account(public_id: uuid.UUID) -> Account:
    found = Account.objects.filter(public_id=public_id).first()
    if found is None:
        raise Unknown(f"no account {public_id}")
    return found
