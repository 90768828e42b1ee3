"""What was so at an instant, from the audit log alone: every event up to it, taken one after the other.

Written apart from `rolebook.governance.past`: it knows events and nothing else, except of what an import brought, of
which the log has a digest only; that is remembered by whoever imported it.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from rolebook.audit.models import Event
from rolebook.decision.evaluation import Access, Holding, Person
from tests.histories.replay_people import Quiet, Standing, instant, standings

type Power = Holding | Access


@dataclass
class Log:
    """Everything that happened, oldest first, and the grants that imports brought by their ids."""

    imported: dict[str, tuple[str, Holding]] = field(default_factory=dict)
    """Grant id to (account id, grant)."""
    base: dict[str, tuple[str | None, str]] = field(default_factory=dict)
    """Organization id to (parent id, kind), before anything in the log that is told one by one."""
    quiet: dict[str, Quiet] = field(default_factory=dict)
    """How programs end parts for want of a sign-in, those that do."""
    events: list[tuple[str, datetime, dict[str, Any]]] = field(default_factory=list)

    def read(self) -> None:
        """Read the log."""
        rows = Event.objects.order_by("sequence").values_list("tag", "occurred_at", "content")
        self.events = [(tag, at, json.loads(content)) for tag, at, content in rows]

    def people(self, program_id: str, at: datetime) -> dict[str, Person]:
        """Everybody who holds something, by account id: what is in force at ``at``, and whether they are active."""
        found: dict[str, list[Power]] = {}
        for owner, one in self._held(program_id).values():
            ends = [end for end in (one.ends_at, one.closed_at) if end is not None]
            if one.starts_at <= at and all(at < end for end in ends):
                found.setdefault(owner, []).append(one)
        stand = self.standings(program_id, at)
        return {
            who: Person(
                who not in stand or stand[who].status(at) == "active",
                tuple(one for one in mine if isinstance(one, Holding)),
                tuple(one for one in mine if isinstance(one, Access)),
            )
            for who, mine in found.items()
        }

    def _held(self, program_id: str) -> dict[str, tuple[str, Power]]:
        """All that was ever held, by its id, with the account that held it."""
        held: dict[str, tuple[str, Power]] = dict(self.imported)
        for tag, when, told in self.events:
            new = told["new"]
            if told["program_id"] != program_id:
                continue
            if tag in ("grant:opened", "access:opened"):
                begins, ends = instant(new["starts_at"]) or when, instant(new["ends_at"])
                where = told["organization_id"]
                one: Power = (
                    Holding(new["grant_id"], new["role_id"], where, begins, ends)
                    if tag == "grant:opened"
                    else Access(new["access_id"], where, new["lower_levels"], begins, ends)
                )
                held[one.id] = told["beneficiary_id"], one
            elif tag in ("grant:closed", "access:closed"):
                name = new["grant_id"] if tag == "grant:closed" else new["access_id"]
                owner, one = held[name]
                held[name] = owner, replace(one, closed_at=instant(new["closed_at"]))
        return held

    def standings(self, program_id: str, at: datetime) -> Mapping[str, Standing]:
        """How everybody stood whom the log tells of, by account id."""
        return standings(self.events, program_id, at, self.quiet.get(program_id))

    def turns(self, program_id: str, people: Collection[str]) -> set[datetime]:
        """The instants at which something of some people began or ended by itself: what they held, parts by quiet."""
        held = [one for who, one in self._held(program_id).values() if who in people]
        found = {end for one in held for end in (one.starts_at, one.ends_at)}
        mine = (told["new"] for _, _, told in self.events if told["beneficiary_id"] in people)
        found |= {instant(new.get("quiet_ends_at")) for new in mine}
        return {at for at in found if at is not None}

    def above(self, organization_id: str, at: datetime) -> tuple[str, ...]:
        """Everything above an organization as it stood, closed or not, the nearest first."""
        parents = {one: up for one, (up, _) in self._stood(at)[0].items()}
        found: list[str] = []
        up = parents[organization_id]
        while up is not None:
            found.append(up)
            up = parents[up]
        return tuple(found)

    def organizations(self, at: datetime) -> dict[str, tuple[str | None, str]]:
        """The open organizations: id to (id of the next open one above, kind)."""
        stands, closed = self._stood(at)

        def above(one: str | None) -> str | None:
            while one is not None and one in closed:
                one = stands[one][0]
            return one

        return {one: (above(up), kind) for one, (up, kind) in stands.items() if one not in closed}

    def _stood(self, at: datetime) -> tuple[dict[str, tuple[str | None, str]], set[str]]:
        """All organizations, id to (id of the one above, kind), and those of them that were closed."""
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
        return stands, closed

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
            and (instant(told["new"]["effective_at"]) or at) <= at
        ]
        return max(numbers, default=None)
