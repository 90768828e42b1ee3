"""YAML to plain data with the place of every key and value; strict, and safe against hostile files.

Only the plain part of YAML: no tags, no anchors or aliases, one document, text keys, and the scalars of
YAML 1.2 (`true`, `false`, `null`, whole numbers, decimals; everything else is text, so `NO` is never a
truth value). A date stays text; the models read it.
"""

import re
from dataclasses import dataclass, field

import yaml

from rolebook.policy.errors import Place, Report, quote, say

type Data = bool | int | float | str | list["Data"] | dict[str, "Data"] | None
type Path = tuple[str | int, ...]

MOST_NESTED = 24
MOST_VALUES = 200_000
WHOLE_NUMBER = re.compile(r"[-+]?[0-9]{1,18}\Z")
DECIMAL = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}\Z")
CONSTANTS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Tree:
    """The data of a file, and where its parts stand: `values` and `keys` by path (keys and list positions)."""

    file: str
    data: Data = None
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    styles: dict[Path, str] = field(default_factory=dict)

    def quoted(self, path: Path) -> int:
        """How many signs stand before a text's own first one: 1 where it stands in quotes."""
        return 1 if self.styles.get(path, "") in ("'", '"') else 0

    def place(self, path: Path) -> Place:
        """Where a value stands; for a path that is not there, the nearest thing around it that is."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Place(self.file, 1, 1))

    def key_place(self, path: Path) -> Place:
        """Where the key of a value stands; a list item and the top have none, their own place serves."""
        return self.keys.get(path) or self.place(path)


class _Stop(Exception):
    """The file cannot be read on; the reason is in the report."""


def parse_yaml(text: str, file: str, report: Report) -> Tree:
    """Read YAML text. Errors go to the report; the tree then holds what could be read."""
    tree = Tree(file)
    reader = _Reader(text, tree, report)
    try:
        reader.document()
    except _Stop:
        tree.data = None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
        lines = text.split("\n")
        line = lines[place.line - 1] if place.line <= len(lines) else ""
        report.add(place, say("bad YAML", found=line.strip(), expected=f"well-formed YAML ({problem})"))
        tree.data = None
    return tree


class _Reader:
    """Builds the data from the parser's events."""

    def __init__(self, text: str, tree: Tree, report: Report) -> None:
        self.events = yaml.parse(text, Loader=LOADER)
        self.tree = tree
        self.report = report
        self.count = 0

    def document(self) -> None:
        """Read the one document."""
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if () in self.tree.values:
                    raise self._refuse(event, "second document", "---", "one document in a file")
                self.tree.data = self.value(next(self.events), ())
            elif isinstance(event, yaml.StreamEndEvent):
                return

    def value(self, event: yaml.Event, path: Path) -> Data:
        """Read the value that an event begins, and note its place."""
        place = self._place(event)
        self.tree.values[path] = place
        self.count += 1
        if self.count > MOST_VALUES:
            raise self._refuse(event, "too large", f"{self.count} values", f"at most {MOST_VALUES}")
        if len(path) > MOST_NESTED:
            raise self._refuse(event, "nested too deeply", f"{len(path)} levels", f"at most {MOST_NESTED}")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._refuse(
                event, "anchor or alias", str(getattr(event, "anchor", "")), "the value written out"
            )
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise self._refuse(event, "tag", str(tag), "a value without a tag")
        if isinstance(event, yaml.ScalarEvent):
            if event.style:
                self.tree.styles[path] = event.style
            return _scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(path)
        return self._mapping(path)

    def _list(self, path: Path) -> list[Data]:
        items: list[Data] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self.value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Data]:
        found: dict[str, Data] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            place = self._place(event)
            if not isinstance(event, yaml.ScalarEvent) or event.tag is not None or event.anchor:
                raise self._refuse(event, "bad key", "a list, mapping, tag or alias", "a plain word")
            key: str = event.value
            here = (*path, key)
            if key in found:
                first = self.tree.keys[here]
                self.report.add(
                    place, say("duplicate key", found=key, expected=f"it once (first at line {first.line})")
                )
                self.value(next(self.events), (*path, f"{key} (again, line {place.line})"))
                continue
            self.tree.keys[here] = place
            found[key] = self.value(next(self.events), here)
        return found

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return Place(self.tree.file, mark.line + 1, mark.column + 1) if mark else Place(self.tree.file, 1, 1)

    def _refuse(self, event: yaml.Event, problem: str, found: str, expected: str) -> _Stop:
        self.report.add(self._place(event), say(problem, found=found, expected=expected))
        return _Stop()


def _scalar(event: yaml.ScalarEvent) -> Data:
    """The value of a scalar: quoted is always text."""
    text: str = event.value
    if event.style:
        return text
    if text.casefold() in CONSTANTS and text in {text.lower(), text.capitalize(), text.upper()}:
        return CONSTANTS[text.casefold()]
    if WHOLE_NUMBER.match(text):
        return int(text)
    if DECIMAL.match(text):
        return float(text)
    return text


def shown(data: Data) -> str:
    """A value as a message quotes it."""
    if data is None:
        return "null"
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, list):
        return f"a list of {len(data)}"
    if isinstance(data, dict):
        return "keys " + ", ".join(quote(key) for key in list(data)[:5]) if data else "no keys"
    return str(data)
