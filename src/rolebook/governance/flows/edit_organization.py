"""Add an organization to a program by hand, and change what is written down about one."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.carrying_out import write_identifier
from rolebook.accounts.former_values import CODE, NAME, Ended, keep_former, write_search_keys
from rolebook.accounts.models import Account, Organization, OrganizationPlacement
from rolebook.accounts.organization_models import OrganizationContact
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork
from rolebook.governance.flows.attempt import About, attempt
from rolebook.governance.flows.tree_changing import begin, find_parent, locked_organization
from rolebook.governance.organization_record import Record, Typed, checked_record
from rolebook.governance.refusals import Refused
from rolebook.governance.tree_places import misplaced
from rolebook.policy.rules import Violation


@dataclass(frozen=True, slots=True)
class Edited:
    """An organization as it is now; ``sequence`` is its event, None where nothing was different."""

    organization: Organization
    sequence: int | None


def add_organization(
    *,
    acting_user: Account | None,
    program_id: str,
    kind_id: str,
    parent_id: uuid.UUID | str | None,
    typed: Typed,
    at: datetime,
    origin: Origin,
) -> Edited:
    """Add an organization below ``parent_id`` (None: at the top), with its identifiers and contacts.

    Open to stewards and, with ``acting_user`` None, to the operator. Raises Refused with everything that is wrong, each
    violation naming its field; NotFound for everybody else, and for a parent of another program.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_ORGANIZATION, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        book = begin(acting_user, program_id, at).book
        kind = book.kind(kind_id)
        if kind is None:
            raise Refused([Violation("unknown_kind", {"field": "kind"})])
        parent = find_parent(program_id, parent_id)
        wrong = list(misplaced(book, kind, parent))
        try:
            record = checked_record(typed, book, kind, None)
        except Refused as refusal:
            raise Refused([*wrong, *refusal.violations]) from None
        if wrong:
            raise Refused(wrong)
        organization = _create(record, program_id, kind_id, parent, at)
        work.record(
            tags.ORGANIZATION_ADDED,
            program_id=program_id,
            organization_id=organization.public_id,
            new={
                "code": record.code,
                "name": record.name,
                "kind_id": kind_id,
                "parent_id": None if parent is None else parent.public_id,
                "identifiers": _listed(record.identifiers),
            },
        )
    return Edited(organization, work.sequence)


def _create(
    record: Record, program_id: str, kind_id: str, parent: Organization | None, at: datetime
) -> Organization:
    organization = Organization.objects.create(
        program_id=program_id,
        kind_id=kind_id,
        code=record.code,
        name=record.name,
        search_key="",
        parent=parent,
        path="",
        created_at=at,
    )
    organization.path = f"{'/' if parent is None else parent.path}{organization.pk}/"
    organization.save(update_fields=["path"])
    OrganizationPlacement.objects.create(organization=organization, parent=parent, starts_at=at)
    for scheme, value in record.identifiers.items():
        write_identifier(organization, scheme, value)
    _write_contacts(organization, record)
    write_search_keys([organization])
    return organization


def edit_organization(
    *,
    acting_user: Account | None,
    program_id: str,
    organization_id: uuid.UUID | str,
    typed: Typed,
    at: datetime,
    origin: Origin,
    shown: str | None = None,
) -> Edited:
    """Change an organization's name, code, identifiers and contacts to what was typed; what was before is kept.

    ``shown`` is the `record_digest` of what the page showed; None: whatever it is. Raises Refused with everything that
    is wrong, or when a colleague changed it meanwhile; NotFound as `add_organization`.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_ORGANIZATION, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        book = begin(acting_user, program_id, at).book
        organization = locked_organization(program_id, organization_id)
        about.organization_id = organization.public_id
        kind = book.kind(organization.kind_id)
        if kind is None:
            raise Refused([Violation("unknown_kind", {"field": "kind"})])
        if shown is not None and shown != record_digest(organization):
            raise Refused([Violation("changed_meanwhile", {"field": "name"})])
        record = checked_record(typed, book, kind, organization)
        if not _rewrite(work, organization, record):
            work.nothing_happened()
    return Edited(organization, work.sequence)


def record_digest(organization: Organization) -> str:
    """Return a SHA-256 over what is written down about an organization, so that a page can say what it showed."""
    contacts = organization.contacts.order_by("purpose").values_list("purpose", "name", "email", "phone")
    told = [organization.name, organization.code, sorted(_present(organization).items()), list(contacts)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _present(organization: Organization) -> Mapping[str, str]:
    return dict(organization.identifiers.order_by("pk").values_list("scheme", "value"))


def _rewrite(work: UnitOfWork, organization: Organization, record: Record) -> bool:
    """Write a record over the present one and record the difference; return whether there was any."""
    present = _present(organization)
    ended = []
    old: dict[str, str | list[str]] = {}
    new: dict[str, str | list[str]] = {}
    for what, before, after in (
        (NAME, organization.name, record.name),
        (CODE, organization.code, record.code),
    ):
        if before != after:
            old[what], new[what] = before, after
            ended.append(Ended(organization, what, before))
    if dict(present) != dict(record.identifiers):
        old["identifiers"], new["identifiers"] = _listed(present), _listed(record.identifiers)
        ended += [
            Ended(organization, scheme, value)
            for scheme, value in present.items()
            if record.identifiers.get(scheme) != value
        ]
    before_contacts = _contacts_in_words(organization)
    organization.name, organization.code = record.name, record.code
    organization.save(update_fields=["name", "code"])
    for scheme in {*present, *record.identifiers}:
        write_identifier(organization, scheme, record.identifiers.get(scheme, ""))
    _write_contacts(organization, record)
    keep_former(ended, work.at)
    write_search_keys([organization])
    after_contacts = _contacts_in_words(organization)
    if before_contacts != after_contacts:
        new["contact_purposes"] = sorted(contact.purpose for contact in record.contacts)
    if not new:
        return False
    work.record(
        tags.ORGANIZATION_EDITED,
        program_id=organization.program_id,
        organization_id=organization.public_id,
        old=old,
        new=new,
        personal={"contacts": after_contacts if before_contacts != after_contacts else None},
    )
    return True


def _contacts_in_words(organization: Organization) -> str:
    rows = organization.contacts.order_by("purpose").values_list("purpose", "name", "email", "phone")
    return "; ".join(f"{purpose}: {', '.join(part for part in rest if part)}" for purpose, *rest in rows)


def _write_contacts(organization: Organization, record: Record) -> None:
    organization.contacts.all().delete()
    OrganizationContact.objects.bulk_create(
        OrganizationContact(
            program_id=organization.program_id,
            organization=organization,
            purpose=contact.purpose,
            name=contact.name,
            email=contact.email,
            phone=contact.phone,
        )
        for contact in record.contacts
    )


def _listed(identifiers: Mapping[str, str]) -> list[str]:
    return [f"{scheme} {value}" for scheme, value in sorted(identifiers.items())]
