"""Lists as CSV files, sent while they are read."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import cast

from django.http import HttpResponse, StreamingHttpResponse

from rolebook.policy.printed import spreadsheet_text
from rolebook.web.program import ProgramRequest


def csv_lines(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield a line of titles, then a line a row, as text that no spreadsheet runs.

    The first row is read before the first line is given: what the query refuses is refused before anything is sent.
    """
    rest = iter(rows)
    first = list(islice(rest, 1))
    # The mark tells spreadsheets that the text is UTF-8; readers of CSV skip it ("utf-8-sig").
    yield "\ufeff" + _line(columns)
    for row in chain(first, rest):
        yield _line(row)


def csv_file(request: ProgramRequest, name: str, pieces: Iterator[str]) -> HttpResponse:
    """Answer with a file of the program, piece by piece; raises what reading the first piece raises."""
    first = next(pieces)
    answer = StreamingHttpResponse(chain([first], pieces), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{request.program.id}-{name}.csv"'
    answer["Cache-Control"] = "no-store"
    # Of the two kinds of answers Django's types know only the other as what views give.
    return cast("HttpResponse", answer)


def _line(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(spreadsheet_text(cell) for cell in cells)
    return written.getvalue()
