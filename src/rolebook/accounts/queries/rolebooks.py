"""Which rolebook is in force: read from the activated versions in the database, never from files."""

import hashlib
import json
from datetime import datetime
from functools import lru_cache

from rolebook.accounts.models import RolebookVersion
from rolebook.policy import canonical
from rolebook.policy.model import Rolebook

_KEPT = 64
"""How many versions a process keeps in memory; a version never changes, so that nothing must ever be dropped early."""


class NoRolebook(LookupError):
    """No version of this program's rolebook is in force."""

    def __init__(self, program_id: str) -> None:
        """Remember which program was asked for."""
        super().__init__(f"no rolebook of {program_id!r} is in force; activate one with 'rolebook activate'")
        self.program_id = program_id


def rolebook_in_force(program_id: str, at: datetime) -> tuple[RolebookVersion, Rolebook]:
    """Return the version of a program's rolebook in force at ``at``, and the rolebook itself.

    In force is the newest by number of those effective at or before ``at``. Raises NoRolebook when there is none.
    One query without the content; the rolebook is kept in memory by version and hash.
    """
    version = (
        RolebookVersion.objects.filter(program_id=program_id, effective_at__lte=at)
        .order_by("-number")
        .defer("content")
        .first()
    )
    if version is None:
        raise NoRolebook(program_id)
    return version, book_of_version(version)


def book_of_version(version: RolebookVersion) -> Rolebook:
    """Return the rolebook that ``version`` stores (also of one long replaced, for what was decided under it)."""
    return _book(version.pk, version.content_hash)


@lru_cache(maxsize=_KEPT)
def _book(version_pk: int, content_hash: str) -> Rolebook:
    content = RolebookVersion.objects.values_list("content", flat=True).get(pk=version_pk)
    rolebook = canonical.from_document(json.loads(content))
    if canonical.content_hash(rolebook) != content_hash:
        raise RuntimeError(f"rolebook version {version_pk} does not match its hash; restore it from a backup")
    return rolebook


def programs_in_force(at: datetime) -> tuple[Rolebook, ...]:
    """Return the rolebooks in force at ``at``, one a program, by name."""
    return tuple(book for _, book in rolebooks_in_force(at).values())


def rolebooks_in_force(at: datetime) -> dict[str, tuple[RolebookVersion, Rolebook]]:
    """Return every program's version in force at ``at`` with its rolebook, by id of the program, in order of name."""
    newest: dict[str, RolebookVersion] = {}
    for version in RolebookVersion.objects.filter(effective_at__lte=at).order_by("number").defer("content"):
        newest[version.program_id] = version
    found = [(version, book_of_version(version)) for version in newest.values()]
    return {version.program_id: (version, book) for version, book in sorted(found, key=_name)}


def _name(found: tuple[RolebookVersion, Rolebook]) -> str:
    return found[1].program.name


def statement_hash(wording: str) -> str:
    """Return the SHA-256 (hex) of a Statement of Truth's wording, as agreements keep it."""
    return hashlib.sha256(wording.encode()).hexdigest()
