"""Many evaluations in one call that say no more than they must: users, actions and organizations, by their ids.

Nearly all calls are of this kind, in one of four shapes. Read as exactly that shape, with nothing to keep for what is
not there, and asked in one go, they take two thirds of the time, and no more than a millisecond where the body is
small: the listener answers those without a thread.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Final, Literal, NamedTuple, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from rolebook.authzen.evaluation import ORGANIZATION_TYPE
from rolebook.decision.compiled import ACT_PREFIX
from rolebook.decision.snapshot import Snapshot

ACT_MARK: Final = ACT_PREFIX[-1]
"""Stands in the name of every act of governing, and in no privilege's id."""


class _Exact(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """An object with these names and no others."""


class _User(_Exact):
    type: Literal["user"]
    id: str


class _Action(_Exact):
    name: str


class _Organization(_Exact):
    """An organization called by nothing but its id, as nearly all are: the type is compared and not kept."""

    type: Literal["organization"]
    id: str


class _OfKind(_Exact):
    type: str
    id: str


class _AtPlace[Place](_Exact):
    resource: Place


class _OfAction(_Exact):
    action: _Action


class _ActionAtPlace[Place](_Exact):
    action: _Action
    resource: Place


class _Whole[Place](_Exact):
    subject: _User
    action: _Action
    resource: Place


class Options(_Exact):
    """What a call may say about the order of its answers."""

    evaluations_semantic: str


class Plain(NamedTuple):
    """Plain questions in columns; a column of one holds for all of them.

    Attributes:
        number: how many there are.
        users: ids.
        actions: names.
        places: ids of the resources.
        types: types of the resources; None where all are organizations, called so.
        options: what the call says of the order of its answers.
    """

    number: int
    users: list[str]
    actions: list[str]
    places: list[str]
    types: list[str] | None
    options: Options | UnsetType

    def which(self, snapshot: Snapshot, at_micros: int) -> list[int]:
        """Return which of the questions get a yes, by their numbers from 0; the resources are organizations."""
        places = self.places
        if self.types is not None:
            kind = snapshot.tables.tree.kind
            places = [
                place if called == ORGANIZATION_TYPE or kind(place) == called else ""
                for place, called in zip(places, self.types, strict=True)
            ]
        actions, at = self._for_each(self.actions), self._for_each(places)
        if len(self.users) == 1:
            return snapshot.which(self.users[0], actions, at, at_micros)
        check = snapshot.check
        asked = zip(self.users, actions, at, strict=True)
        return [number for number, question in enumerate(asked) if check(*question, at_micros)]

    def _for_each(self, column: list[str]) -> Iterable[str]:
        return column if len(column) == self.number else repeat(column[0])


class _OfUser[Place: (_Organization, _OfKind)](_Exact):
    """What one user may do: each item an action at an organization."""

    subject: _User
    evaluations: list[_ActionAtPlace[Place]]
    options: Options | UnsetType = UNSET

    def laid_out(self) -> Plain:
        """Return its questions."""
        items = self.evaluations
        actions, places = [one.action.name for one in items], [one.resource.id for one in items]
        return Plain(len(items), [self.subject.id], actions, places, _types(items), self.options)


class _OfOnePlace[Place: (_Organization, _OfKind)](_Exact):
    """What one user may do at one organization: each item an action."""

    subject: _User
    resource: Place
    evaluations: list[_OfAction]
    options: Options | UnsetType = UNSET

    def laid_out(self) -> Plain:
        """Return its questions."""
        items = self.evaluations
        actions, places = [one.action.name for one in items], [self.resource.id]
        return Plain(len(items), [self.subject.id], actions, places, _types([self]), self.options)


class _OfEachPlace[Place: (_Organization, _OfKind)](_Exact):
    """At which organizations one user may do one thing."""

    subject: _User
    action: _Action
    evaluations: list[_AtPlace[Place]]
    options: Options | UnsetType = UNSET

    def laid_out(self) -> Plain:
        """Return its questions."""
        items = self.evaluations
        actions, places = [self.action.name], [one.resource.id for one in items]
        return Plain(len(items), [self.subject.id], actions, places, _types(items), self.options)


class _OfAnything[Place: (_Organization, _OfKind)](_Exact):
    """Questions that have nothing in common."""

    evaluations: list[_Whole[Place]]
    options: Options | UnsetType = UNSET

    def laid_out(self) -> Plain:
        """Return its questions."""
        items = self.evaluations
        actions, places = [one.action.name for one in items], [one.resource.id for one in items]
        users = [one.subject.id for one in items]
        return Plain(len(items), users, actions, places, _types(items), self.options)


class _HasResource(Protocol):
    @property
    def resource(self) -> _Organization | _OfKind: ...


def _types(items: Sequence[_HasResource]) -> list[str] | None:
    """Return the types of the resources, None where they are `_Organization`."""
    if not items or isinstance(items[0].resource, _Organization):
        return None
    return [one.resource.type for one in items]


class _Shape(Protocol):
    def laid_out(self) -> Plain: ...


class _Reading(NamedTuple):
    """How a shape is read.

    Attributes:
        decode: of a body; raises what msgspec raises for one of another shape.
        frame: the shortest call of this shape, without items and with empty names and ids.
        item: the shortest item.
    """

    decode: Callable[[bytes], _Shape]
    frame: bytes
    item: bytes

    def says_no_more(self, body: bytes, plain: Plain) -> bool:
        """Return whether no name stands twice in an object (fault 43), and no action is an act of governing.

        A body that is as short as one with these questions can be has room for nothing else. In any other, which has
        spaces or an order of answers, colons are counted: one follows each name, so none may stand in an id, either.
        """
        actions = "".join(plain.actions)
        if ACT_MARK in actions:
            return False
        if plain.types is None and plain.options is UNSET:
            ids = len("".join(plain.users)) + len("".join(plain.places))
            frame, items = len(self.frame) - 1, (len(self.item) + 1) * plain.number
            if len(body) == frame + items + len(actions) + ids:
                return True
        names = self.frame.count(b":") + self.item.count(b":") * plain.number
        return body.count(b":") == names + (0 if plain.options is UNSET else 2)


def _reading(shape: type[_Shape], call: _Shape, item: _Exact) -> _Reading:
    encode = msgspec.json.encode
    return _Reading(msgspec.json.Decoder(shape).decode, encode(call), encode(item))


_USER, _ACTION = _User("user", ""), _Action("")
_HERE, _OF_A_KIND = _Organization("organization", ""), _OfKind("", "")
_READINGS: Final = (
    _reading(_OfUser[_Organization], _OfUser[_Organization](_USER, []), _ActionAtPlace(_ACTION, _HERE)),
    _reading(_OfOnePlace[_Organization], _OfOnePlace[_Organization](_USER, _HERE, []), _OfAction(_ACTION)),
    _reading(_OfEachPlace[_Organization], _OfEachPlace[_Organization](_USER, _ACTION, []), _AtPlace(_HERE)),
    _reading(_OfAnything[_Organization], _OfAnything[_Organization]([]), _Whole(_USER, _ACTION, _HERE)),
    _reading(_OfUser[_OfKind], _OfUser[_OfKind](_USER, []), _ActionAtPlace(_ACTION, _OF_A_KIND)),
    _reading(_OfOnePlace[_OfKind], _OfOnePlace[_OfKind](_USER, _OF_A_KIND, []), _OfAction(_ACTION)),
    _reading(_OfEachPlace[_OfKind], _OfEachPlace[_OfKind](_USER, _ACTION, []), _AtPlace(_OF_A_KIND)),
    _reading(_OfAnything[_OfKind], _OfAnything[_OfKind]([]), _Whole(_USER, _ACTION, _OF_A_KIND)),
)


def read_plain(body: bytes) -> Plain | None:
    """Return the questions that a body holds; None for one of another shape, and for what is no such call at all."""
    for reading in _READINGS:
        try:
            plain = reading.decode(body).laid_out()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        return plain if plain.number and reading.says_no_more(body, plain) else None
    return None
