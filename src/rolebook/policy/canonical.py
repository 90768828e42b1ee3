"""A rolebook as a JSON document and back, and its content hash.

The document is what a database stores. Fields that have their default value are left out, so that a field
that a later version adds does not change the hash of rolebooks that do not use it.
"""

import dataclasses
import hashlib
import json
import types
import typing
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, Literal, TypeAliasType, Union, get_args, get_origin

from rolebook.policy.model import Rolebook


class DocumentError(ValueError):
    """A stored document that is no rolebook; the message says where."""


def to_document(rolebook: Rolebook) -> dict[str, Any]:
    """The rolebook as JSON-able data: dicts, lists, text, whole numbers, truth values, null."""
    return typing.cast("dict[str, Any]", _plain(rolebook))


def canonical_json(document: Mapping[str, Any]) -> bytes:
    """The one serialization: keys sorted, no spaces, UTF-8 (as RFC 8785 for the values that occur here)."""
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def content_hash(rolebook: Rolebook) -> str:
    """SHA-256 of the canonical document, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(to_document(rolebook))).hexdigest()


def from_document(document: Mapping[str, Any]) -> Rolebook:
    """The rolebook of a document. Raises DocumentError when it is not one; nothing is guessed or dropped."""
    return typing.cast("Rolebook", _typed(Rolebook, document, "document"))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        found = {}
        for field in dataclasses.fields(value):
            if not field.init:
                continue
            inner = getattr(value, field.name)
            if not _is_default(field, inner):
                found[field.name] = _plain(inner)
        return found
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, date):
        return value.isoformat()
    return value


def _is_default(field: "dataclasses.Field[Any]", value: Any) -> bool:
    if field.default is not dataclasses.MISSING:
        return bool(value == field.default)
    if field.default_factory is not dataclasses.MISSING:
        return bool(value == field.default_factory())
    return False


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _typed(kind: Any, value: Any, where: str) -> Any:
    """A plain value as the type that a field has."""
    if isinstance(kind, TypeAliasType):
        return _typed(kind.__value__, value, where)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _record(kind, value, where)
    origin = get_origin(kind)
    if origin is Literal:
        return _expect(value in get_args(kind) and not isinstance(value, bool), value, where)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), value, where)
    if origin is tuple:
        return _tuple(get_args(kind), value, where)
    if origin is not None and issubclass(origin, Mapping):
        key_kind, inner_kind = get_args(kind)
        _expect(isinstance(value, Mapping), value, where)
        return types.MappingProxyType(
            {
                _typed(key_kind, key, where): _typed(inner_kind, inner, f"{where}.{key}")
                for key, inner in value.items()
            }
        )
    if kind is date:
        return _date(value, where)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        _expect(value in [member.value for member in kind], value, where)
        return kind(value)
    return _expect(type(value) is kind, value, where)


def _record(kind: type, value: Any, where: str) -> Any:
    _expect(isinstance(value, Mapping), value, where)
    hints = _hints(kind)
    known = {field.name: field for field in dataclasses.fields(kind) if field.init}
    for name in value:
        if name not in known:
            raise DocumentError(f"unknown key: found '{name}', expected a field of {where}")
    for name, field in known.items():
        needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if needed and name not in value:
            raise DocumentError(f"missing key: found nothing, expected '{name}' in {where}")
    return kind(**{name: _typed(hints[name], inner, f"{where}.{name}") for name, inner in value.items()})


def _tuple(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    _expect(isinstance(value, list), value, where)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_typed(kinds[0], inner, f"{where}[{i}]") for i, inner in enumerate(value))
    _expect(len(kinds) == len(value), value, where)
    return tuple(_typed(kind, inner, where) for kind, inner in zip(kinds, value, strict=True))


def _one_of(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    for kind in kinds:
        if kind is type(None):
            if value is None:
                return None
            continue
        try:
            return _typed(kind, value, where)
        except DocumentError:
            continue
    return _expect(False, value, where)


def _date(value: Any, where: str) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise DocumentError(f"invalid date: found '{value}', expected a date in {where}") from None


def _expect(holds: bool, value: Any, where: str) -> Any:
    if not holds:
        raise DocumentError(f"wrong value: found '{str(value)[:60]}', expected another in {where}")
    return value
