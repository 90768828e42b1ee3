"""Names in a rolebook file resolved to ids: by title, other name or id, with the error at its place when
unknown.
"""

from collections.abc import Iterable

from rolebook.policy.errors import Place, Report, one_of, say
from rolebook.policy.terms import fold
from rolebook.policy.yaml_tree import Path, Tree


class Names:
    """The names of one sort of thing (roles, categories, …)."""

    def __init__(self, sort: str) -> None:
        """`sort` is the word that errors use: "role", "area"."""
        self.sort = sort
        self.ids: dict[str, str] = {}
        self.written: list[str] = []
        self.titles: list[str] = []
        self.places: dict[str, Place] = {}

    def add(self, thing_id: str, names: Iterable[str], place: Place, report: Report) -> None:
        """Enter a thing under its id and names; a name that another thing has already is an error."""
        if thing_id in self.places:
            expected = f"each id once (first at line {self.places[thing_id].line})"
            report.add(place, say(f"duplicate {self.sort}", found=thing_id, expected=expected))
            return
        self.places[thing_id] = place
        all_names = list(dict.fromkeys((*names, thing_id)))
        self.titles.append(all_names[0])
        for name in all_names:
            holder = self.ids.setdefault(fold(name), thing_id)
            if holder != thing_id:
                expected = f"a name that '{holder}' does not have"
                report.add(place, say(f"duplicate {self.sort}", found=name, expected=expected))
            self.written.append(name)

    def find(self, name: str) -> str | None:
        """The id behind a name, or None."""
        return self.ids.get(fold(name))

    def get(self, name: str, place: Place, report: Report) -> str | None:
        """The id behind a name, or None with the error in the report."""
        found = self.find(name)
        if found is None:
            report.add(
                place,
                say(f"unknown {self.sort}", found=name, expected=one_of(self.titles), names=self.written),
            )
        return found


class Source:
    """A read file and the report: what the builders need to place an error."""

    def __init__(self, tree: Tree, report: Report) -> None:
        """Bind a tree and a report."""
        self.tree = tree
        self.report = report

    def error(
        self, path: Path, problem: str, found: str | None, expected: str, names: Iterable[str] = ()
    ) -> None:
        """Note an error at a value."""
        self.report.add(self.tree.place(path), say(problem, found=found, expected=expected, names=names))

    def key_error(self, path: Path, problem: str, found: str | None, expected: str) -> None:
        """Note an error at a key."""
        self.report.add(self.tree.key_place(path), say(problem, found=found, expected=expected))

    def written(self, path: Path) -> str | None:
        """The text that stands at a path, as written; None where nothing or no text stands."""
        data = self.tree.data
        for step in path:
            if isinstance(data, dict) and isinstance(step, str):
                data = data.get(step)
            elif isinstance(data, list) and isinstance(step, int) and step < len(data):
                data = data[step]
            else:
                return None
        return data if isinstance(data, str) else None

    def one(self, names: Names, name: str, path: Path) -> str | None:
        """The id behind a name at a path."""
        return names.get(name, self.tree.place(path), self.report)

    def many(self, names: Names, found: list[str], path: Path) -> tuple[str, ...]:
        """The ids behind a list of names at a path; unknown ones are errors, repeated ones too."""
        ids: list[str] = []
        for position, name in enumerate(found):
            thing_id = self.one(names, name, (*path, position))
            if thing_id in ids:
                self.error((*path, position), f"duplicate {names.sort}", name, "each once")
            elif thing_id is not None:
                ids.append(thing_id)
        return tuple(ids)


class AllNames:
    """The names of every sort of thing in one rolebook."""

    def __init__(self) -> None:
        """Start empty."""
        self.categories = Names("category")
        self.kinds = Names("organization kind")
        self.roles = Names("role")
        self.privileges = Names("privilege")
        self.privilege_kinds = Names("privilege kind")
        self.areas = Names("area")
        self.tables = Names("table")
        self.marks = Names("mark")
