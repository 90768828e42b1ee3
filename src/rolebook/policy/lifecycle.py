"""Legal state moves as tables: request, stage, item, participation. A move that is not here does not
happen.
"""

from collections.abc import Mapping
from types import MappingProxyType

type Moves = Mapping[str, frozenset[str]]


def _table(moves: dict[str, set[str]]) -> Moves:
    return MappingProxyType({state: frozenset(after) for state, after in moves.items()})


REQUEST_MOVES: Moves = _table(
    {
        "pending": {"returned", "approved", "partly approved", "denied", "withdrawn", "expired"},
        "returned": {"pending", "withdrawn", "expired"},
        "approved": set(),
        "partly approved": set(),
        "denied": set(),
        "withdrawn": set(),
        "expired": set(),
    }
)
"""A denial is final: "submit again" makes a new request with the old answers (QPP-13)."""

STAGE_MOVES: Moves = _table(
    {
        "waiting": {"open", "void"},
        "open": {"approved", "denied", "returned", "void"},
        "approved": {"void"},
        "denied": set(),
        "returned": {"void"},
        "void": set(),
    }
)
"""`void`: the items changed, so what was decided about the old ones no longer counts (I5)."""

ITEM_MOVES: Moves = _table(
    {
        "pending": {"approved", "denied", "withdrawn", "expired", "returned"},
        "returned": {"pending", "withdrawn", "expired"},
        "approved": set(),
        "denied": set(),
        "withdrawn": set(),
        "expired": set(),
    }
)

PARTICIPATION_MOVES: Moves = _table(
    {
        "active": {"closed", "deactivated"},
        "closed": {"active"},
        "deactivated": {"active", "closed"},
    }
)
"""`closed`: inactivity or a request; `deactivated`: a rejected e-mail (IQCS-09). Both come back by
reactivation.
"""

TABLES: Mapping[str, Moves] = MappingProxyType(
    {
        "request": REQUEST_MOVES,
        "stage": STAGE_MOVES,
        "item": ITEM_MOVES,
        "participation": PARTICIPATION_MOVES,
    }
)


def may_move(moves: Moves, before: str, after: str) -> bool:
    """Whether a thing in state `before` may go to state `after`; unknown states may go nowhere."""
    return after in moves.get(before, frozenset())


def is_final(moves: Moves, state: str) -> bool:
    """Whether nothing comes after a state. An unknown state is not final: it is an error of its holder."""
    return state in moves and not moves[state]
