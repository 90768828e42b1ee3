"""Typeset one volume of a report in a process of its own: whatever the typesetter remembers is given back with it.

The typesetter keeps what it made of every page it has seen, some megabytes for a page of a long table. A worker that
made twenty volumes would hold all of them. So ``python -m rolebook.governance.files.typesetting`` makes each: it
reads one JSON document, writes one PDF, and imports nothing of the server.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import rolebook

_FOLDER = Path(__file__).parent
_FONTS = Path(rolebook.__file__).parent / "web" / "matrix" / "fonts"
_MOST_SECONDS = 300


class NotTypeset(RuntimeError):
    """A volume could not be made; what the typesetter said is in the message."""


def typeset(data: Mapping[str, Any], made_at: datetime) -> bytes:
    """Return a volume as PDF (PDF/UA-1), made beside this process. Raises NotTypeset."""
    told = json.dumps({"data": data, "made_at": made_at.isoformat()}, ensure_ascii=False)
    try:
        made = subprocess.run(  # noqa: S603  # our own module, with our own interpreter
            [sys.executable, "-P", "-m", __name__],
            input=told.encode(),
            capture_output=True,
            timeout=_MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise NotTypeset(f"no volume was made within {_MOST_SECONDS} s") from late
    if made.returncode or not made.stdout.startswith(b"%PDF"):
        raise NotTypeset(made.stderr.decode(errors="replace")[-500:] or f"ended with {made.returncode}")
    return made.stdout


def _main() -> None:
    told = json.loads(sys.stdin.buffer.read())
    made_at = datetime.fromisoformat(told["made_at"])
    sys.stdout.buffer.write(_pdf(told["data"], made_at))


def _pdf(data: Mapping[str, Any], made_at: datetime) -> bytes:
    import typst  # only here: the server's processes need no typesetter

    try:
        return _compiled(data, made_at)
    except typst.TypstError:
        # PDF/UA refuses a letter that no font of ours has: names in other scripts are then told by their user IDs.
        return _compiled(_in_known_letters(data), made_at)


def _compiled(data: Mapping[str, Any], made_at: datetime) -> bytes:
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(_FONTS)])
    compiler = typst.Compiler(font_paths=fonts, root=str(_FOLDER))
    made = compiler.compile(
        input=(_FOLDER / "report.typ").read_bytes(),
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards="ua-1",
        timestamp=made_at.replace(microsecond=0),
    )
    if not isinstance(made, bytes):
        raise TypeError("one document was asked for")
    return made


def _in_known_letters(value: Any) -> Any:
    """Return data with every letter outside of what the font has as a question mark."""
    if isinstance(value, str):
        return "".join(letter if letter in _KNOWN or " " <= letter <= "~" else "?" for letter in value)
    if isinstance(value, Mapping):
        return {name: _in_known_letters(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_in_known_letters(one) for one in value]
    return value


_KNOWN = frozenset(map(chr, range(0xA1, 0x180))) - {"\u00ad"} | set(
    "\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u00b7\u2022"
)


if __name__ == "__main__":
    _main()
