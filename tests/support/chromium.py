"""Finds the system's chromium; the tests drive that one, and no browser is ever downloaded.

`python -m tests.support.chromium` prints its path, and exits with 1 when there is none.
"""

import shutil
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


class ChromiumMissingError(RuntimeError):
    """No chromium is installed."""


def chromium_path() -> str:
    """Return the path of the system's chromium.

    Raises:
        ChromiumMissingError: none is installed; the tests must fail then, never skip.
    """
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    raise ChromiumMissingError(
        f"no chromium found (looked for {', '.join(NAMES)}): install Debian's package 'chromium'"
    )


if __name__ == "__main__":
    try:
        print(chromium_path())
    except ChromiumMissingError as missing:
        print(missing, file=sys.stderr)
        sys.exit(1)
