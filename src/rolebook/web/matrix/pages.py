"""The Role Matrix page and its exports: for everybody who is signed in, with a role or without (IQIES-01, -18)."""

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rolebook.governance.queries.seeing import viewer_standing
from rolebook.policy.model import Rolebook
from rolebook.policy.printed import matrix_csv, records
from rolebook.web.answers import asked, program_view, with_parameters
from rolebook.web.matrix.reading import (
    Wanted,
    role_note,
    roles_by_category,
    shown_comparison,
    shown_tables,
    unprinted_roles,
)
from rolebook.web.matrix.words import date_in_words
from rolebook.web.program import ProgramRequest

_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@program_view
@require_safe
def role_matrix(request: ProgramRequest) -> HttpResponse:
    """Show the tables as printed; or one role, one area, what has some words; or two roles and what differs."""
    book = request.rolebook
    mine = _own_roles(request)
    role, other = book.role(asked(request, "role")), book.role(asked(request, "compare"))
    if role is None or role not in book.roles:
        role, other = other, None
    if other is not None and (other == role or other not in book.roles):
        other = None
    area = asked(request, "area")
    wanted = Wanted(
        role_id="" if role is None else role.id,
        area=area if area in book.matrix.areas else "",
        words=asked(request, "words")[:200],
    )
    shown: dict[str, object] = {
        "book": book,
        "date": date_in_words(book.program.date),
        "wanted": wanted,
        "role": role,
        "other": other,
        "mine": [one for one in book.roles if one.id in mine],
        "categories": roles_by_category(book),
        "as_printed": asked(request, "show") == "tables",
        "unprinted": unprinted_roles(book) if wanted.everything else (),
    }
    if role is not None and other is not None:
        shown["comparison"] = shown_comparison(book, role, other, mine)
        shown["swapped_url"] = with_parameters(request, {"role": other.id, "compare": role.id})
    else:
        tables = shown_tables(book, wanted, mine)
        shown["tables"] = tables
        shown["number"] = sum(len(area.rows) for table in tables for area in table.areas)
        unprinted = role is not None and book.matrix.table_of(role.id) is None
        shown["only_note"] = [role_note(book, role)] if unprinted and role is not None else []
    return render(request, "matrix/role_matrix.html", shown)


def _own_roles(request: ProgramRequest) -> frozenset[str]:
    """Return the roles that the viewer holds now."""
    standing = viewer_standing(request.account, request.program.id, request.at)
    return frozenset(held.role_id for held in standing.person.holdings)


@program_view
@require_safe
def export_csv(request: ProgramRequest) -> HttpResponse:
    """Give the whole matrix as CSV: a line a printed cell, as `rolebook matrix --format csv` writes it."""
    # The mark tells spreadsheets that the text is UTF-8; readers of CSV skip it ("utf-8-sig").
    return _file(request, "csv", "text/csv; charset=utf-8", _csv)


@program_view
@require_safe
def export_xlsx(request: ProgramRequest) -> HttpResponse:
    """Give the whole matrix as a spreadsheet: a sheet a table."""
    from rolebook.web.matrix.workbook import matrix_workbook

    return _file(request, "xlsx", _SPREADSHEET, matrix_workbook)


@program_view
@require_safe
def export_pdf(request: ProgramRequest) -> HttpResponse:
    """Give the whole matrix as a PDF, laid out as the job aid prints it."""
    from rolebook.web.matrix.paper import matrix_pdf

    return _file(request, "pdf", "application/pdf", matrix_pdf)


def _csv(book: Rolebook) -> bytes:
    return matrix_csv(records(book)).encode("utf-8-sig")


def _file(
    request: ProgramRequest, ending: str, content_type: str, write: Callable[[Rolebook], bytes]
) -> HttpResponse:
    """Return a file to keep, named for the program and the version of its rolebook."""
    program = request.program
    version = "".join(letter if letter.isalnum() or letter in ".-" else "-" for letter in program.version)
    answer = HttpResponse(write(request.rolebook), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{program.id}-role-matrix-{version}.{ending}"'
    return answer
