"""The folder of a demo: made anew each time, used by one demo at a time, and never anybody else's."""

import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import click

_MARKER = "rolebook-demo.json"
"""In every demo folder: that it is one, and with which settings the demo in it runs."""
_LOCK = ".lock"


def usual_folder() -> Path:
    """Return where a demo is kept when nobody says otherwise: `demo` in ROLEBOOK_HOME."""
    return Path(os.environ.get("ROLEBOOK_HOME", "var")).absolute() / "demo"


def begin(folder: Path) -> IO[str]:
    """Empty the folder of an earlier demo, or make one; returns the lock, held while the file is open.

    Raises click.ClickException for a folder with anything in it that is no demo's, and while a demo runs in it.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MARKER).is_file():
        raise click.ClickException(
            f"{folder} is not empty and was not made by a demo; choose another with --folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / _LOCK).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise click.ClickException(
            f"a demo is running in {folder}; stop it, or choose another with --folder"
        ) from None
    (folder / _MARKER).write_text("{}\n")
    for entry in folder.iterdir():
        if entry.name in (_MARKER, _LOCK):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    return lock


def remember(folder: Path, settings: Mapping[str, str]) -> None:
    """Write down the settings of the demo in ``folder``, for `rolebook demo code`."""
    (folder / _MARKER).write_text(json.dumps(dict(settings), indent=2) + "\n")


def remembered(folder: Path) -> dict[str, str]:
    """Return the settings of the demo in ``folder``. Raises click.ClickException when there is none."""
    try:
        found = json.loads((folder / _MARKER).read_text())
    except (OSError, ValueError):
        found = {}
    if found.get("ROLEBOOK_DEMO") != "1":
        raise click.ClickException(
            f"no demo in {folder}: start one with 'rolebook demo', or name its --folder"
        )
    return {str(name): str(value) for name, value in found.items()}
