"""Events as people read them: a sentence, who and whom, old and new, and nothing that the viewer may not know (I3)."""

import json
import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from string import Formatter

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.queries.identities import provider_name
from rolebook.audit.models import Event, PersonalData
from rolebook.governance.queries import audit_words as words
from rolebook.governance.queries.audit_words_values import LABELS_TOLD, value_told
from rolebook.governance.queries.naming import with_article, with_the
from rolebook.governance.queries.pending import role_title
from rolebook.policy.model import Rolebook
from rolebook.policy.words import UNKNOWN, sentence

_OPTIONAL = re.compile(r"\[([^\]]*)\]")
_ROLE_DETAILS = frozenset({"role_id", "roles", "approver_role_id"})

_REASONS_TOLD = ("outcome:", "request:", "role:designated")
"""Tags whose reasons their beneficiary is told elsewhere, too: on the request's page and in My Access."""

type Details = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence; ``is_name`` where it is somebody's or something's name, and not our words."""

    text: str
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One value before and after: text, an instant, or None where there was none.

    Attributes:
        label, old, new: as files have them: values as the log has them, roles by their titles.
        label_told, old_told, new_told: as pages say them.
    """

    label: str
    old: str | datetime | None
    new: str | datetime | None
    label_told: str
    old_told: str | datetime | None
    new_told: str | datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """One erasable value of an event; ``is_erased`` where it was erased, and ``text`` says so."""

    label: str
    text: str
    is_erased: bool


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event for somebody who may see it. Every text is on one line, and every character of it shows.

    Attributes:
        sequence: its place in the log; ``hash`` is its 32 bytes in hexadecimal.
        parts: the sentence.
        is_refused: whether it is an attempt that was refused; ``why`` says why.
        actor_id, beneficiary_id, organization_id, request_id: public ids; None where there is none, or where the
            viewer may not know it.
        actor, beneficiary, organization: their names, empty likewise.
    """

    sequence: int
    hash: str
    tag: str
    kind: str
    at: datetime
    parts: tuple[Part, ...]
    is_refused: bool
    why: tuple[str, ...]
    changes: tuple[Change, ...]
    personal: tuple[Told, ...]
    actor: str
    beneficiary: str
    organization: str
    actor_id: uuid.UUID | None
    beneficiary_id: uuid.UUID | None
    organization_id: uuid.UUID | None
    request_id: uuid.UUID | None

    @property
    def text(self) -> str:
        """The sentence in one piece, with what a refusal ended in."""
        told = "".join(part.text for part in self.parts)
        return f"{told}. Refused." if self.is_refused else f"{told}."

    @property
    def short_hash(self) -> str:
        """The first twelve digits of the hash, to compare by eye."""
        return self.hash[:12]


@dataclass(frozen=True, slots=True)
class Eyes:
    """Whose eyes an event is told to.

    Attributes:
        book: the rolebook in force, for titles.
        viewer_id: public id of the viewer; None for the operator.
        own_only: sequences of events that the viewer sees only because they are about themselves. They are not told
            who of the officials acted, and of their own refused attempts only that there was one: what they named may
            not be theirs, and may not exist (fault 1).
        in_part: whether events at no organization tell nothing of other organizations: neither how many were asked,
            nor what was written down about the whole.
    """

    book: Rolebook
    viewer_id: uuid.UUID | None
    own_only: frozenset[int] = frozenset()
    in_part: bool = False


def lines_of(events: Sequence[Event], eyes: Eyes) -> tuple[EventLine, ...]:
    """Return events as lines; three statements, however many."""
    parsed = [_Parsed(event, eyes) for event in events]
    personal: dict[int, list[PersonalData]] = {}
    for value in PersonalData.objects.filter(event__in=[event.pk for event in events]).order_by("field"):
        personal.setdefault(value.event_id, []).append(value)
    people = {one for event in events for one in (event.actor_id, event.beneficiary_id) if one is not None}
    places = {event.organization_id for event in events if event.organization_id is not None}
    places |= {one for parts in parsed for one in parts.parents()}
    names = _Names(
        dict(Account.objects.filter(public_id__in=people).values_list("public_id", "name")),
        dict(Organization.objects.filter(public_id__in=places).values_list("public_id", "name")),
    )
    return tuple(parts.line(names, personal.get(parts.event.pk, ())) for parts in parsed)


@dataclass(frozen=True, slots=True)
class _Names:
    people: Mapping[uuid.UUID, str]
    places: Mapping[uuid.UUID, str]

    def person(self, public_id: uuid.UUID | None) -> str:
        if public_id is None:
            return ""
        return words.visible(self.people.get(public_id, words.UNKNOWN_PERSON))

    def place(self, public_id: uuid.UUID | None) -> str:
        if public_id is None:
            return ""
        return words.visible(self.places.get(public_id, words.UNKNOWN_PLACE))


@dataclass(slots=True)
class _Parsed:
    """One event while it is told."""

    event: Event
    eyes: Eyes
    content: Details = field(init=False)
    old: Details = field(init=False)
    new: Details = field(init=False)

    def __post_init__(self) -> None:
        self.content = json.loads(self.event.content)
        self.old, self.new = self._object("old"), self._object("new")

    def _object(self, name: str) -> Details:
        found = self.content.get(name)
        return found if isinstance(found, dict) else {}

    @property
    def is_refused(self) -> bool:
        return self.event.tag.startswith(words.REFUSED)

    @property
    def own_only(self) -> bool:
        return self.event.sequence in self.eyes.own_only

    @property
    def in_part(self) -> bool:
        return self.eyes.in_part and self.event.organization_id is None

    @property
    def by_viewer(self) -> bool:
        return self.event.actor_id is not None and self.event.actor_id == self.eyes.viewer_id

    def parents(self) -> Collection[uuid.UUID]:
        """Return the ids of organizations that the details name."""
        named = (details.get("parent_id") for details in (self.old, self.new))
        return {uuid.UUID(one) for one in named if isinstance(one, str)}

    def line(self, names: _Names, personal: Sequence[PersonalData]) -> EventLine:
        event, masked = self.event, self.own_only and self.is_refused
        hides_actor = self.own_only and not self.by_viewer and event.actor_id is not None
        beneficiary_id = None if masked else event.beneficiary_id
        organization_id = None if masked else event.organization_id
        actor = self._actor(names, hidden=hides_actor)
        beneficiary, place = names.person(beneficiary_id), names.place(organization_id)
        found = words.SENTENCES.get(event.tag, words.UNHEARD_OF)
        oneself = event.actor_id is not None and event.actor_id == beneficiary_id
        return EventLine(
            sequence=event.sequence,
            hash=bytes(event.hash).hex(),
            tag=event.tag,
            kind=found.kind,
            at=event.occurred_at,
            parts=_parts(found.of(oneself=oneself), self._values(actor, beneficiary, place)),
            is_refused=self.is_refused,
            why=self._why(place),
            changes=() if masked or self.in_part else self._changes(names),
            personal=self._personal(personal),
            actor="" if hides_actor or event.actor_id is None else actor,
            beneficiary=beneficiary,
            organization=place,
            actor_id=None if hides_actor else event.actor_id,
            beneficiary_id=beneficiary_id,
            organization_id=organization_id,
            request_id=None if masked else event.request_id,
        )

    def _actor(self, names: _Names, *, hidden: bool) -> str:
        if hidden:
            office = self.new.get("role_id") if self.event.tag.startswith("outcome:") else None
            if not isinstance(office, str) or not office:
                return words.SOMEBODY
            named = with_the(self._title(office))
            return f"{named[:1].upper()}{named[1:]}"
        if self.event.actor_id is None:
            origin = self._object("origin").get("via")
            return words.OPERATOR.get(str(origin), words.NOBODY_SIGNED_IN)
        return names.person(self.event.actor_id)

    def _values(self, actor: str, beneficiary: str, place: str) -> Mapping[str, str]:
        organizations = self.new.get("organizations")
        if not place and not self.in_part and isinstance(organizations, list) and len(organizations) > 1:
            place = f"{len(organizations)} organizations"
        role = self.new.get("role_id") or self.old.get("role_id")
        office, state = self.new.get("approver_role_id"), self.new.get("state")
        name = self.new.get("name") or self.old.get("name") or ""
        provider = self.new.get("provider") or self.old.get("provider")
        return {
            "who": actor,
            "whom": beneficiary or words.UNKNOWN_PERSON if not self.is_refused else beneficiary,
            "where": place,
            "role": self._title(role) if isinstance(role, str) else "",
            "office": with_article(self._title(office)) if isinstance(office, str) else "",
            "state": state if isinstance(state, str) else "",
            "number": str(self.new.get("number") or ""),
            "provider": words.visible(provider_name(str(provider or ""))),
            "name": words.visible(str(name)),
        }

    def _title(self, role_ids: str) -> str:
        titles = (role_title(self.eyes.book, one) for one in role_ids.split(", "))
        return words.visible(", ".join(titles))

    def _why(self, place: str) -> tuple[str, ...]:
        codes = self.new.get("codes")
        if not isinstance(codes, list):
            return ()
        role = self.new.get("role_id")
        given = {
            "role": self._title(role) if isinstance(role, str) else "This role",
            "organization": place or "this organization",
            "program": self.eyes.book.program.short_name,
        }
        told = (words.NOT_THERE if code == "not_found" else sentence(str(code), **given) for code in codes)
        return tuple(dict.fromkeys(one for one in told if one != UNKNOWN))

    def _changes(self, names: _Names) -> tuple[Change, ...]:
        keys = [key for key in {**self.old, **self.new} if key in words.LABELS]
        changes = (self._change(key, names) for key in keys)
        return tuple(change for change in changes if change.old is not None or change.new is not None)

    def _change(self, key: str, names: _Names) -> Change:
        label = self._label(key)
        old, new = (self._value(key, details, names) for details in (self.old, self.new))
        told = (self._told(key, details, names) for details in (self.old, self.new))
        return Change(label, old, new, LABELS_TOLD.get(key, label), *told)

    def _label(self, key: str) -> str:
        decided = key == "role_id" and self.event.tag.startswith("outcome:")
        return words.OFFICE if decided else words.LABELS[key]

    def _told(self, key: str, details: Details, names: _Names) -> str | datetime | None:
        """Return a value as pages say it: what `_value` returns, in the words that it has for people."""
        written, value = self._value(key, details, names), details.get(key)
        if not isinstance(written, str) or isinstance(value, bool) or key in (*_ROLE_DETAILS, "parent_id"):
            return written
        texts = [str(one) for one in value] if isinstance(value, list) else [str(value)]
        return words.visible(", ".join(value_told(self.eyes.book, key, text) for text in texts))

    def _value(self, key: str, details: Details, names: _Names) -> str | datetime | None:
        value = details.get(key)
        ordinary = value is False or (key == "version" and value == 1)
        if value is None or value in ("", []) or ordinary:
            return None
        if key.endswith("_at") and isinstance(value, str):
            return datetime.fromisoformat(value)
        if key == "parent_id" and isinstance(value, str):
            return names.place(uuid.UUID(value))
        if isinstance(value, bool):
            return "yes"
        texts = [str(one) for one in value] if isinstance(value, list) else [str(value)]
        if key in _ROLE_DETAILS:
            texts = [self._title(one) for one in texts]
        return words.visible(", ".join(texts))

    def _personal(self, values: Sequence[PersonalData]) -> tuple[Told, ...]:
        told: list[Told] = []
        for value in values:
            if self._keeps_back(value.field):
                continue
            erased = value.erased_at is not None or value.value is None
            text = words.ERASED if erased else words.visible(value.value or "")
            told.append(Told(words.PERSONAL.get(value.field, value.field), text, erased))
        return tuple(told)

    def _keeps_back(self, personal_field: str) -> bool:
        """Return whether a value is not told to whom the event is about: an official's address and private reasons."""
        if not self.own_only or self.by_viewer:
            return False
        if personal_field == "reason":
            return not self.event.tag.startswith(_REASONS_TOLD)
        return personal_field == "origin_address"


def _parts(template: str, values: Mapping[str, str]) -> tuple[Part, ...]:
    """Return a sentence of the catalogue with its parts filled in; names stay apart from our words."""

    def kept(optional: re.Match[str]) -> str:
        named = [name for _, name, _, _ in Formatter().parse(optional[1]) if name]
        return optional[1] if all(values[name] for name in named) else ""

    parts: list[Part] = []
    for text, name, _, _ in Formatter().parse(_OPTIONAL.sub(kept, template)):
        if text:
            parts.append(Part(text))
        if name and values[name]:
            parts.append(Part(values[name], is_name=True))
    return tuple(parts)
