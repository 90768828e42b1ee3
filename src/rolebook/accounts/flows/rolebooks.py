"""A rolebook comes into force: read strictly once, stored, and from then on used only as stored."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rolebook.accounts.carrying_out import carry_out
from rolebook.accounts.flows.organizations import record_import
from rolebook.accounts.models import Account, Program, RolebookVersion
from rolebook.accounts.organization_file import OrganizationRow
from rolebook.accounts.placing import Plan, plan_organizations
from rolebook.accounts.tree_lock import lock_tree
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.audit.tags import ROLEBOOK_ACTIVATED
from rolebook.policy import canonical
from rolebook.policy.errors import Place, Report
from rolebook.policy.model import Rolebook
from rolebook.policy.reading import read_rolebook


class AlreadyInForce(Exception):
    """The rolebook in force has exactly this content; there is nothing to activate."""

    def __init__(self, version: RolebookVersion) -> None:
        """Remember the version."""
        super().__init__(
            f"version {version.number} of {version.program_id!r} has exactly this content already"
        )
        self.version = version


@dataclass(frozen=True, slots=True)
class Activation:
    """A version that came into force, and how many of its own organizations it created."""

    version: RolebookVersion
    rolebook: Rolebook
    organizations_created: int
    sequence: int


def activate_rolebook(
    *, acting_user: Account | None, folder: Path, activated_by: str, at: datetime, origin: Origin
) -> Activation:
    """Read the rolebook in ``folder``, store it as the next version of its program, in force from ``at``.

    ``activated_by`` names who did it (the operator's name on the machine, or the account's). The organizations that the
    rolebook ships with are created or updated with it. Raises RolebookErrors with every error of the files, and
    AlreadyInForce when the newest version has the same content.
    """
    book = read_rolebook(folder)
    content = canonical.to_document(book)
    content_hash = canonical.content_hash(book)
    program_id = book.program.id
    actor_id = acting_user.public_id if acting_user else None
    with unit_of_work(at=at, origin=origin, actor_id=actor_id) as work:
        Program.objects.get_or_create(pk=program_id, defaults={"created_at": at})
        lock_tree(program_id)
        newest = (
            RolebookVersion.objects.filter(program_id=program_id).order_by("-number").defer("content").first()
        )
        if newest is not None and newest.content_hash == content_hash:
            raise AlreadyInForce(newest)
        version = RolebookVersion.objects.create(
            program_id=program_id,
            number=newest.number + 1 if newest else 1,
            content=json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
            content_hash=content_hash,
            effective_at=at,
            activated_at=at,
            activated_by=activated_by[:200],
        )
        work.record(
            ROLEBOOK_ACTIVATED,
            program_id=program_id,
            rolebook_version=version.number,
            old={"number": newest.number, "content_hash": newest.content_hash} if newest else {},
            new={"number": version.number, "content_hash": content_hash, "effective_at": at},
        )
        plan = _shipped(book)
        if plan.created or plan.changed:
            carry_out(plan, program_id, at)
            record_import(work, plan, program_id, content_hash)
    if work.sequence is None:
        raise RuntimeError("found no sequence after an activation")
    return Activation(version, book, len(plan.created), work.sequence)


def _shipped(book: Rolebook) -> Plan:
    """Return the plan for the organizations that the rolebook itself ships with (states, agencies)."""
    place = Place("organizations.csv", 1, 1)
    rows = []
    for shipped in book.organizations:
        kind = book.kind(shipped.kind_id)
        pattern = kind.identifier_pattern if kind else None
        named = kind is not None and (pattern is None or re.fullmatch(pattern, shipped.code))
        identifiers = ((kind.identifier_scheme, shipped.code),) if kind is not None and named else ()
        rows.append(
            OrganizationRow(
                code=shipped.code,
                name=shipped.name,
                kind_id=shipped.kind_id,
                parent_code=shipped.parent_code,
                identifiers=identifiers,
                place=place,
                kind_place=place,
                parent_place=place,
                identifier_places=(place,) * len(identifiers),
            )
        )
    return plan_organizations(book.program.id, book, rows, Report())
