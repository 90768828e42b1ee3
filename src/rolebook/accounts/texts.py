"""Names, user IDs and addresses as they are kept and compared (faults 32, 39, 43, 44)."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

_USER_ID = re.compile(r"[a-z0-9](?:[a-z0-9._-]{2,58})[a-z0-9]")
_FSID = re.compile(r"[A-Z0-9]{4,12}")
_LONGEST_ADDRESS = 254
_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
"""Format characters that names in some scripts need (Unicode Standard Annex 31, section 2.3)."""


def clean_line(text: str, *, longest: int) -> str:
    """Return one line of text: composed (NFC), single spaces, at most ``longest`` characters.

    Raises ValidationError for line breaks, control characters, changes of writing direction, and for nothing at all.
    """
    stripped = text.strip()
    if len(stripped) > longest * 4:
        raise ValidationError(f"Use at most {longest} characters.", code="too_long")
    composed = unicodedata.normalize("NFC", stripped)
    for character in composed:
        if unicodedata.category(character) in _FORBIDDEN and character not in _JOINERS:
            raise ValidationError("Use letters, digits and punctuation on one line.", code="not_a_line")
    line = " ".join(composed.split())
    if not line:
        raise ValidationError("Enter at least one character.", code="empty")
    if len(line) > longest:
        raise ValidationError(f"Use at most {longest} characters.", code="too_long")
    return line


def clean_user_id(text: str) -> str:
    """Return a user ID as it is stored: case folded. Raises ValidationError unless it may be one.

    Plain ASCII only, so that no two look alike (fault 39).
    """
    folded = text.strip().casefold()
    if not _USER_ID.fullmatch(folded):
        raise ValidationError(
            "Use 4 to 60 letters, digits, periods, hyphens and underscores; begin and end with a letter or digit.",
            code="user_id",
        )
    return folded


def fold_user_id(text: str) -> str:
    """Return what somebody typed as their user ID in the form that is stored; never fails."""
    return text.strip().casefold()[:200]


def clean_email(text: str) -> str:
    """Return an e-mail address as it is mailed to. Raises ValidationError unless it is exactly one plain address.

    The part before the @ must be ASCII: addresses that only look like another one's are refused (CVE-2019-19844).
    """
    address = text.strip()
    if len(address) > _LONGEST_ADDRESS or not address.isascii():
        raise ValidationError("Enter an e-mail address such as name@example.org.", code="email")
    try:
        validate_email(address)
    except ValidationError as wrong:
        raise ValidationError("Enter an e-mail address such as name@example.org.", code="email") from wrong
    return address


def email_key(address: str) -> str:
    """Return the form of an address by which it is compared: compatibility composed, case folded."""
    return unicodedata.normalize("NFKC", address.strip()).casefold()[:_LONGEST_ADDRESS]


def clean_fsid(text: str) -> str | None:
    """Return an FSID as it is kept (capitals, no spaces or hyphens); empty for none, None for what is no FSID.

    4 to 12 letters and digits is ours: the job aid prints no format.
    """
    bare = re.sub(r"[\s-]", "", text).upper()
    return bare if not bare or (bare.isascii() and _FSID.fullmatch(bare)) else None


def search_key(*parts: str) -> str:
    """Return case-folded text to search in: every part, and the digits alone of those that have separators."""
    words: dict[str, None] = {}
    for part in parts:
        folded = unicodedata.normalize("NFKC", part).casefold()
        words[folded] = None
        digits = re.sub(r"\D", "", folded)
        if digits and digits != folded and not re.search(r"[^\W\d_]", folded):
            words[digits] = None
    return " ".join(words)[:1000]
