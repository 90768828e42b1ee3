"""Lists "on that day" as spreadsheets, made in the background."""

from datetime import datetime
from typing import IO, TYPE_CHECKING

from rolebook.accounts.queries import rolebook_in_force
from rolebook.governance.files.workbook import Sheet, counted, write_workbook
from rolebook.governance.models import MadeFile
from rolebook.governance.queries.then_asked import Question, facts_of
from rolebook.governance.queries.then_files import COLUMNS, lines_of
from rolebook.governance.queries.then_rows import book_then

if TYPE_CHECKING:
    from rolebook.governance.making import Progress

KIND = "on that day"


def require_seen(made: MadeFile, at: datetime) -> None:
    """Raise NotFound or NotAllowed when who asked may not see the list at ``at``, as the list itself does."""
    question = Question.from_json(made.asked)
    _, book = rolebook_in_force(made.program_id, at)
    question.require_seen(made.asked_by, made.program_id, question.moment(book, at).at, at)


def write(made: MadeFile, target: IO[bytes], progress: "Progress", at: datetime) -> None:
    """Write the answer to a question about an earlier day as XLSX; raises as the list itself does."""
    question, program_id = Question.from_json(made.asked), made.program_id
    _, book = rolebook_in_force(program_id, at)
    moment = question.moment(book, at)
    people = question.rows(made.asked_by, program_id, moment.at, lambda: at)
    _, then, _ = book_then(program_id, moment.at)
    lines = counted(lines_of(people, then), lambda done: progress(done, 0))
    sheet = Sheet("Who held what", COLUMNS, lines)
    facts = facts_of(question, program_id, moment, at)
    write_workbook(target, f"{book.program.short_name}: who held what", facts, [sheet], book.program.zone)
