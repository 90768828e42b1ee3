"""Bytes of a rolebook file to text, and CSV text to cells with their places."""

from dataclasses import dataclass
from pathlib import Path

from rolebook.policy.errors import Place, Report, say
from rolebook.policy.terms import fold

LARGEST_FILE = 8 * 1024 * 1024
DELIMITERS = ",;\t"


def read_text(path: Path, file: str, report: Report) -> str | None:
    """The text of a UTF-8 file (a byte order mark is dropped), or None with the error in the report."""
    start = Place(file, 1, 1)
    try:
        if not path.is_file():
            report.add(start, say("missing file", found=None, expected="a file that can be read"))
            return None
        if path.stat().st_size > LARGEST_FILE:
            size = f"{path.stat().st_size} bytes"
            report.add(start, say("file too large", found=size, expected=f"at most {LARGEST_FILE} bytes"))
            return None
        return decode(path.read_bytes(), file, report)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        report.add(start, say("unreadable file", found=reason.lower(), expected="a file that can be read"))
        return None


def decode(data: bytes, file: str, report: Report) -> str | None:
    """UTF-8 bytes as text with line ends as line feeds, or None with the error in the report."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        report.add(Place(file, 1, 1), say("bad encoding", found="UTF-16", expected="UTF-8"))
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", errors="replace")
        found = f"byte 0x{data[error.start]:02x}"
        report.add(_place_after(before, file), say("bad encoding", found=found, expected="UTF-8"))
        return None
    for position, character in enumerate(text):
        if _is_control(character):
            place = _place_after(text[:position], file)
            report.add(place, say("control character", found=f"U+{ord(character):04X}", expected="text"))
            return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_control(character: str) -> bool:
    """Whether a character is neither text nor a line end nor a tab: C0, DEL, C1, and bidirectional
    overrides.
    """
    code = ord(character)
    return (
        (code < 0x20 and character not in "\t\n\r")
        or 0x7F <= code < 0xA0
        or 0x202A <= code <= 0x202E
        or 0x2066 <= code <= 0x2069
        or code in {0x200B, 0x200E, 0x200F, 0x2028, 0x2029, 0x2060, 0xFEFF, 0xFFFE, 0xFFFF}
    )


def _place_after(before: str, file: str) -> Place:
    """The place that follows some text."""
    before = before.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return Place(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


@dataclass(frozen=True, slots=True)
class CsvCell:
    """One cell with its place; white space around it and runs inside it (also line breaks) are one space."""

    text: str
    place: Place


type CsvLine = tuple[CsvCell, ...]


def parse_csv(text: str, file: str, report: Report) -> list[CsvLine]:
    """Cells of a CSV text; lines without any text are left out, and empty cells at the end of a line
    dropped.

    Quoted cells may hold line breaks and doubled quotes (RFC 4180). The delimiter is the first comma,
    semicolon or tab of the text, as Excel writes one or the other by locale.
    """
    delimiter = next((c for c in text if c in DELIMITERS), ",")
    lines: list[CsvLine] = []
    current: list[CsvCell] = []
    line, column, position = 1, 1, 0
    while position <= len(text):
        place = Place(file, line, column, len(current) + 1)
        raw, length = _cell(text, position, delimiter, place, report)
        current.append(CsvCell(" ".join(raw.split()), place))
        consumed = text[position : position + length]
        line += consumed.count("\n")
        column = column + length if "\n" not in consumed else length - consumed.rfind("\n")
        position += length
        end = text[position : position + 1]
        position += 1
        column += 1
        if end != delimiter:
            if any(cell.text for cell in current):
                lines.append(_without_empty_end(current))
            current = []
            line, column = line + 1, 1
    return lines


def begins_with(line: CsvLine, header: tuple[str, ...], report: Report) -> bool:
    """Whether a line begins with the words of a header, in any case; else the first other word is in the report."""
    for position, expected in enumerate(header):
        found = line[position].text if position < len(line) else None
        if found is None or fold(found) != expected:
            place = line[min(position, len(line) - 1)].place
            report.add(place, say("bad header", found=found or None, expected=f"'{expected}'"))
            return False
    return True


def _without_empty_end(cells: list[CsvCell]) -> CsvLine:
    """Excel pads lines to the width of the widest with empty cells."""
    while cells and not cells[-1].text:
        cells.pop()
    return tuple(cells)


def _cell(text: str, position: int, delimiter: str, place: Place, report: Report) -> tuple[str, int]:
    """The raw text of the cell at a position, and how many characters it takes."""
    if text[position : position + 1] != '"':
        end = position
        while end < len(text) and text[end] not in (delimiter, "\n"):
            end += 1
        return text[position:end], end - position
    end = position + 1
    parts: list[str] = []
    while True:
        close = text.find('"', end)
        if close < 0:
            report.add(
                place, say("bad cell", found=text[position : position + 40], expected="a closing quote")
            )
            return text[position + 1 :], len(text) - position
        parts.append(text[end:close])
        if text[close + 1 : close + 2] != '"':
            break
        parts.append('"')
        end = close + 2
    end = close + 1
    rest = end
    while rest < len(text) and text[rest] not in (delimiter, "\n"):
        rest += 1
    if text[end:rest].strip():
        report.add(
            place, say("bad cell", found=text[position:rest], expected="nothing after the closing quote")
        )
    return "".join(parts), rest - position
