"""Differences in the records that people register for."""

from collections.abc import Iterator

from rolebook.policy.diff_terms import Difference
from rolebook.policy.model import Records, Rolebook


def compare_records(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    """What changed about records of one's own: whether there are any, how they are known, and what proves one."""
    was, now = old.records, new.records
    if was == now:
        return
    if now is None or was is None:
        said = (
            "People can register for a record of their own now." if now else "Nobody can register any more."
        )
        yield Difference("records", "records", said, _text(was), _text(now), added_power=now is not None)
        return
    if was.role_id != now.role_id:
        said = f"Registering for a record gives '{now.role_id}' (was '{was.role_id}')."
        yield Difference("records", "role", said, was.role_id, now.role_id, added_power=True)
    if was.proofs != now.proofs:
        said = f"A record is shown to be one's own by {_list(now)} (was {_list(was)})."
        more = bool(set(now.proofs) - set(was.proofs))
        yield Difference("records", "proofs", said, _list(was), _list(now), added_power=more)
    if was.resource_type != now.resource_type:
        said = f"Applications name a record '{now.resource_type}' (was '{was.resource_type}')."
        yield Difference("records", "resource_type", said, was.resource_type, now.resource_type)
    if _known_by(was) != _known_by(now):
        said = (
            f"A record is known by its {now.identifier_title}, as '{now.identifier_pattern or 'any text'}'."
        )
        yield Difference("records", "identifier", said, was.identifier_pattern, now.identifier_pattern)
    if was.title != now.title:
        said = f"'{was.title}' is now called '{now.title}'."
        yield Difference("records", "title", said, was.title, now.title)


def _list(records: Records) -> str:
    return ", ".join(records.proofs)


def _known_by(records: Records) -> tuple[str, str, str | None, str]:
    return (
        records.identifier_scheme,
        records.identifier_title,
        records.identifier_pattern,
        records.identifier_example,
    )


def _text(records: Records | None) -> str | None:
    return None if records is None else records.title
