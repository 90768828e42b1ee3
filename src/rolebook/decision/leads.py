"""What a subject's name leads to: one integer, so that a name costs a dictionary no more than that.

It says where the account's rows begin, whether they are in the overlay, and, by one bit for every 28th role code, which
roles they may hold: a question for an action that none of them gives is answered without a look at the rows, which in
a large world are in no cache. The bits never make a yes; they may be too many, never too few.
"""

from collections.abc import Iterable

ROLE_BITS = 28
LOOK_ALWAYS = 1 << ROLE_BITS
"""Set in every action, and in the lead of an account whose rows must be looked at whatever its roles."""
IN_OVERLAY = 1 << ROLE_BITS + 1
ROW_SHIFT = ROLE_BITS + 2


def role_mask(code: int) -> int:
    """Return the bit of a role code."""
    return 1 << code % ROLE_BITS


def lead_to_flat(row: int, role_codes: Iterable[int]) -> int:
    """Return the lead of an account whose flat rows begin at ``row`` and hold these roles."""
    mask = 0
    for code in role_codes:
        mask |= role_mask(code)
    return row << ROW_SHIFT | mask


def lead_to_overlay(row: int) -> int:
    """Return the lead of an account whose rows begin at ``row`` of the overlay.

    They are looked at always: a reader may still have tables that are older than a role which they hold.
    """
    return row << ROW_SHIFT | IN_OVERLAY | LOOK_ALWAYS
