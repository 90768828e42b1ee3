"""From what was typed on the form to answers, and from answers and problems back to what the page shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from rolebook.governance.account_answers import ADD, NARROW, REMOVE, AccountAnswers, CodeAnswer, Problem
from rolebook.governance.queries.account_requests import FormToFill, RemovableAccess, RoleChoice
from rolebook.policy.words import sentence

LINES = (
    "work_email",
    "work_phone",
    "job_title",
    "employer_code",
    "supervisor_name",
    "supervisor_email",
    "starts_on",
    "ends_on",
)
_ROWS = 3
_MOST_ROWS = 40


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One line for a code to add."""

    number: int
    code: str
    lower_levels: bool
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldRow:
    """Access that is held, and whether it is to go, or its lower levels are."""

    code: str
    name: str
    lower_levels: bool
    days: str
    remove: bool
    narrow: bool
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role, what was chosen for it, and what is wrong with that."""

    choice: RoleChoice
    chosen: str
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownForm:
    """The form as the page draws it; ``lines`` and ``errors`` by field."""

    lines: Mapping[str, str]
    errors: Mapping[str, tuple[str, ...]]
    roles: tuple[RoleRow, ...]
    held: tuple[HeldRow, ...]
    rows: tuple[CodeRow, ...]
    comments: str
    summary: tuple[tuple[str, str], ...]


def typed_answers(post: QueryDict, role_ids: Iterable[str]) -> AccountAnswers:
    """Return the form as it was typed; unknown fields are left aside, texts are bounded."""
    lines = {name: typed_text(post, name, 300) for name in LINES}
    roles = {
        role_id: verb for role_id in role_ids if (verb := post.get(f"role-{role_id}", "")) in (ADD, REMOVE)
    }
    codes = [CodeAnswer(code, REMOVE) for code in _ticked(post, "remove-code")]
    codes += [CodeAnswer(code, NARROW) for code in _ticked(post, "narrow-code")]
    for number in range(rows_typed(post)):
        code = typed_text(post, f"code-{number}", 60)
        if code:
            codes.append(CodeAnswer(code, ADD, f"lower-{number}" in post))
    return AccountAnswers(
        **lines, roles=roles, codes=tuple(codes), comments=typed_text(post, "comments", 4_000)
    )


def _ticked(post: QueryDict, name: str) -> list[str]:
    """Return the codes ticked in a list of what is held, each once: a code may be held at several times."""
    codes = (code.replace("\0", "").strip()[:60] for code in post.getlist(name)[:_MOST_ROWS])
    return list(dict.fromkeys(code for code in codes if code))


def rows_typed(post: QueryDict) -> int:
    """Return how many lines for codes the page had."""
    told = post.get("rows", "")
    return min(int(told), _MOST_ROWS) if told.isascii() and told.isdigit() and len(told) < 4 else _ROWS


def typed_text(post: QueryDict, name: str, most: int) -> str:
    """Return what was typed into a field, of bounded length, without NUL and space around it."""
    return post.get(name, "").replace("\0", "").strip()[:most]


def shown_form(
    form: FormToFill, answers: AccountAnswers, problems: Sequence[Problem] = (), rows: int = 0
) -> ShownForm:
    """Return the form as the page draws it, each problem beside its field and all of them above."""
    errors: dict[str, list[str]] = {}
    for problem in problems:
        said = sentence(problem.violation.code, **problem.violation.params)
        errors.setdefault(problem.field, []).append(said)
    held_codes = {one.access.organization.code for one in form.held}
    adds = [(n, code) for n, code in enumerate(answers.codes) if code.verb == ADD]
    changed = {
        (code.code, code.verb): n for n, code in enumerate(answers.codes) if code.verb in (REMOVE, NARROW)
    }
    lines = [
        CodeRow(number, code.code, code.lower_levels, _of(errors, f"code-{position}"))
        for number, (position, code) in enumerate(adds)
    ]
    wanted = min(max(_ROWS, len(adds) + 1, rows), _MOST_ROWS)
    lines += [CodeRow(number, "", False, ()) for number in range(len(adds), wanted)]
    anchors = {f"code-{position}": f"code-{number}" for number, (position, _) in enumerate(adds)}
    anchors |= {
        f"code-{position}": "held-title" for (code, _), position in changed.items() if code in held_codes
    }
    return ShownForm(
        lines={name: getattr(answers, name) for name in LINES},
        errors={name: tuple(said) for name, said in errors.items()},
        roles=tuple(
            RoleRow(
                choice,
                answers.roles.get(choice.role.id, ""),
                _of(errors, f"role-{choice.role.id}"),
            )
            for choice in form.roles
        ),
        held=tuple(_held_row(one, changed, errors) for one in form.held),
        rows=tuple(lines),
        comments=answers.comments,
        summary=tuple((anchors.get(name, name), text) for name, said in errors.items() for text in said),
    )


def _held_row(
    one: RemovableAccess, changed: Mapping[tuple[str, str], int], errors: Mapping[str, Sequence[str]]
) -> HeldRow:
    place = one.access.organization
    named = [changed[place.code, verb] for verb in (REMOVE, NARROW) if (place.code, verb) in changed]
    wrong = tuple(dict.fromkeys(said for position in named for said in _of(errors, f"code-{position}")))
    return HeldRow(
        place.code,
        place.name,
        one.access.lower_levels,
        one.days,
        (place.code, REMOVE) in changed,
        (place.code, NARROW) in changed and one.access.lower_levels,
        wrong,
    )


def _of(errors: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    return tuple(errors.get(name, ()))
