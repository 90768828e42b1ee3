"""The rolebooks' own cases hold, and every way of asking agrees on their worlds."""

from random import Random

import pytest

from rolebook.decision.cases import person_of, run_cases, tree_of
from rolebook.decision.compiled import compile_program
from rolebook.policy.cases import CaseFile, DoQuestion, read_cases
from rolebook.policy.model import Rolebook
from rolebook.policy.reading import read_rolebook
from rolebook.policy.shipped import shipped, shipped_folder
from tests.agreement.compare import compare
from tests.agreement.worlds import START, World


def case_files() -> list[tuple[Rolebook, CaseFile]]:
    """Every file of cases that ships, with its rolebook."""
    found = []
    for name in shipped():
        folder = shipped_folder(name)
        rolebook = read_rolebook(folder)
        found += [(rolebook, case_file) for case_file in read_cases(folder, rolebook)]
    return found


FILES = case_files()
NAMES = [f"{rolebook.program.id}-{case_file.file.rpartition('/')[2]}" for rolebook, case_file in FILES]


@pytest.mark.parametrize(("rolebook", "case_file"), FILES, ids=NAMES)
def test_every_claim_of_the_file_holds(rolebook: Rolebook, case_file: CaseFile) -> None:
    answers = run_cases(rolebook, [case_file])
    broken = [
        f"{answer.place.line}: {answer.case.claim}: {answer.asked}: {answer.expected}, got {answer.got}"
        for answer in answers
        if not answer.holds
    ]
    assert broken == []


@pytest.mark.invariant("I10")
@pytest.mark.parametrize(("rolebook", "case_file"), FILES, ids=NAMES)
def test_every_way_of_asking_agrees_on_the_world_of_the_file(rolebook: Rolebook, case_file: CaseFile) -> None:
    instants = {
        question.at
        for case in case_file.cases
        for question in case.questions
        if isinstance(question, DoQuestion)
    }
    tree = tree_of(case_file)
    world = World(
        rolebook=rolebook,
        program=compile_program(rolebook),
        nodes=tuple(
            (code, path[-2].code if len(path) > 1 else None, path[-1].kind_id)
            for code, path in case_file.organizations.items()
        ),
        tree=tree,
        people={case.person.id: person_of(case.person) for case in case_file.cases},
        instants=tuple(sorted(instants)) or (START,),
    )
    assert compare(world, Random(0), people=4).differences == []
