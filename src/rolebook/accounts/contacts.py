"""Whom to ask at an organization: how a contact is written down, from a form or from a file."""

import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from rolebook.accounts.texts import clean_email, clean_line

GENERAL = "General"
"""What a contact is for where nobody said."""
MOST_CONTACTS = 10
"""Contacts of one organization."""
LONGEST = {"purpose": 60, "name": 150, "phone": 40}
_PHONE = re.compile(r"\+?[0-9(][0-9 ().\-/]{4,30}(?: ?(?:x|ext\.?) ?[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact, checked; ``email`` and ``phone`` may be empty, never both."""

    purpose: str
    name: str
    email: str = ""
    phone: str = ""

    def __str__(self) -> str:
        return ", ".join(part for part in (self.name, self.email, self.phone) if part)


def clean_contact(*, purpose: str, name: str, email: str, phone: str) -> Contact | None:
    """Return a contact as it is kept, or None where nothing at all was given.

    Raises ValidationError whose ``message_dict`` names each field that is wrong.
    """
    given = {"purpose": purpose, "name": name, "email": email, "phone": phone}
    if not any(text.strip() for text in given.values()):
        return None
    told = dict(given)
    wrong: dict[str, list[str]] = {}
    told["purpose"] = told["purpose"].strip() or GENERAL
    for field, clean in (("purpose", _purpose), ("name", _name), ("email", _email), ("phone", _phone)):
        try:
            told[field] = clean(told[field])
        except ValidationError as error:
            wrong[field] = list(error.messages)
    if not wrong and not told["email"] and not told["phone"]:
        wrong["email"] = ["Give an e-mail address or a telephone number."]
    if wrong:
        raise ValidationError(wrong)
    return Contact(**told)


def _purpose(text: str) -> str:
    return clean_line(text, longest=LONGEST["purpose"])


def _name(text: str) -> str:
    if not text.strip():
        raise ValidationError("Give the contact's name, or the name of their office.")
    return clean_line(text, longest=LONGEST["name"])


def _email(text: str) -> str:
    return clean_email(text) if text.strip() else ""


def _phone(text: str) -> str:
    line = " ".join(text.split())
    if line and (len(line) > LONGEST["phone"] or not _PHONE.fullmatch(line)):
        raise ValidationError("Enter a telephone number such as 410-555-0100 or +1 410 555 0100 ext. 12.")
    return line
