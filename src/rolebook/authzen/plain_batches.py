"""Many evaluations in one call that say no more than they must: users, actions and organizations, by their ids.

Nearly all calls are of this kind, in one of four shapes. Read as exactly that shape, with nothing to keep for what is
not there, and asked in one go, they take two thirds of the time, and no more than a millisecond where the body is
small: the listener answers those without a thread.
"""

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Final, Literal, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from rolebook.authzen.evaluation import ORGANIZATION_TYPE
from rolebook.decision.snapshot import Snapshot


class _Exact(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """An object with these names and no others."""


class _User(_Exact):
    type: Literal["user"]
    id: str


class _Action(_Exact):
    name: str


class _Place(_Exact):
    type: str
    id: str


class _AtPlace(_Exact):
    resource: _Place


class _OfAction(_Exact):
    action: _Action


class _ActionAtPlace(_Exact):
    action: _Action
    resource: _Place


class _Whole(_Exact):
    subject: _User
    action: _Action
    resource: _Place


class Options(_Exact):
    """What a call may say about the order of its answers."""

    evaluations_semantic: str


class Plain(Protocol):
    """A call of one of the shapes."""

    options: Options | UnsetType

    def __len__(self) -> int:
        """Return how many items it has."""
        ...

    def names(self) -> int:
        """Return how many names its objects have together, each once."""
        ...

    def types(self) -> set[str]:
        """Return of which types its resources are."""
        ...

    def ask(self, snapshot: Snapshot, at_micros: int, *, kinds: bool) -> list[bool]:
        """Return the decisions in the order of the items, whose resources are organizations; ``kinds``: some of them
        called by their kind.
        """
        ...


class OfUser(_Exact):
    """What one user may do: each item an action at an organization."""

    subject: _User
    evaluations: list[_ActionAtPlace]
    options: Options | UnsetType = UNSET

    def __len__(self) -> int:
        return len(self.evaluations)

    def names(self) -> int:
        """See `Plain`."""
        return 4 + 5 * len(self.evaluations) + _of_options(self.options)

    def types(self) -> set[str]:
        """See `Plain`."""
        return {one.resource.type for one in self.evaluations}

    def ask(self, snapshot: Snapshot, at_micros: int, *, kinds: bool) -> list[bool]:
        """See `Plain`."""
        actions = [one.action.name for one in self.evaluations]
        places = _ids(snapshot, self.evaluations, kinds=kinds)
        return snapshot.check_several(self.subject.id, actions, places, at_micros)


class OfOnePlace(_Exact):
    """What one user may do at one organization: each item an action."""

    subject: _User
    resource: _Place
    evaluations: list[_OfAction]
    options: Options | UnsetType = UNSET

    def __len__(self) -> int:
        return len(self.evaluations)

    def names(self) -> int:
        """See `Plain`."""
        return 7 + 2 * len(self.evaluations) + _of_options(self.options)

    def types(self) -> set[str]:
        """See `Plain`."""
        return {self.resource.type}

    def ask(self, snapshot: Snapshot, at_micros: int, *, kinds: bool) -> list[bool]:
        """See `Plain`."""
        actions = [one.action.name for one in self.evaluations]
        (place,) = _ids(snapshot, [self], kinds=kinds)
        return snapshot.check_several(self.subject.id, actions, repeat(place), at_micros)


class OfEachPlace(_Exact):
    """At which organizations one user may do one thing."""

    subject: _User
    action: _Action
    evaluations: list[_AtPlace]
    options: Options | UnsetType = UNSET

    def __len__(self) -> int:
        return len(self.evaluations)

    def names(self) -> int:
        """See `Plain`."""
        return 6 + 3 * len(self.evaluations) + _of_options(self.options)

    def types(self) -> set[str]:
        """See `Plain`."""
        return {one.resource.type for one in self.evaluations}

    def ask(self, snapshot: Snapshot, at_micros: int, *, kinds: bool) -> list[bool]:
        """See `Plain`."""
        places = _ids(snapshot, self.evaluations, kinds=kinds)
        return snapshot.check_several(self.subject.id, repeat(self.action.name), places, at_micros)


class OfAnything(_Exact):
    """Questions that have nothing in common."""

    evaluations: list[_Whole]
    options: Options | UnsetType = UNSET

    def __len__(self) -> int:
        return len(self.evaluations)

    def names(self) -> int:
        """See `Plain`."""
        return 1 + 8 * len(self.evaluations) + _of_options(self.options)

    def types(self) -> set[str]:
        """See `Plain`."""
        return {one.resource.type for one in self.evaluations}

    def ask(self, snapshot: Snapshot, at_micros: int, *, kinds: bool) -> list[bool]:
        """See `Plain`."""
        check = snapshot.check
        places = _ids(snapshot, self.evaluations, kinds=kinds)
        return [
            check(one.subject.id, one.action.name, place, at_micros)
            for one, place in zip(self.evaluations, places, strict=True)
        ]


class _HasResource(Protocol):
    resource: _Place


def _ids(snapshot: Snapshot, items: Sequence[_HasResource], *, kinds: bool) -> list[str]:
    """Return the ids of organizations, "" for one that is not of the kind that its type says."""
    if not kinds:
        return [one.resource.id for one in items]
    kind = snapshot.tables.tree.kind
    return [
        place.id if place.type == ORGANIZATION_TYPE or kind(place.id) == place.type else ""
        for place in (one.resource for one in items)
    ]


def _of_options(options: Options | UnsetType) -> int:
    return 0 if options is UNSET else 2


_DECODERS: Final[tuple[Callable[[bytes], Plain], ...]] = (
    msgspec.json.Decoder(OfUser).decode,
    msgspec.json.Decoder(OfOnePlace).decode,
    msgspec.json.Decoder(OfEachPlace).decode,
    msgspec.json.Decoder(OfAnything).decode,
)


def read_plain(body: bytes) -> Plain | None:
    """Return the call that a body holds; None for one of another shape, and for what is no such call at all.

    A name that stands twice in one object (fault 43) makes it one of another shape, and so does a colon in an id:
    every name is followed by a colon, and there must be no more of them than names. So no act of governing is asked
    here, either, which has one in its own name (`ACT_PREFIX`).
    """
    for decode in _DECODERS:
        try:
            plain = decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        return plain if len(plain) and body.count(b":") == plain.names() else None
    return None
