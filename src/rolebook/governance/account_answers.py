"""What is written on the form of an account request: as it is kept in a draft, and what is still missing (IQCS-06)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.texts import clean_line, email_key
from rolebook.governance.authority import Standing
from rolebook.governance.employing import present_employment
from rolebook.governance.facts import RowFacts
from rolebook.governance.flows.attempt import checked_text
from rolebook.governance.models import Request, RequestItem
from rolebook.governance.narrowing import HeldInParts, is_kept, kept_days, narrowed_places
from rolebook.governance.reactivating import is_out
from rolebook.governance.refusals import Refused
from rolebook.governance.submitting import Wish, change_of_wish
from rolebook.policy.model import Rolebook
from rolebook.policy.months import day_begins
from rolebook.policy.rules import HeldAccess, Violation, judge
from rolebook.policy.rules.new_or_modification import request_type_for

ADD, REMOVE, NARROW = "add", "remove", "narrow"
MOST_CODES = 40
_ELSEWHERE = {
    "ends_before_start": "ends_on",
    "ends_in_the_past": "ends_on",
    "no_temporary_details": "ends_on",
    "certificate_missing": "attachments",
}
"""The field that a violation of an item is shown at, where it is not the item's own."""
COMMENTS = "text of the comments"
"""How sentences name the comments, as one thing."""
_LONGEST = {
    "work_email": 254,
    "work_phone": 40,
    "job_title": 120,
    "supervisor_name": 150,
    "supervisor_email": 254,
}


@dataclass(frozen=True, slots=True)
class CodeAnswer:
    """One organization code to add, to remove, or to narrow to itself; ``lower_levels``: those below it, too."""

    code: str
    verb: str = ADD
    lower_levels: bool = False

    def as_content(self) -> dict[str, Any]:
        """Return it as a draft keeps it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class AccountAnswers:
    """The form as typed. ``roles`` are "add" or "remove" by role id; the days are days of the program, as typed."""

    work_email: str = ""
    work_phone: str = ""
    job_title: str = ""
    employer_code: str = ""
    supervisor_name: str = ""
    supervisor_email: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)
    codes: tuple[CodeAnswer, ...] = ()
    starts_on: str = ""
    ends_on: str = ""
    comments: str = ""

    def content(self) -> dict[str, Any]:
        """Return the answers as a draft keeps them."""
        return asdict(self)


def answers_of(content: Mapping[str, Any]) -> AccountAnswers:
    """Return the answers of a draft."""
    told = {**content, "codes": tuple(CodeAnswer(**code) for code in content.get("codes", ()))}
    return AccountAnswers(**told)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is missing or not right, and in which field."""

    field: str
    violation: Violation


@dataclass(frozen=True, slots=True)
class Checked:
    """A form that was looked through: what it asks for, what is wrong with it, and of which type it is.

    ``fields`` are the fields that the wishes come from, in their order; ``employer`` is whose chain always runs.
    """

    wishes: tuple[Wish, ...]
    fields: tuple[str, ...]
    problems: tuple[Problem, ...]
    request_type: str
    employer: Organization | None


def applicable_type(book: Rolebook, beneficiary: Account, at: datetime) -> str:
    """Return "new" or "modification", whichever applies to a person (IQCS-02); "" where a program knows no types."""
    rule = book.rule("new_or_modification")
    if rule is None:
        return ""
    category = str(rule.settings["category"])
    facts = RowFacts(book)
    return request_type_for(facts, str(beneficiary.public_id), at, category)


def check_answers(
    standing: Standing,
    beneficiary: Account,
    answers: AccountAnswers,
    request: Request | None = None,
    *,
    certificates: bool = False,
) -> Checked:
    """Return what the form asks for and everything that is missing or not right, each with its field.

    ``request`` is the returned request that the form corrects, if any; ``certificates`` says whether one is attached.
    """
    problems = [*_personal(answers), *_supervisor(answers, standing.account, beneficiary)]
    employer = _employer(standing, beneficiary, answers, problems)
    starts_at, ends_at = _dates(standing, answers, problems)
    wishes: list[Wish] = []
    fields: list[str] = []
    _role_wishes(standing, answers, (starts_at, ends_at), (wishes, fields, problems))
    held = _held_access(standing, beneficiary, answers)
    _code_wishes(standing, answers, (starts_at, ends_at), held, (wishes, fields, problems))
    if not answers.roles and not answers.codes:
        problems.append(Problem("roles", Violation("nothing_asked")))
    if is_out(beneficiary, standing.program_id, standing.at):
        # A closed account is changed by what reactivates it (IQCS-10).
        wishes.insert(0, Wish(RequestItem.Kind.REACTIVATE, "", None))
        fields.insert(0, "roles")
    request_type = applicable_type(standing.book, beneficiary, standing.at)
    facts = RowFacts(standing.book, employing=employer, certificates=certificates)
    narrowed = narrowed_places(wishes)
    for wish, name in zip(wishes, fields, strict=True):
        kept = is_kept(wish, narrowed)
        change = change_of_wish(wish, standing, beneficiary, request, request_type or None, narrows=kept)
        found = judge(change, facts)
        for violation in found:
            problem = Problem(_ELSEWHERE.get(violation.code, name), violation)
            if problem not in problems:
                problems.append(problem)
    return Checked(tuple(wishes), tuple(fields), tuple(problems), request_type, employer)


def _personal(answers: AccountAnswers) -> list[Problem]:
    problems: list[Problem] = []
    for name, most in _LONGEST.items():
        typed: str = getattr(answers, name)
        if len(typed) > most:
            problems.append(Problem(name, Violation("text_too_long", {"field": "text", "most": most})))
        elif typed and not _is_line(typed, most):
            problems.append(Problem(name, Violation("text_unreadable", {"field": "text"})))
    try:
        checked_text(answers.comments, COMMENTS)
    except Refused as refusal:
        problems += [Problem("comments", violation) for violation in refusal.violations]
    if not _is_address(answers.work_email):
        problems.append(Problem("work_email", Violation("work_email_missing")))
    return problems


def _supervisor(answers: AccountAnswers, asker: Account, beneficiary: Account) -> list[Problem]:
    problems: list[Problem] = []
    if not answers.supervisor_name:
        problems.append(Problem("supervisor_name", Violation("supervisor_missing")))
    if not _is_address(answers.supervisor_email):
        problems.append(Problem("supervisor_email", Violation("supervisor_email_missing")))
    elif email_key(answers.supervisor_email) in {
        asker.email_key,
        beneficiary.email_key,
        email_key(answers.work_email),
    }:
        problems.append(Problem("supervisor_email", Violation("supervisor_is_yourself")))
    return problems


def _is_line(text: str, most: int) -> bool:
    try:
        return clean_line(text, longest=most) is not None
    except ValidationError:
        return False


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _employer(
    standing: Standing, beneficiary: Account, answers: AccountAnswers, problems: list[Problem]
) -> Organization | None:
    """Return whose chain always runs: the employer on record, else the one that the form names."""
    if not standing.book.approval.employing_chain:
        return None
    recorded = present_employment(beneficiary, standing.program_id)
    if recorded is not None:
        return recorded.organization
    if not answers.employer_code:
        problems.append(Problem("employer_code", Violation("employer_missing")))
        return None
    found = organization_by_code(standing, answers.employer_code)
    if found is None:
        problems.append(Problem("employer_code", Violation("unknown_code", {"named": answers.employer_code})))
    return found


def organization_by_code(standing: Standing, code: str, *, closed_too: bool = False) -> Organization | None:
    """Return the open organization with a code, letter case and spaces around it aside, or None.

    ``closed_too``: a closed one, too. What is held there counts again when it is opened, so it may be removed before.
    """
    found = Organization.objects.filter(program_id=standing.program_id, code__iexact=code.strip())
    if not closed_too:
        found = found.exclude(closed_at__lte=standing.at)
    return found.order_by("pk").first()


def _role_wishes(
    standing: Standing,
    answers: AccountAnswers,
    dates: tuple[datetime | None, datetime | None],
    into: tuple[list[Wish], list[str], list[Problem]],
) -> None:
    wishes, fields, problems = into
    for role_id, verb in answers.roles.items():
        name = f"role-{role_id}"
        role = standing.book.role(role_id)
        if verb == ADD:
            wishes.append(Wish(RequestItem.Kind.ADD_ROLE, role_id, None, *dates))
        else:
            wishes.append(Wish(RequestItem.Kind.REMOVE_ROLE, role_id, None))
            if role is not None and role.obtained != "request":
                code = "not_removed_here" if role.obtained == "designation" else "registered_not_removed_here"
                problems.append(Problem(name, Violation(code, {"role": role.title})))
        fields.append(name)


def _held_access(standing: Standing, beneficiary: Account, answers: AccountAnswers) -> tuple[HeldAccess, ...]:
    """Return what a narrowing is taken from; nothing where none is asked for."""
    if not any(answer.verb == NARROW for answer in answers.codes):
        return ()
    return RowFacts(standing.book).held_access(str(beneficiary.public_id), standing.at)


def _code_wishes(
    standing: Standing,
    answers: AccountAnswers,
    dates: tuple[datetime | None, datetime | None],
    held: Sequence[HeldAccess],
    into: tuple[list[Wish], list[str], list[Problem]],
) -> None:
    wishes, fields, problems = into
    seen: set[int] = set()
    if len(answers.codes) > MOST_CODES:
        problems.append(Problem("codes", Violation("too_many_at_once", {"most": MOST_CODES})))
        return
    for number, answer in enumerate(answers.codes):
        name = f"code-{number}"
        place = organization_by_code(standing, answer.code, closed_too=answer.verb == REMOVE)
        if place is None:
            problems.append(Problem(name, Violation("unknown_code", {"named": answer.code})))
            continue
        if place.pk in seen:
            problems.append(Problem(name, Violation("code_twice", {"named": answer.code})))
            continue
        seen.add(place.pk)
        if answer.verb == ADD:
            kind = RequestItem.Kind.ADD_ACCESS
            wishes.append(Wish(kind, "", place, *dates, lower_levels=answer.lower_levels))
            fields.append(name)
            continue
        narrow = answer.verb == NARROW
        wishes.append(Wish(RequestItem.Kind.REMOVE_ACCESS, "", place, lower_levels=narrow))
        fields.append(name)
        if narrow:
            try:
                # What stays is kept for as long as it is held: the days of a detail are of what is added.
                kept = kept_days(held, str(place.public_id), standing.at)
            except HeldInParts:
                problems.append(Problem(name, Violation("access_held_in_parts", {"named": answer.code})))
                continue
            wishes.append(Wish(RequestItem.Kind.ADD_ACCESS, "", place, *kept))
            fields.append(name)


def _dates(
    standing: Standing, answers: AccountAnswers, problems: list[Problem]
) -> tuple[datetime | None, datetime | None]:
    """Return the first instant of the first day, and the first one after the last, in the program's zone (IQCS-11)."""
    first = _day(answers.starts_on, "starts_on", problems)
    last = _day(answers.ends_on, "ends_on", problems)
    if first is not None and not answers.ends_on:
        problems.append(Problem("ends_on", Violation("detail_needs_end")))
    zone = standing.book.program.zone
    if first is not None and first < standing.at.astimezone(ZoneInfo(zone)).date():
        problems.append(Problem("starts_on", Violation("starts_in_the_past")))
    starts_at = None if first is None else day_begins(first, zone)
    ends_at = None if last is None else day_begins(last + timedelta(days=1), zone)
    return starts_at, ends_at


def _day(text: str, name: str, problems: list[Problem]) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not 1990 <= day.year <= 2200:
        problems.append(Problem(name, Violation("day_unreadable")))
        return None
    return day
