"""What organizations were called before: kept when it changes, and part of what they are found by."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from rolebook.accounts.models import Organization, OrganizationIdentifier
from rolebook.accounts.organization_models import OrganizationFormerValue
from rolebook.accounts.texts import search_key

NAME, CODE = "name", "code"
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Ended:
    """That a value of an organization ends: "name", "code" or an identifier's scheme."""

    organization: Organization
    what: str
    value: str


def keep_former(ended: Iterable[Ended], at: datetime) -> None:
    """Keep values that end at ``at``; each began when the one before it ended, or with the organization."""
    for some in batched([one for one in ended if one.value], _BATCH):
        earlier: dict[tuple[int, str], datetime] = {}
        rows = OrganizationFormerValue.objects.filter(organization__in=[one.organization.pk for one in some])
        for organization_id, what, ends_at in rows.values_list("organization", "what", "ends_at"):
            key = (organization_id, what)
            earlier[key] = max(ends_at, earlier.get(key, ends_at))
        OrganizationFormerValue.objects.bulk_create(
            OrganizationFormerValue(
                program_id=one.organization.program_id,
                organization=one.organization,
                what=one.what,
                value=one.value,
                starts_at=earlier.get((one.organization.pk, one.what), one.organization.created_at),
                ends_at=at,
            )
            for one in some
        )


def write_search_keys(organizations: Sequence[Organization]) -> None:
    """Write what each organization is found by."""
    set_search_keys(organizations)
    Organization.objects.bulk_update(organizations, ["search_key"], batch_size=_BATCH)


def set_search_keys(organizations: Sequence[Organization]) -> None:
    """Set what each organization is found by: its present name, code and identifiers, then the former ones."""
    for some in batched(organizations, _BATCH):
        pks = [one.pk for one in some]
        present: dict[int, list[str]] = {}
        rows = OrganizationIdentifier.objects.filter(organization__in=pks).order_by("scheme", "pk")
        for pk, value in rows.values_list("organization", "value"):
            present.setdefault(pk, []).append(value)
        former: dict[int, list[str]] = {}
        old = OrganizationFormerValue.objects.filter(organization__in=pks).order_by("-ends_at", "-pk")
        for pk, value in old.values_list("organization", "value"):
            former.setdefault(pk, []).append(value)
        for one in some:
            now = present.get(one.pk, [])
            one.search_key = search_key(one.name, one.code, *now, *former.get(one.pk, []))


def former_codes(program_id: str, codes: Iterable[str]) -> Mapping[str, str]:
    """Return, for those of ``codes`` that were another organization's once, that one's present code."""
    found: dict[str, str] = {}
    for some in batched(sorted(set(codes)), _BATCH):
        rows = OrganizationFormerValue.objects.filter(program_id=program_id, what=CODE, value__in=some)
        found |= dict(rows.values_list("value", "organization__code"))
    return found
