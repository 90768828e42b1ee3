"""The role matrix on paper: a tagged PDF, laid out as a job aid prints it, typeset by typst."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from rolebook.policy.model import MatrixTable, Role, Rolebook
from rolebook.policy.printed import roles_without_column
from rolebook.web.matrix.reading import why_not_requested
from rolebook.web.matrix.words import date_in_words

_FOLDER = Path(__file__).parent


@cache
def _fonts() -> typst.Fonts:
    """Return the one family that is used; the machine's own are left out, so that the file is the same everywhere."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(_FOLDER / "fonts")]
    )


def matrix_pdf(book: Rolebook) -> bytes:
    """Return the matrix as a PDF/UA-1 file (tagged, with title and language); the same rolebook gives the same bytes.

    The rolebook's texts reach the layout (`matrix.typ`) as data, never as markup.
    """
    on = book.program.date
    compiler = typst.Compiler(font_paths=_fonts(), root=str(_FOLDER))
    made = compiler.compile(
        input=(_FOLDER / "matrix.typ").read_bytes(),
        format="pdf",
        sys_inputs={"data": json.dumps(layout_data(book), ensure_ascii=False)},
        pdf_standards="ua-1",
        timestamp=datetime(on.year, on.month, on.day, tzinfo=UTC),
    )
    if not isinstance(made, bytes):
        raise TypeError("one document was asked for")
    return made


def layout_data(book: Rolebook) -> dict[str, Any]:
    """Return what the layout prints, in its order."""
    program = book.program
    return {
        "name": program.name,
        "short_name": program.short_name,
        "version": program.version,
        "date": date_in_words(program.date),
        "year": program.date.year,
        "month": program.date.month,
        "day": program.date.day,
        "language": program.language,
        "source": program.source,
        "hints": [hint for key in ("no_role", "find_a_role", "request") if (hint := book.hint(key))],
        "links": [{"title": link.title, "url": link.url} for link in program.links],
        "tables": [_table(book, table) for table in book.matrix.tables],
        "marks": [{"title": mark.title, "meaning": mark.meaning} for mark in book.marks],
        "unprinted": [
            _role(book, role) | {"gives": [_title(book, note.privilege_id) for note in role.by_note]}
            for role in roles_without_column(book)
        ],
    }


def _table(book: Rolebook, table: MatrixTable) -> dict[str, Any]:
    roles = [role for role_id in table.role_ids if (role := book.role(role_id)) is not None]
    categories = dict.fromkeys(role.category_id for role in roles)
    used = {mark for row in table.rows for mark in row.footnote_marks}
    return {
        "id": table.id,
        "title": table.title,
        "categories": [found.title for key in categories if (found := book.category(key)) is not None],
        "roles": [_role(book, role) for role in roles],
        "columns": [column.heading for column in table.columns],
        "rows": [
            {
                "area": row.area,
                "privilege": _title(book, row.privilege_id) + "".join(row.footnote_marks),
                "cells": [_word(book, cell) for cell in row.cells],
            }
            for row in table.rows
        ],
        "footnotes": [note.mark + note.text for note in book.footnotes if note.mark in used],
    }


def _role(book: Rolebook, role: Role) -> dict[str, Any]:
    note = why_not_requested(book, role)
    return {
        "title": role.title,
        "description": role.description,
        "notes": [*([note] if note else []), *(said.text for said in role.notes)],
    }


def _title(book: Rolebook, privilege_id: str) -> str:
    privilege = book.privilege(privilege_id)
    return privilege_id if privilege is None else privilege.title


def _word(book: Rolebook, cell: str) -> str:
    mark = book.mark(cell)
    return cell if mark is None else mark.title
