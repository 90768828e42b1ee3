"""Running a rolebook's cases: every claim's questions against the decision, the rules and the approval."""

from collections.abc import Iterable
from dataclasses import dataclass

from rolebook.decision.check import check
from rolebook.decision.compiled import CompiledProgram, compile_program
from rolebook.decision.evaluation import Access, Holding, Person
from rolebook.decision.tree import OrganizationTree
from rolebook.policy.case_answers import ask, deciders
from rolebook.policy.cases import (
    AskQuestion,
    Case,
    CaseFile,
    CasePerson,
    CaseQuestion,
    DoQuestion,
    LayoutQuestion,
)
from rolebook.policy.errors import Place
from rolebook.policy.model import Rolebook


@dataclass(frozen=True, slots=True)
class Answered:
    """One question of a case with its answer.

    Attributes:
        case: the case.
        question: the question, with what it expects.
        place: where it stands in the file.
        asked: the question in few words.
        expected: the answer that the case expects, with the code of the reason where it says one.
        got: the answer.
    """

    case: Case
    question: CaseQuestion
    place: Place
    asked: str
    expected: str
    got: str

    @property
    def holds(self) -> bool:
        """Whether the answer is the expected one."""
        return self.expected == self.got


def run_cases(rolebook: Rolebook, files: Iterable[CaseFile]) -> tuple[Answered, ...]:
    """Answer every question of the files, in their order."""
    program = compile_program(rolebook)
    return tuple(
        _answer(rolebook, program, case_file, case, question)
        for case_file in files
        for case in case_file.cases
        for question in case.questions
    )


def tree_of(case_file: CaseFile) -> OrganizationTree:
    """Return the organizations of a case file, shipped ones included, with their codes as ids."""
    return OrganizationTree(
        (code, path[-2].code if len(path) > 1 else None, path[-1].kind_id)
        for code, path in case_file.organizations.items()
    )


def person_of(person: CasePerson) -> Person:
    """Return what somebody of a case holds, in the form that decisions read."""
    return Person(
        active=person.active,
        holdings=tuple(
            Holding(
                f"{person.id} role {number}",
                grant.role_id or "",
                grant.organization,
                grant.starts_at,
                grant.ends_at,
                grant.closed_at,
            )
            for number, grant in enumerate(person.holds, start=1)
        ),
        accesses=tuple(
            Access(
                f"{person.id} access {number}",
                grant.organization or "",
                grant.lower_levels,
                grant.starts_at,
                grant.ends_at,
                grant.closed_at,
            )
            for number, grant in enumerate(person.access, start=1)
        ),
        record_id=person.record,
    )


def _answer(
    rolebook: Rolebook, program: CompiledProgram, case_file: CaseFile, case: Case, question: CaseQuestion
) -> Answered:
    """Answer one question."""
    if isinstance(question, LayoutQuestion):
        asked = f"who decides about {', '.join((*question.role_ids, *question.access))}"
        expected = ", then ".join(question.decided_by)
        got = ", then ".join(deciders(rolebook, case_file, case.person, question))
        return Answered(case, question, question.place, asked, expected, got)
    place = question.organization or "no organization"
    if isinstance(question, AskQuestion):
        violations = ask(rolebook, case_file, case.person, question)
        asked, allowed = f"ask for {question.role_id} at {place}", not violations
        code = violations[0].code if violations else "allowed"
    else:
        decision = check(
            program,
            tree_of(case_file),
            person_of(case.person),
            question.action,
            question.organization,
            question.at,
            record_id=question.record,
        )
        asked, allowed, code = f"{question.action} at {place}", decision.allowed, decision.reason.code
    expected, got = _verdicts(question, allowed, code)
    return Answered(case, question, question.place, asked, expected, got)


def _verdicts(question: DoQuestion | AskQuestion, allowed: bool, code: str) -> tuple[str, str]:
    """Return the expected answer and the one given, with the reason's code where the case names one."""
    expected, got = "yes" if question.allowed else "no", "yes" if allowed else "no"
    if question.reason is None:
        return expected, got
    return f"{expected} ({question.reason})", f"{got} ({code})"
