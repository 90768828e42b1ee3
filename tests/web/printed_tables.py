"""Reads the tables of a page back, as a browser would: captions, headings, areas, rows, cells with their classes."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class ReadCell:
    """A cell: its text, its classes, its attributes."""

    text: str
    looks: frozenset[str]
    attributes: dict[str, str]


@dataclass
class ReadRow:
    """A row with the area that it stands under."""

    area: str | None
    title: str
    cells: list[ReadCell] = field(default_factory=list)


@dataclass
class ReadTable:
    """A table."""

    caption: str = ""
    headings: list[ReadCell] = field(default_factory=list)
    rows: list[ReadRow] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tables: list[ReadTable] = []
        self.ids: list[str] = []
        self.inside = ""
        self.attributes: dict[str, str] = {}
        self.text = ""
        self.area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "table":
            self.tables.append(ReadTable())
            self.area = None
        elif tag in ("caption", "th", "td"):
            self.inside, self.attributes, self.text = tag, attributes, ""
        elif tag == "span" and self.inside:
            self.text += " "

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag != self.inside or not self.tables:
            return
        text = " ".join(self.text.split())
        table = self.tables[-1]
        cell = ReadCell(text, frozenset(self.attributes.get("class", "").split()), self.attributes)
        scope = self.attributes.get("scope")
        if tag == "caption":
            table.caption = text
        elif scope == "col":
            table.headings.append(cell)
        elif scope == "rowgroup":
            self.area = text
        elif scope == "row":
            table.rows.append(ReadRow(self.area, text))
        elif tag == "td":
            table.rows[-1].cells.append(cell)
        self.inside = ""


def tables_of(html: str) -> tuple[list[ReadTable], list[str]]:
    """Return the tables of a page and every id on it."""
    reader = _Reader()
    reader.feed(html)
    return reader.tables, reader.ids
