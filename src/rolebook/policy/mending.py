"""A rolebook whose shape is wrong, mended so far that the rest of it can be judged in the same run.

Whoever writes a rolebook is told everything at once: a misspelled key must not hide a bad cell. What was mended is
only ever used to find errors, and an error that mending may have made is not told.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rolebook.policy.errors import Place, RolebookError, nearest
from rolebook.policy.shape import choices, plain_path
from rolebook.policy.yaml_tree import Path, Tree

MOST_MENDED = 60
PLAIN = frozenset(
    [
        "date",
        "version",
        "name",
        "short_name",
        "source",
        "description",
        "phone",
        "email",
        "hours",
        "have_ready",
        "zone",
        "language",
        "statement",
        "statement_source",
        "url",
        "text",
        "document",
        "ours",
        "reason",
        "about",
        "meaning",
        "intro",
        "plural",
        "example",
        "at_least",
        "opens_on",
        "due_on",
        "effective_from",
        "effective_until",
        "inactivity_months",
        "grace_days",
        "most_due_percent",
        "bounce_deactivates",
        "bounces_needed",
        "bounces_within_days",
        "temporary_details",
        "warn_days_before_closing",
        "warn_days_before_end",
        "remind_after_working_days",
        "escalate_after_working_days",
        "holidays",
        "exclusive",
    ]
)
"""Keys whose values no other part of a rolebook is judged by."""

ALONE = ("wrong width", "bad cell", "duplicate", "cycle of", "invalid date", "unknown zone")
"""Errors that need no other part of the rolebook to be true."""


@dataclass(slots=True)
class Mended[Form: BaseModel]:
    """A form that was mended.

    Attributes:
        form: what can be judged.
        places: where something was put in place of what stood there, and the mappings around these.
        names_lost: whether other parts may now name what is no longer there.
        marks_lost: whether the marks of cells were touched.
    """

    form: Form
    places: set[Place] = field(default_factory=set)
    names_lost: bool = False
    marks_lost: bool = False

    def may_tell(self, error: RolebookError) -> bool:
        """Whether an error is the file's own, and none that mending may have made."""
        if Place(error.file, error.line, error.column) in self.places:
            return False
        if self.marks_lost and error.message.startswith("bad cell"):
            return False
        return not self.names_lost or error.message.startswith(ALONE)


def mended[Form: BaseModel](form: type[Form], tree: Tree) -> Mended[Form] | None:
    """Mend the data of a tree whose shape is wrong; None when too much is, or the top of it."""
    work = _Work(form, replace(tree, data=deepcopy(tree.data)))
    for _ in range(MOST_MENDED):
        errors = work.errors()
        if not errors:
            made = Mended(form.model_validate(work.tree.data), work.places)
            made.names_lost, made.marks_lost = work.names_lost, work.marks_lost
            return made
        if not work.mend(errors):
            return None
    return None


@dataclass(slots=True)
class _Work:
    form: type[BaseModel]
    tree: Tree
    places: set[Place] = field(default_factory=set)
    names_lost: bool = False
    marks_lost: bool = False
    count: int = 0

    def errors(self) -> Sequence[ErrorDetails]:
        """Return what is wrong with the shape now."""
        try:
            self.form.model_validate(self.tree.data)
        except ValidationError as found:
            return found.errors(include_url=False)
        return ()

    def mend(self, errors: Sequence[ErrorDetails]) -> bool:
        """Mend one thing; unknown keys first, for one may be the misspelling of a missing one."""
        strange = next((error for error in errors if error["type"] == "extra_forbidden"), None)
        if strange is not None:
            path = plain_path(strange["loc"])
            missing = [
                str(error["loc"][-1])
                for error in errors
                if error["type"] == "missing" and plain_path(error["loc"])[:-1] == path[:-1]
            ]
            around = self._at(path[:-1])
            value = around.pop(path[-1])
            if (meant := nearest(str(path[-1]), missing)) is not None:
                around[meant] = value
                self.places.add(self.tree.place(path))
            return True
        return self._replace(errors[0])

    def _replace(self, error: ErrorDetails) -> bool:
        """Put something of the right shape in place of a value, or take the list item around it out."""
        path = self._reached(plain_path(error["loc"]))
        if not path:
            return False
        meant = nearest(str(error["input"]), _allowed(error))
        if meant is not None:
            self.places.add(self.tree.place(path))
            self._at(path[:-1])[path[-1]] = meant
            return True
        self._note(path)
        if "[key]" not in error["loc"] and error["type"] != "value_error":
            around = self._at(path[:-1])
            for value in self._candidates(error):
                if isinstance(around, dict) or len(around) > int(path[-1]):
                    around[path[-1]] = value
                if all(plain_path(left["loc"])[: len(path)] != path for left in self.errors()):
                    return True
        return self._take_out(path)

    def _take_out(self, path: Path) -> bool:
        """Take out the list item or the entry by id that a path leads into."""
        for length in range(len(path), 1, -1):
            around = self._at(path[: length - 1])
            by_id = path[: length - 1] == ("privileges",)
            if isinstance(around, list) or by_id:
                del around[path[length - 1]]
                self.names_lost = True
                return True
        return False

    def _note(self, path: Path) -> None:
        self.places |= {self.tree.place(path), self.tree.key_place(path), self.tree.place(path[:-1])}
        self.marks_lost |= path[0] == "marks"
        keys = [step for step in path if isinstance(step, str)]
        self.names_lost |= path[0] != "program" and (
            path[0] in ("areas", "privileges") or keys[-1] not in PLAIN
        )

    def _candidates(self, error: ErrorDetails) -> list[Any]:
        """Return values of which one has the right shape."""
        self.count += 1
        words = [
            f"mended_{self.count}",
            "2000-01-01",
            "01-01",
            "a@mended.example",
            "https://mended.example",
            "*",
        ]
        return [*_allowed(error), *words, 1, True, [], {}]

    def _reached(self, path: Path) -> Path:
        """Return as much of a path as the data have: a privilege may be its title alone, a setting no list."""
        here: Any = self.tree.data
        for length, step in enumerate(path):
            if isinstance(here, dict):
                here = here.get(step)
            elif isinstance(here, list) and isinstance(step, int):
                here = here[step] if step < len(here) else None
            else:
                return path[:length]
        return path

    def _at(self, path: Path) -> Any:
        here: Any = self.tree.data
        for step in path:
            here = here[step]
        return here


def _allowed(error: ErrorDetails) -> list[str]:
    """Return the words of which one was expected, if it was so."""
    return choices(error.get("ctx", {})["expected"]) if error["type"] == "literal_error" else []
