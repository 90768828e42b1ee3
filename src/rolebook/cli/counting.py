"""Numbers with their nouns, as commands say them."""


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun, its thousands grouped: "1 account", "1,200 accounts".

    Where the plural is not the singular with an "s", ``many`` is it.
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
