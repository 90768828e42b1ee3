"""What a stage is bound to: the hash of the items that it decides (I5)."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime

from rolebook.governance.models import Request, RequestItem

_ACCESS = (RequestItem.Kind.ADD_ACCESS, RequestItem.Kind.REMOVE_ACCESS)


def items_hash(request: Request, version: int, items: Iterable[RequestItem]) -> str:
    """Return the SHA-256 (hex) of what ``items`` of a request's version ask, for whom; 64 characters.

    Canonical JSON: keys sorted, items by position, ids of programs and organizations never names.
    """
    content = {
        "request": str(request.public_id),
        "version": version,
        "beneficiary": str(request.beneficiary.public_id),
        "items": [
            {
                "item": str(item.public_id),
                "kind": item.kind,
                "role": item.role_id,
                "organization": str(item.organization.public_id) if item.organization else None,
                "starts_at": _instant(item.starts_at),
                "ends_at": _instant(item.ends_at),
                **({"lower_levels": item.lower_levels} if item.kind in _ACCESS else {}),
            }
            for item in sorted(items, key=lambda item: item.position)
        ],
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
