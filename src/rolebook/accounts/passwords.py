"""What a password must be (NIST SP 800-63B, section 5.1.1.2: length, and a list of what everybody guesses)."""

import re
from difflib import SequenceMatcher
from functools import cache

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.exceptions import ValidationError

from rolebook.accounts.models import Account

LONGEST = 256
"""Longer ones are refused before they are hashed (fault 43)."""

_PARTS = re.compile(r"[\W\d_]+")
_SHORTEST_NAME = 3
_LEAST_BESIDES = 8
"""Characters that a password with one's own name in it has besides, at least, and a letter among them."""
_LEET = str.maketrans("0134578@$!", "oleastbasi")
_RUNS = "abcdefghijklmnopqrstuvwxyz 01234567890 qwertyuiop asdfghjkl zxcvbnm qwertzuiop azertyuiop"


class OwnNameValidator:
    """Refuses a password that is made of the person's own user ID, name or address, with little besides.

    Not by which letters both have, as Django does it: a few long words have most letters of any address.
    """

    def validate(self, password: str, user: Account | None = None) -> None:
        """Raise ValidationError where what is left without one's own names is short, or is no word, or is alike."""
        if user is None:
            return
        plain = password.casefold()
        values = [one.casefold() for one in (user.user_id, user.name, user.email) if one]
        left = plain
        for part in sorted({one for value in values for one in _PARTS.split(value)}, key=len, reverse=True):
            if len(part) >= _SHORTEST_NAME:
                left = left.replace(part, " ")
        rest = "".join(left.split())
        named = left != plain and (len(rest) < _LEAST_BESIDES or not any(map(str.isalpha, rest)))
        if named or any(_alike(plain, value) for value in values):
            raise ValidationError(
                "The password is too similar to your user ID, name or e-mail address.",
                code="password_too_similar",
            )

    def get_help_text(self) -> str:
        """Return the rule for people."""
        return "Not your own user ID, name or e-mail address with a few characters added."


def _alike(plain: str, value: str) -> bool:
    """Return whether two texts have the same characters in the same order, but for three of ten."""
    return SequenceMatcher(a=plain, b=value, autojunk=False).ratio() >= 0.7


class PatternValidator:
    """Refuses what guessing programs try right after the list: patterns, and common words in disguise."""

    def validate(self, password: str, user: object = None) -> None:
        """Raise ValidationError for a repeated piece, a run of neighboring keys, or a decorated common password."""
        del user
        plain = password.casefold()
        if len(set(plain)) <= 4 or re.fullmatch(r"(.{1,6}?)\1+.{0,5}", plain):
            raise ValidationError("This password repeats a short pattern.", code="password_pattern")
        if _in_runs(plain) >= len(plain) - 2:
            raise ValidationError("This password is a row of neighboring keys.", code="password_pattern")
        letters = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
        for word in {letters, plain.translate(_LEET), letters.translate(_LEET)}:
            core = re.sub(r"[^a-z]", "", word)
            if core in _common_passwords() and len(core) >= 4 and len(plain) - len(core) <= 8:
                raise ValidationError(
                    "This password is a common one with a few characters added.", code="password_too_common"
                )

    def get_help_text(self) -> str:
        """Return the rule for people."""
        return "Not a pattern, and not a common password with a few characters added."


@cache
def _common_passwords() -> frozenset[str]:
    return frozenset(CommonPasswordValidator().passwords)


def _in_runs(plain: str) -> int:
    """Return how many characters of ``plain`` stand in runs of at least four neighbors."""
    count = start = 0
    while start < len(plain):
        length = 1
        while start + length < len(plain) and _is_run(plain[start : start + length + 1]):
            length += 1
        count += length if length >= 4 else 0
        start += length
    return count


def _is_run(piece: str) -> bool:
    return piece in _RUNS or piece[::-1] in _RUNS


def judge_password(password: str, owner: Account | None) -> None:
    """Raise ValidationError, with every reason, unless ``password`` may be used by ``owner`` (saved or not)."""
    if len(password) > LONGEST:
        raise ValidationError(f"Use at most {LONGEST} characters.", code="password_too_long")
    if "\0" in password:
        raise ValidationError("Use characters that a keyboard can type.", code="password_null")
    validate_password(password, user=owner)


def spend_time_hashing(password: str) -> None:
    """Hash ``password`` for nothing, so that an unknown user ID takes as long as a wrong password (fault 40)."""
    make_password(password[:LONGEST])
