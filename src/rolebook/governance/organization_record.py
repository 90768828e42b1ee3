"""What is written down about an organization: its name, code, identifiers and contacts, checked together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError

from rolebook.accounts.contacts import MOST_CONTACTS, Contact, clean_contact
from rolebook.accounts.former_values import former_codes
from rolebook.accounts.identifiers import Scheme, needs_own, punctuated, schemes_of
from rolebook.accounts.models import Organization, OrganizationIdentifier
from rolebook.accounts.texts import clean_line
from rolebook.governance.refusals import Refused
from rolebook.policy.model import OrganizationKind, Rolebook
from rolebook.policy.rules import Violation

LONGEST_NAME, LONGEST_CODE = 200, 60


@dataclass(frozen=True, slots=True)
class Typed:
    """A record as somebody typed it. ``identifiers`` by scheme; ``contacts`` are purpose, name, email, phone."""

    name: str
    code: str
    identifiers: Mapping[str, str] = field(default_factory=dict)
    contacts: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A record, checked."""

    name: str
    code: str
    identifiers: Mapping[str, str]
    contacts: tuple[Contact, ...]


def checked_record(
    typed: Typed, book: Rolebook, kind: OrganizationKind, organization: Organization | None
) -> Record:
    """Return what is to be kept; ``organization`` is the one that has the record, None for a new one.

    A new one without a code is found by its own number, the one that its kind goes by: nobody types it twice.

    Raises Refused with everything that is wrong; each violation says in ``field`` which field it is about.
    """
    wrong: list[Violation] = []
    name = _line(typed.name, "name", LONGEST_NAME, wrong)
    text = typed.code if organization is not None or typed.code.strip() else _own_number(typed, kind)
    code = _line(text, "code", LONGEST_CODE, wrong)
    if code:
        wrong += _code_taken(book.program.id, code, organization)
    identifiers = _identifiers(typed, book, kind, organization, code, wrong)
    contacts = _contacts(typed, wrong)
    if wrong:
        raise Refused(wrong)
    return Record(name, code, identifiers, contacts)


def _own_number(typed: Typed, kind: OrganizationKind) -> str:
    """Return the number that a kind goes by as people write it, where a good one was typed; else what was typed."""
    text = typed.identifiers.get(kind.identifier_scheme, "").strip()
    value = Scheme(kind.identifier_scheme, kind.identifier_title, (kind,)).clean(text)
    return text if value is None else punctuated(value, kind)


def _line(text: str, named: str, longest: int, wrong: list[Violation]) -> str:
    try:
        return clean_line(text, longest=longest)
    except ValidationError as error:
        code = "text_missing" if error.code == "empty" else "text_not_a_line"
        wrong.append(Violation(code, {"field": named, "most": longest}))
        return ""


def _code_taken(program_id: str, code: str, organization: Organization | None) -> list[Violation]:
    other = Organization.objects.filter(program_id=program_id, code=code).first()
    if other is not None and other != organization:
        return [Violation("code_taken", {"field": "code", "code": code, "organization": other.name})]
    now = former_codes(program_id, [code]).get(code)
    if now is not None and (organization is None or now != organization.code):
        return [Violation("code_was_taken", {"field": "code", "code": code, "organization": now})]
    return []


def _identifiers(
    typed: Typed,
    book: Rolebook,
    kind: OrganizationKind,
    organization: Organization | None,
    code: str,
    wrong: list[Violation],
) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for scheme in schemes_of(book).values():
        own = scheme.id == kind.identifier_scheme
        checked = Scheme(scheme.id, kind.identifier_title, (kind,)) if own else scheme
        text = typed.identifiers.get(scheme.id, "").strip()
        if not text and own and needs_own(kind):
            text = code if checked.clean(code) is not None else ""
        told = {"field": scheme.id, "what": checked.such_as()}
        if not text:
            if own and needs_own(kind):
                wrong.append(Violation("identifier_missing", told))
            continue
        value = checked.clean(text)
        if value is None:
            wrong.append(Violation("identifier_malformed", told))
            continue
        taken = _taken(book.program.id, scheme.id, value, organization)
        if taken is not None:
            wrong.append(
                Violation(
                    "identifier_taken",
                    {"field": scheme.id, "title": checked.title, "value": value, "organization": taken},
                )
            )
        found[scheme.id] = value
    return found


def _taken(program_id: str, scheme: str, value: str, organization: Organization | None) -> str | None:
    rows = OrganizationIdentifier.objects.filter(program_id=program_id, scheme=scheme, value=value)
    if organization is not None:
        rows = rows.exclude(organization=organization)
    return rows.values_list("organization__name", flat=True).first()


def _contacts(typed: Typed, wrong: list[Violation]) -> tuple[Contact, ...]:
    found: dict[str, Contact] = {}
    for number, fields in enumerate(typed.contacts):
        try:
            contact = clean_contact(
                **{name: fields.get(name, "") for name in ("purpose", "name", "email", "phone")}
            )
        except ValidationError as error:
            wrong += [
                Violation(
                    "contact_wrong", {"field": f"contact-{number}-{name}", "sentence": " ".join(messages)}
                )
                for name, messages in error.message_dict.items()
            ]
            continue
        if contact is None:
            continue
        if contact.purpose.casefold() in found:
            told = {"field": f"contact-{number}-purpose", "purpose": contact.purpose}
            wrong.append(Violation("contact_twice", told))
        found[contact.purpose.casefold()] = contact
    if len(found) > MOST_CONTACTS:
        wrong.append(Violation("too_many_contacts", {"field": "contacts", "most": MOST_CONTACTS}))
    return tuple(found.values())
