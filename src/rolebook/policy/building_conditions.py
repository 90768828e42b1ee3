"""The conditions of a rolebook, of marks and over every role: each is compiled, and its errors stand at their place."""

from rolebook.policy.conditions import ConditionError, compile_condition
from rolebook.policy.errors import Place, say
from rolebook.policy.form import RolebookForm
from rolebook.policy.model import Condition
from rolebook.policy.names import AllNames, Source
from rolebook.policy.yaml_tree import Path


def build_conditions(form: RolebookForm, source: Source, names: AllNames) -> tuple[Condition, ...]:
    """Return the conditions over every role; errors in these, and in those of marks, go to the report."""
    for position, mark in enumerate(form.marks):
        if mark.condition is not None:
            path: Path = ("marks", position, "condition")
            _judge(mark.condition, path, source)
            if not mark.allows:
                source.error(path, "unused condition", mark.mark, "a mark that allows, or no condition")
    found: list[Condition] = []
    for position, one in enumerate(form.conditions):
        _judge(one.when, ("conditions", position, "when"), source)
        if any(one.id == other.id for other in found):
            source.error(("conditions", position, "id"), "duplicate id", one.id, "each id once")
        privilege_ids = source.many(names.privileges, one.privileges, ("conditions", position, "privileges"))
        found.append(Condition(one.id, one.meaning, one.when, privilege_ids))
    return tuple(found)


def _judge(text: str, path: Path, source: Source) -> None:
    try:
        compile_condition(text)
    except ConditionError as wrong:
        source.report.add(
            _place(text, path, source, wrong),
            say("bad condition", found=text, expected=f"a CEL expression ({wrong.problem})"),
        )


def _place(text: str, path: Path, source: Source, wrong: ConditionError) -> Place:
    """Return where in the file an error stands: in the text itself, where that stands on one line of the file."""
    begins = source.tree.place(path)
    if "\n" in text:
        return begins
    return Place(begins.file, begins.line, begins.column + wrong.column - 1 + source.tree.quoted(path))
