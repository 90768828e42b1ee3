"""What was so at an instant, from the audit log alone: every event up to it, taken one after the other.

Written apart from `rolebook.governance.past`: it knows events and nothing else, except of what an import brought, of
which the log has a digest only; that is remembered by whoever imported it.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from rolebook.audit.models import Event
from rolebook.decision.evaluation import Holding, Person


@dataclass
class Log:
    """Everything that happened, oldest first, and the grants that imports brought by their ids."""

    imported: dict[str, tuple[str, Holding]] = field(default_factory=dict)
    """Grant id to (account id, grant)."""
    base: dict[str, tuple[str | None, str]] = field(default_factory=dict)
    """Organization id to (parent id, kind), before anything in the log that is told one by one."""
    events: list[tuple[str, datetime, dict[str, Any]]] = field(default_factory=list)

    def read(self) -> None:
        """Read the log."""
        rows = Event.objects.order_by("sequence").values_list("tag", "occurred_at", "content")
        self.events = [(tag, at, json.loads(content)) for tag, at, content in rows]

    def people(self, program_id: str, at: datetime) -> dict[str, Person]:
        """Everybody who holds something, by account id: what is in force at ``at``, and whether they are active."""
        held = dict(self.imported)
        status: dict[tuple[str, str], str] = {}
        for tag, when, told in self.events:
            if told["program_id"] not in (None, program_id):
                continue
            who, new = told["beneficiary_id"], told["new"]
            if tag == "grant:opened":
                held[new["grant_id"]] = (
                    who,
                    Holding(
                        new["grant_id"],
                        new["role_id"],
                        told["organization_id"],
                        _instant(new["starts_at"]) or when,
                        _instant(new["ends_at"]),
                    ),
                )
            elif tag == "grant:closed":
                owner, one = held[new["grant_id"]]
                held[new["grant_id"]] = owner, replace(one, closed_at=_instant(new["closed_at"]))
            elif tag in ("account:status-changed", "participation:status-changed") and when <= at:
                status[who, tag] = new["status"]
        found: dict[str, list[Holding]] = {}
        for owner, one in held.values():
            ends = [end for end in (one.ends_at, one.closed_at) if end is not None]
            if one.starts_at <= at and all(at < end for end in ends):
                found.setdefault(owner, []).append(one)
        out = {who for (who, _), word in status.items() if word != "active"}
        return {who: Person(who not in out, tuple(mine)) for who, mine in found.items()}

    def organizations(self, at: datetime) -> dict[str, tuple[str | None, str]]:
        """The open organizations: id to (id of the next open one above, kind)."""
        stands = dict(self.base)
        closed: set[str] = set()
        for tag, when, told in self.events:
            one = told["organization_id"]
            if when > at:
                break
            if tag == "organization:moved":
                stands[one] = told["new"]["parent_id"], stands[one][1]
            elif tag == "organization:closed":
                closed.add(one)
            elif tag == "organization:reopened":
                closed.discard(one)

        def above(one: str | None) -> str | None:
            while one is not None and one in closed:
                one = stands[one][0]
            return one

        return {one: (above(up), kind) for one, (up, kind) in stands.items() if one not in closed}

    def names(self, at: datetime) -> dict[str, str]:
        """What the organizations that were called otherwise at some time were called at ``at``, as far as is told."""
        called: dict[str, str] = {}
        for tag, when, told in self.events:
            if tag != "organization:edited" or "name" not in told["new"]:
                continue
            one = told["organization_id"]
            if when <= at:
                called[one] = told["new"]["name"]
            else:
                called.setdefault(one, told["old"]["name"])
        return called

    def version(self, program_id: str, at: datetime) -> int | None:
        """The number of the rolebook version in force."""
        numbers = [
            told["new"]["number"]
            for tag, _, told in self.events
            if tag == "rolebook:activated"
            and told["program_id"] == program_id
            and (_instant(told["new"]["effective_at"]) or at) <= at
        ]
        return max(numbers, default=None)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
