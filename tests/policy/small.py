"""A small rolebook in a folder, to be spoiled in one place at a time."""

from collections.abc import Mapping
from pathlib import Path

from rolebook.policy.reading import RolebookErrors, read_rolebook
from rolebook.policy.skeleton import skeleton

ROLEBOOK = "rolebook.yaml"
MATRIX = "matrix.csv"
ORGANIZATIONS = "organizations.csv"

SMALL: Mapping[str, str] = {
    name: text for name, text in skeleton("Small program").items() if "schema" not in name
}
"""What `rolebook new` writes serves as the small rolebook."""


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files into a folder; text as UTF-8."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def spoiled(file: str, *edits: tuple[str, str]) -> dict[str, str | bytes]:
    """The small rolebook with pieces of one file replaced; each piece must be there."""
    files: dict[str, str | bytes] = dict(SMALL)
    text = str(files.get(file, ""))
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    files[file] = text
    return files


def errors_of(folder: Path, files: Mapping[str, str | bytes]) -> list[str]:
    """Every error of a rolebook as `file:line:column: message`, the file without its folder; empty: it reads."""
    write(folder, files)
    try:
        read_rolebook(folder)
    except RolebookErrors as found:
        return [str(error).removeprefix(f"{folder}/") for error in found.errors]
    return []


def place_of(text: str, piece: str, file: str) -> str:
    """`file:line:column` of the first place where a piece stands in a text."""
    at = text.index(piece)
    return f"{file}:{text.count(chr(10), 0, at) + 1}:{at - (text.rfind(chr(10), 0, at) + 1) + 1}"
