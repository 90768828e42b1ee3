"""Pydantic's findings about a file, put into the grammar of `policy.errors` and at their places."""

from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rolebook.policy.errors import Report, one_of, say
from rolebook.policy.yaml_tree import Path, Tree, shown

PATTERNS = {
    r"^[a-z][a-z0-9_]{0,63}$": "an id of small letters, digits and '_'",
    r"^[^\r\n]+$": "text on one line",
    r"^\d{2}-\d{2}$": "a month and day like '11-01'",
    r"^[a-z]{2,3}(-[A-Z]{2})?$": "a language like 'en'",
    r"^[^@\s]+@[^@\s]+\.[^@\s]+$": "an e-mail address",
    r"^https://[^\s]+$": "an https address",
    r"^[^\w\s,;]{1,3}$": "one to three signs like '*'",
}
TYPES = {
    "string_type": "text (in quotes if it looks like a number)",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "keys and values",
    "model_type": "keys and values",
    "model_attributes_type": "keys and values",
    "date_type": "a date like 2026-11-21",
    "is_instance_of": "a date like 2026-11-21",
}
INSTANT = "an instant like 2026-11-21T09:00:00Z"
ALTERNATIVES = frozenset({"string_type", "int_type", "bool_type", "list_type"})


def validated[Form: BaseModel](form: type[Form], tree: Tree, report: Report) -> Form | None:
    """The data of a tree as a form, or None with every error of shape in the report."""
    try:
        return form.model_validate(tree.data)
    except ValidationError as found:
        errors = found.errors(include_url=False)
        for error in errors:
            others = [other for other in errors if _is_alternative(other, error)]
            if len(others) > 1:
                _report_alternatives(others, tree, report)
            else:
                _report(form, error, tree, report)
        return None


def _is_alternative(other: ErrorDetails, error: ErrorDetails) -> bool:
    """Whether both say of one value that it is none of the types that may stand there."""
    same = plain_path(other["loc"]) == plain_path(error["loc"])
    return same and {other["type"], error["type"]} <= ALTERNATIVES


def _report_alternatives(errors: list[ErrorDetails], tree: Tree, report: Report) -> None:
    """One error for all; the report leaves out that it is told once for each."""
    expected = ", or ".join(dict.fromkeys(TYPES[error["type"]] for error in errors))
    place = tree.place(plain_path(errors[0]["loc"]))
    report.add(place, say("wrong type", found=shown(errors[0]["input"]), expected=expected))


def _report(form: type[BaseModel], error: ErrorDetails, tree: Tree, report: Report) -> None:
    path = plain_path(error["loc"])
    kind = error["type"]
    context: dict[str, Any] = error.get("ctx", {})
    if kind == "missing":
        keys = say("missing key", found=None, expected=f"'{path[-1]}'")
        report.add(tree.key_place(path[:-1]), keys)
    elif kind == "extra_forbidden":
        names = _keys_at(form, path[:-1])
        report.add(
            tree.key_place(path), say("unknown key", found=str(path[-1]), expected=one_of(names), names=names)
        )
    elif kind == "literal_error":
        allowed = choices(context["expected"])
        found = shown(error["input"])
        if found in allowed:
            report.add(tree.place(path), say("wrong type", found=found, expected=f"{found} without quotes"))
            return
        report.add(tree.place(path), say("wrong value", found=found, expected=one_of(allowed), names=allowed))
    elif "[key]" in error["loc"]:
        expected = PATTERNS.get(context.get("pattern", ""), "a plain word")
        report.add(tree.key_place(path), say("bad key", found=str(path[-1]), expected=expected))
    else:
        problem, expected = _expectation(kind, context, error["msg"])
        given = None if error["input"] == "" else shown(error["input"])
        report.add(tree.place(path), say(problem, found=given, expected=expected))


def _expectation(kind: str, context: dict[str, Any], message: str) -> tuple[str, str]:
    """What is wrong and what was expected, for the errors that need only that."""
    if kind.startswith("datetime"):
        return "invalid date", INSTANT
    if kind.startswith("date"):
        return "invalid date", TYPES["date_type"]
    if kind in TYPES:
        return "wrong type", TYPES[kind]
    if kind == "string_pattern_mismatch":
        return "wrong value", PATTERNS.get(context["pattern"], f"text like {context['pattern']}")
    if kind == "string_too_short":
        return "wrong value", "some text"
    if kind == "string_too_long":
        return "wrong value", f"at most {context['max_length']} characters"
    if kind == "too_short":
        return "wrong value", f"at least {context['min_length']}"
    if kind == "value_error":
        return "wrong keys", str(context["error"])
    limits = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}
    if kind in limits:
        name, words = limits[kind]
        return "wrong value", f"{words} {context[name]}"
    return "wrong value", message[:1].lower() + message[1:]


def plain_path(location: tuple[int | str, ...]) -> Path:
    """Pydantic's location without its own additions (`[key]`, names of union members)."""
    unions = {"[key]", "str", "int", "bool", "list[str]"}
    kept = list(location)
    while kept and kept[-1] in unions:
        kept.pop()
    return tuple(kept)


def choices(expected: str) -> list[str]:
    """The values of pydantic's `'a', 'b' or 'c'`."""
    return [part.strip().strip("'") for part in expected.replace(" or ", ", ").split(", ")]


def _keys_at(form: Any, path: Path) -> list[str]:
    """The keys that a form knows at a path."""
    for step in path:
        form = _inside(form, step)
        if form is None:
            return []
    model = _model(form)
    return list(model.model_fields) if model else []


def _inside(form: Any, step: str | int) -> Any:
    """The type of one value inside a form."""
    model = _model(form)
    if model is not None:
        field = model.model_fields.get(str(step))
        return field.annotation if field else None
    for candidate in (form, *get_args(form)):
        if get_origin(candidate) in (list, dict):
            return get_args(candidate)[-1]
    return None


def _model(form: Any) -> type[BaseModel] | None:
    """The model that a type is, or that stands in an optional or annotated type."""
    if isinstance(form, type) and issubclass(form, BaseModel):
        return form
    if get_origin(form) in (list, dict):
        return None
    for candidate in get_args(form):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None
