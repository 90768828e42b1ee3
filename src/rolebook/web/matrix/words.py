"""How the pages about the matrix say dates and cells."""

from datetime import date

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def date_in_words(on: date) -> str:
    """Return a day as "October 25, 2022"."""
    return f"{_MONTHS[on.month - 1]} {on.day}, {on.year}"
