"""What a rolebook says of the records that people register for: names become ids, and contradictions are errors."""

import re

from rolebook.policy.form import RolebookForm
from rolebook.policy.model import OWN_RECORD, Records
from rolebook.policy.names import AllNames, Source
from rolebook.policy.yaml_tree import Path

TAKEN_TYPES = ("user", "organization")
"""Resource types that mean something else to applications."""


def check_pattern(source: Source, pattern: str, path: Path) -> None:
    """Report a pattern that is no regular expression."""
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        source.error(path, "bad pattern", pattern, "a regular expression")


def build_records(form: RolebookForm, source: Source, names: AllNames) -> Records | None:
    """Return what the program's records are, or None where it has none, or what it says is wrong."""
    records = form.records
    if records is None:
        return None
    identifier = records.identifier
    if identifier.pattern is not None:
        check_pattern(source, identifier.pattern, ("records", "identifier", "pattern"))
    if records.resource_type in (*TAKEN_TYPES, *(kind.id for kind in form.organization_kinds)):
        source.error(("records", "resource_type"), "reserved id", records.resource_type, "a type of its own")
    role_id = source.one(names.roles, records.role, ("records", "role"))
    role = next((role for role in form.roles if role.id == role_id), None)
    if role is None:
        return None
    if (role.obtained, role.reach.scope) != ("registration", OWN_RECORD):
        expected = "a role obtained by registration, which reaches the own record"
        source.error(("records", "role"), "wrong value", records.role, expected)
    return Records(
        title=records.title,
        identifier_scheme=identifier.scheme,
        identifier_title=identifier.title,
        role_id=role.id,
        proofs=tuple(dict.fromkeys(records.proofs)),
        identifier_pattern=identifier.pattern,
        identifier_example=identifier.example or "",
        resource_type=records.resource_type,
    )
