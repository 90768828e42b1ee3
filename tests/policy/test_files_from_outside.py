"""Files as people and their programs write them, and files that mean harm."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rolebook.policy import text_files
from rolebook.policy.errors import Report
from rolebook.policy.reading import RolebookError, RolebookErrors, read_rolebook
from rolebook.policy.text_files import parse_csv
from tests.policy.small import MATRIX, ORGANIZATIONS, ROLEBOOK, SMALL, errors_of, spoiled, write


def cells_of(folder: Path) -> list[tuple[str, ...]]:
    return [row.cells for _, row in read_rolebook(folder).matrix.rows]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("byte order mark", lambda text: b"\xef\xbb\xbf" + text.encode()),
        ("carriage returns and line feeds", lambda text: text.replace("\n", "\r\n").encode()),
        ("carriage returns alone", lambda text: text.replace("\n", "\r").encode()),
        ("semicolons", lambda text: text.replace(",", ";").encode()),
        ("tabs", lambda text: text.replace(",", "\t").encode()),
        (
            "quoted line breaks",
            lambda text: text.replace("Official,Clerk", '"Offi\ncial","Clerk\r\n"').encode(),
        ),
        ("a heading over two lines", lambda text: text.replace("Edit records", '"Edit\nrecords"').encode()),
        ("lines padded with empty cells", lambda text: text.replace("\n", ",,,\n").encode()),
        ("capital cells", lambda text: text.replace("yes", "Yes").replace(",no", ",NO").encode()),
        ("no line end at the end", lambda text: text.rstrip("\n").encode()),
        ("blank lines", lambda text: text.replace("\n", "\n\n,,,,,\n").encode()),
    ],
)
def test_a_matrix_saved_by_a_spreadsheet_reads_the_same(name: str, change: object, tmp_path: Path) -> None:
    assert callable(change)
    expected = cells_of(write(tmp_path / "as written", SMALL))
    files: dict[str, str | bytes] = dict(SMALL)
    files[MATRIX] = change(str(SMALL[MATRIX]))
    if name == "quoted line breaks":
        files[ROLEBOOK] = str(SMALL[ROLEBOOK]).replace("title: Official\n", "title: Offi cial\n")
        files[ROLEBOOK] = (
            str(files[ROLEBOOK])
            .replace("role: Official", "role: Offi cial")
            .replace("approver: Official", "approver: Offi cial")
        )
    assert cells_of(write(tmp_path / "saved", files)) == expected


def test_places_in_a_file_with_quoted_line_breaks_count_its_own_lines(tmp_path: Path) -> None:
    files = spoiled(MATRIX, ("Edit records,no", '"Edit\n\nrecords",maybe'))
    (found,) = errors_of(tmp_path, files)
    assert found.startswith("matrix.csv:6:10: bad cell: found 'maybe'")


def test_doubled_quotes_are_one_quote() -> None:
    lines = parse_csv('a,"say ""yes""",b\n', "x.csv", Report())
    assert [cell.text for cell in lines[0]] == ["a", 'say "yes"', "b"]


@pytest.mark.fault(43)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"format: 1\nid: \xff\xfe", "2:5: bad encoding: found 'byte 0xff', expected UTF-8"),
        ("format: 1".encode("utf-16"), "1:1: bad encoding: found 'UTF-16', expected UTF-8"),
        (b"format: 1\n\x00", "2:1: control character: found 'U+0000', expected text"),
        ("format: 1 # \u202e".encode(), "1:13: control character: found 'U+202E', expected text"),
        (b"", "1:1: empty file: found nothing, expected a rolebook"),
        (b"# only a comment\n", "1:1: empty file: found nothing, expected a rolebook"),
        (b"- a\n- b\n", "1:1: wrong type: found 'a list of 2', expected keys and values"),
        (b"[" * 100, "too deeply"),
        (b"a: " * 3, "bad YAML"),
        (b"? [a]\n: b\n", "1:3: bad key: found 'a list, mapping, tag or alias', expected a plain word"),
    ],
)
@pytest.mark.parametrize("file", [ROLEBOOK])
def test_a_file_that_is_no_rolebook_is_told_so(
    content: bytes, message: str, file: str, tmp_path: Path
) -> None:
    found = errors_of(tmp_path, {**SMALL, file: content})
    assert any(message in error for error in found), found


@pytest.mark.fault(43)
@pytest.mark.fault(51)
def test_a_bomb_of_aliases_is_refused_at_its_first_anchor(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
    (found,) = errors_of(tmp_path, {**SMALL, ROLEBOOK: bomb})
    assert found == "rolebook.yaml:1:5: anchor or alias: found 'a0', expected the value written out"


@pytest.mark.fault(51)
def test_a_huge_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "LARGEST_FILE", 100)
    found = errors_of(tmp_path, SMALL)
    assert any("file too large" in error for error in found)


@pytest.mark.fault(55)
def test_ten_thousand_organizations_in_one_line_of_parents_read(tmp_path: Path) -> None:
    branch = (
        "\n  - {id: branch, title: Branch, plural: Branches, parents: [Office, Branch], "
        "identifier: {scheme: code, title: code}}\n\nroles:"
    )
    files = spoiled(ROLEBOOK, ("\n\nroles:", branch))
    lines = ["kind,code,name,parent", "Office,B0,Top,"]
    lines += [f"Branch,B{n},Branch {n},B{n - 1}" for n in range(1, 10_001)]
    files[ORGANIZATIONS] = "\n".join(lines)
    assert errors_of(tmp_path, files) == []
    files[ORGANIZATIONS] = "\n".join(lines).replace("Office,B0,Top,", "Branch,B0,Top,B10000")
    (found,) = errors_of(tmp_path, files)
    assert "cycle of organizations" in found


def test_a_missing_folder_and_missing_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(RolebookErrors, match="missing folder"):
        read_rolebook(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(RolebookErrors) as found:
        read_rolebook(tmp_path / "empty")
    assert [error.message.partition(":")[0] for error in found.value.errors] == [
        "missing file",
        "missing file",
    ]


def mutated(text: str, at: int, length: int, piece: str) -> str:
    at %= len(text) + 1
    return text[:at] + piece + text[at + length :]


PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "\n",
            ":",
            "- ",
            "  ",
            "{",
            "}",
            "[",
            "]",
            '"',
            "'",
            "&a",
            "*a",
            "!!x ",
            ",",
            "null",
            "1",
            "true",
            "\t",
            "|",
            ">",
        ]
    ),
)
EDITS = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 40), PIECES), min_size=1, max_size=4)


@example(file=MATRIX, edits=[(931, 32, "\n")])
@given(file=st.sampled_from([ROLEBOOK, MATRIX]), edits=EDITS)
def test_no_mutation_of_a_rolebook_makes_the_reader_raise_anything_else(
    file: str, edits: list[tuple[int, int, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = str(SMALL[file])
    for at, length, piece in edits:
        text = mutated(text, at, length, piece)
    folder = tmp_path_factory.mktemp("mutated")
    write(folder, {**SMALL, file: text.encode("utf-8", errors="surrogatepass")})
    for error in reading_errors(folder):
        assert error.line >= 1
        assert error.column >= 1
        assert "\n" not in str(error)


def reading_errors(folder: Path) -> tuple[RolebookError, ...]:
    """What is wrong with a rolebook; empty when it reads. Anything else that is raised goes through."""
    try:
        read_rolebook(folder)
    except RolebookErrors as found:
        return found.errors
    return ()


@given(content=st.binary(max_size=300))
def test_no_bytes_make_the_reader_raise_anything_else(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    write(folder, {**SMALL, ROLEBOOK: content, MATRIX: content, ORGANIZATIONS: content})
    with pytest.raises(RolebookErrors):
        read_rolebook(folder)


@given(
    rows=st.lists(
        st.lists(
            st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=6),
            min_size=1,
            max_size=4,
        ),
        max_size=6,
    )
)
def test_cells_written_by_the_csv_module_are_read_as_they_are(rows: list[list[str]]) -> None:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([["a", "b"], *rows])
    report = Report()
    found = parse_csv(out.getvalue(), "x.csv", report)
    expected = [[" ".join(cell.split()) for cell in row] for row in rows]
    for row in expected:
        while row and not row[-1]:
            row.pop()
    assert [[cell.text for cell in line] for line in found[1:]] == [row for row in expected if row]
    assert report.errors == []
