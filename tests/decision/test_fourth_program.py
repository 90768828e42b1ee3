"""A fourth program, written by copying the output of `rolebook new` and editing data only.

The role table is public: WordPress's summary of roles and capabilities, whose cells say "own" where a role may do
something with its holder's own posts only.
"""

from pathlib import Path
from random import Random

from rolebook.decision.cases import person_of, run_cases, tree_of
from rolebook.decision.compiled import compile_program
from rolebook.decision.library import load
from rolebook.policy.cases import read_cases
from rolebook.policy.lint import lint, open_findings
from rolebook.policy.reading import read
from tests.agreement.compare import compare
from tests.agreement.worlds import World

FOLDER = Path(__file__).parent / "wordpress"


def test_it_reads_lints_clean_and_its_cases_hold() -> None:
    reading = read(FOLDER)
    assert open_findings(lint(reading.rolebook, reading)) == ()
    answers = run_cases(reading.rolebook, read_cases(FOLDER, reading.rolebook))
    assert len(answers) == 9
    assert [answer.asked for answer in answers if not answer.holds] == []


def test_a_qualified_cell_is_explained_with_its_meaning() -> None:
    asked = {"holds": ["Author@blog"], "at": "blog", "own_record_id": "mine"}
    told = load(FOLDER).explain("Publish posts", record_id="theirs", **asked)  # type: ignore[arg-type]
    assert told.sentences[1:3] == (
        "No: Author gives “Publish posts” on the person's own record only, and this is another.",
        "Table 1 / Posts / Publish posts says “own record” for Author, which means: "
        "Their own posts and their own profile only.",
    )
    told = load(FOLDER).explain("Publish posts", record_id="mine", **asked)  # type: ignore[arg-type]
    assert told.sentences[-1] == "Author gives this on the person's own record only, and this is their own."


def test_every_way_of_asking_agrees_on_its_world() -> None:
    rolebook = read(FOLDER).rolebook
    (case_file,) = read_cases(FOLDER, rolebook)
    world = World(
        rolebook=rolebook,
        program=compile_program(rolebook),
        nodes=tuple((code, None, path[-1].kind_id) for code, path in case_file.organizations.items()),
        tree=tree_of(case_file),
        people={case.person.id: person_of(case.person) for case in case_file.cases},
        instants=(case_file.cases[0].person.holds[0].starts_at,),
    )
    assert compare(world, Random(0)).differences == []
