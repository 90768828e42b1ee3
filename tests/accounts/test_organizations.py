"""Importing organizations: all or nothing, a dry run that is true, errors with their places."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebook.accounts.flows.organizations import ImportReport, import_organizations
from rolebook.accounts.models import Organization, OrganizationIdentifier, OrganizationPlacement
from rolebook.accounts.organization_file import read_organizations
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit.models import Event
from rolebook.policy.errors import Report, RolebookErrors
from rolebook.policy.model import Rolebook
from rolebook.policy.reading import read_rolebook
from rolebook.policy.shipped import resolve
from tests.support import people
from tests.support.people import COMMAND, START

pytestmark = pytest.mark.django_db

HEAD = "code,name,kind,parent,tin\n"
TWO = HEAD + "12-3456789,Cedar Valley,practice,,12-3456789\n98-7654321,Elm Street,Practice,,\n"


def load(table: str | bytes, *, dry_run: bool = False, days: int = 0, program: str = "qpp") -> ImportReport:
    data = table if isinstance(table, bytes) else table.encode()
    return import_organizations(
        acting_user=None,
        program_id=program,
        data=data,
        file="practices.csv",
        at=START + timedelta(days=days),
        origin=COMMAND,
        dry_run=dry_run,
    )


def errors_of(table: str | bytes) -> list[str]:
    with pytest.raises(RolebookErrors) as refused:
        load(table)
    return str(refused.value).splitlines()


def state() -> list[tuple[object, ...]]:
    return list(Organization.objects.order_by("code").values_list("code", "name", "path", "parent__code"))


def test_organizations_are_created_with_identifier_path_and_dated_placement(qpp: str) -> None:
    report = load(TWO)
    assert [planned.row.code for planned in report.created] == ["12-3456789", "98-7654321"]
    cedar = Organization.objects.get(code="12-3456789")
    assert cedar.path == f"/{cedar.pk}/"
    assert cedar.search_key == "cedar valley 12-3456789 123456789"
    assert list(cedar.identifiers.values_list("scheme", "value")) == [("tin", "123456789")]
    assert list(cedar.placements.values_list("parent", "starts_at", "ends_at")) == [(None, START, None)]
    event = Event.objects.get(tag="organization:imported")
    assert event.sequence == report.sequence


def test_a_second_import_of_the_same_file_changes_nothing_and_records_nothing(qpp: str) -> None:
    load(TWO)
    events = Event.objects.count()
    report = load(TWO, days=1)
    assert (len(report.created), len(report.changed), report.unchanged, report.sequence) == (0, 0, 2, None)
    assert Event.objects.count() == events


def test_an_organization_is_found_again_by_its_code_and_changed(qpp: str) -> None:
    load(TWO)
    report = load(HEAD + "12-3456789,Cedar Valley Family Practice,practice,,12-3456789\n", days=1)
    assert [(c.field, c.old, c.new) for c in report.changed[0].changes] == [
        ("name", "Cedar Valley", "Cedar Valley Family Practice")
    ]
    assert Organization.objects.get(code="12-3456789").name == "Cedar Valley Family Practice"
    assert Organization.objects.count() == 2


@pytest.mark.fault(50)
def test_a_dry_run_says_exactly_what_a_run_then_does_and_writes_nothing(qpp: str) -> None:
    load(TWO)
    later = TWO.replace("Elm Street", "Elm Avenue") + "55-5555555,Oak,practice,,55-5555555\n"
    before, events = state(), Event.objects.count()
    dry = load(later, dry_run=True, days=1)
    assert (state(), Event.objects.count()) == (before, events)
    run = load(later, days=1)

    def told(report: ImportReport) -> object:
        changed = [(p.row, [(c.field, c.old, c.new) for c in p.changes]) for p in report.changed]
        return [p.row for p in report.created], changed, report.unchanged

    assert told(dry) == told(run)
    assert (dry.sequence, dry.dry_run, run.dry_run) == (None, True, False)
    assert [row[:2] for row in state()] == [
        ("12-3456789", "Cedar Valley"),
        ("55-5555555", "Oak"),
        ("98-7654321", "Elm Avenue"),
    ]


@pytest.mark.fault(50)
def test_one_wrong_row_leaves_nothing_of_the_others(qpp: str) -> None:
    many = "".join(f"{n:02d}-0000000,Practice {n},practice,,\n" for n in range(10, 60))
    errors = errors_of(HEAD + many + "77-7777777,,practice,,\n")
    assert errors == [
        "practices.csv:52:12: column 2 ('name'): missing name: found nothing, expected text of at most 200 characters; "
        "write it into this cell"
    ]
    assert not Organization.objects.exists()
    assert not Event.objects.filter(tag="organization:imported").exists()


def test_every_error_is_told_at_once_with_line_and_column(qpp: str) -> None:
    table = (
        HEAD
        + '12-3456789,"Cedar\nValley",practize,,12-3456789\n'
        + "12-3456789,Elm,practice,nobody,12345\n"
        + "12-3456789,Oak,practice,,12-3456789,too many\n"
    )
    assert errors_of(table) == [
        "practices.csv:3:9: column 3 ('kind'): unknown kind: found 'practize', expected one of 'practice', "
        "'apm_entity', 'registry', 'virtual_group'; did you mean 'practice'?",
        "practices.csv:4:1: column 1 ('code'): code given twice: found '12-3456789', expected a code that no other "
        "line has; line 2 has it, too: change or remove one of them",
        "practices.csv:4:25: column 4 ('parent'): unknown parent: found 'nobody', expected the code of an organization "
        "of this file or of the program; correct the code, or add a line for that organization",
        "practices.csv:4:32: column 5 ('tin'): bad tin: found '12345', expected a TIN such as 00-1234567; correct the "
        "number",
        "practices.csv:5:1: column 1 ('code'): code given twice: found '12-3456789', expected a code that no other "
        "line has; line 2 has it, too: change or remove one of them",
        "practices.csv:5:26: column 5 ('tin'): tin given twice: found '123456789', expected a tin that no other line "
        "has; line 3 has it, too: change or remove one of them",
        "practices.csv:5:37: too many cells: found 'too many', expected 5 cells in a row; put double quotes around "
        "text that has a comma in it",
    ]


@pytest.mark.parametrize(
    ("table", "error"),
    [
        (b"", "practices.csv:1:1: empty file"),
        (b"\xff\xfec\x00o\x00", "practices.csv:1:1: bad encoding"),
        (b"code,name,kind\n1,caf\xe9,practice\n", "practices.csv:2:6: bad encoding"),
        (b"code,name\n", "practices.csv:1:1: missing column"),
        (b"code,name,kind,tni\n", "practices.csv:1:16: column 4 ('tni'): unknown column: found 'tni'"),
        (b"code,name,kind,code\n", "practices.csv:1:16: column 4 ('code'): column given twice"),
        (b'code,name,kind\n1,"open,practice\n', "practices.csv:2:3: bad cell"),
        (b"code,name,kind\n1,a\x00b,practice\n", "practices.csv:2:4: control character"),
        (b"code,name,kind\n1,a\xe2\x80\xaeb,practice\n", "practices.csv:2:4: control character"),
    ],
)
@pytest.mark.fault(43)
def test_a_file_that_is_not_such_a_table_is_refused_at_its_place(qpp: str, table: bytes, error: str) -> None:
    assert errors_of(table)[0].startswith(error)


@pytest.mark.fault(51)
def test_a_file_over_the_limit_is_refused_before_it_is_read(
    qpp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rolebook.accounts.organization_file.LARGEST_BYTES", 100)
    assert errors_of(b"x" * 101)[0].startswith("practices.csv:1:1: file too large")
    monkeypatch.setattr("rolebook.accounts.organization_file.MOST_ROWS", 1)
    monkeypatch.setattr("rolebook.accounts.organization_file.LARGEST_BYTES", 10_000)
    assert errors_of(TWO)[0].startswith("practices.csv:1:1: too many rows")


@pytest.mark.fault(51)
def test_of_many_errors_the_first_are_told_and_the_number_of_the_others(qpp: str) -> None:
    rows = "".join(f"{number},,practice,,{number:09}\n" for number in range(250))
    with pytest.raises(RolebookErrors) as refused:
        load(HEAD + rows)
    wrong = refused.value
    assert (wrong.how_many, len(wrong.first), wrong.others) == ("250 errors", 200, 50)


@pytest.mark.fault(50)
def test_what_the_program_has_against_a_line_is_told_with_what_is_wrong_in_it(qpp: str) -> None:
    load(TWO)
    errors = errors_of(HEAD + "12-3456789,,registry,nobody,\n")
    assert [error.split(": ")[2] for error in errors] == [
        "missing name", "changed kind", "unknown parent",
    ]  # fmt: skip


def test_byte_order_mark_line_ends_semicolons_and_quoted_line_breaks_are_read(qpp: str) -> None:
    table = (
        '\ufeffname;code;kind;tin\r\n"Cedar\r\nValley; ""the"" practice";12-3456789;PRACTICE;12-3456789\r\n'
    )
    load(table)
    assert Organization.objects.get().name == 'Cedar Valley; "the" practice'


def test_two_ways_to_write_a_number_are_one_number(qpp: str) -> None:
    load(HEAD + "A,Cedar,practice,,12-3456789\n")
    errors = errors_of(HEAD + "B,Elm,practice,,123456789\n")
    assert errors == [
        "practices.csv:2:17: column 5 ('tin'): taken tin: found '123456789', expected one that the organization 'A' "
        "does not have already; correct the number, or write 'A' as the code if that organization is meant"
    ]


def test_the_kind_of_an_organization_does_not_change(qpp: str) -> None:
    load(TWO)
    changed = HEAD + "12-3456789,Cedar Valley,registry,,12-3456789\n"
    assert errors_of(changed)[0].startswith("practices.csv:2:25: column 3 ('kind'): changed kind")


def test_a_program_without_a_parent_kind_refuses_parents(qpp: str) -> None:
    errors = errors_of(TWO + "55-5555555,Oak,practice,12-3456789,\n")
    assert errors == [
        "practices.csv:4:25: column 4 ('parent'): wrong kind of parent: found '12-3456789 (practice)', expected no "
        "parent; leave this cell empty"
    ]


def nested(depth_kinds: tuple[str, ...] = ("practice",)) -> Rolebook:
    """QPP's rolebook in which practices may stand below practices."""
    import dataclasses

    book = read_rolebook(resolve("qpp"))
    kinds = tuple(
        dataclasses.replace(kind, parent_kinds=depth_kinds if kind.id == "practice" else ("registry",))
        for kind in book.organization_kinds
    )
    return dataclasses.replace(book, organization_kinds=kinds)


@pytest.fixture
def tree(qpp: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in which practices stand below registries and practices; three on top of each other, and a registry."""
    book = nested(("registry", "practice"))
    kinds = {kind.id: kind for kind in book.organization_kinds}
    registry = kinds["registry"]
    object.__setattr__(registry, "parent_kinds", ())
    version, _ = rolebook_in_force("qpp", START)
    monkeypatch.setattr(
        "rolebook.accounts.flows.organizations.rolebook_in_force", lambda program_id, at: (version, book)
    )
    load(
        HEAD
        + "33-3333333,Leaf,practice,22-2222222,\n"
        + "22-2222222,Branch,practice,11-1111111,\n"
        + "11-1111111,Root,practice,99-9999999,\n"
        + "99-9999999,Registry,registry,,\n"
        + "88-8888888,Other,registry,,\n"
    )


def path_of(code: str) -> list[str]:
    codes = {str(pk): found for pk, found in Organization.objects.values_list("pk", "code")}
    path = Organization.objects.get(code=code).path
    return [codes[pk][:2] for pk in path.strip("/").split("/")]


@pytest.mark.invariant("I1")
def test_parents_may_follow_their_children_in_the_file_and_paths_hold_ids(tree: None) -> None:
    assert path_of("33-3333333") == ["99", "11", "22", "33"]
    assert all(
        set(path) <= set("0123456789/") for path in Organization.objects.values_list("path", flat=True)
    )


def test_a_move_rewrites_the_paths_below_and_dates_both_placements(tree: None) -> None:
    report = load(HEAD + "11-1111111,Root,practice,88-8888888,\n", days=9)
    assert report.changed[0].moves
    assert path_of("33-3333333") == ["88", "11", "22", "33"]
    spans = OrganizationPlacement.objects.filter(organization__code="11-1111111").order_by("starts_at")
    moved = START + timedelta(days=9)
    assert [(s.parent and s.parent.code, s.starts_at, s.ends_at) for s in spans] == [
        ("99-9999999", START, moved),
        ("88-8888888", moved, None),
    ]
    event = Event.objects.get(tag="organization:moved")
    assert event.organization_id == Organization.objects.get(code="11-1111111").public_id


@pytest.mark.fault(55)
def test_an_organization_cannot_come_to_stand_below_itself(tree: None) -> None:
    before = state()
    errors = errors_of(HEAD + "11-1111111,Root,practice,33-3333333,\n")
    assert errors == [
        "practices.csv:2:26: column 4 ('parent'): circle of parents: found '33-3333333', expected a parent that is not "
        "below it"
    ]
    detour = "11-1111111,Root,practice,44-4444444,\n44-4444444,New,practice,33-3333333,\n"
    assert "circle of parents: found '44-4444444'" in errors_of(HEAD + detour)[0]
    circle = HEAD + "44-4444444,A,practice,55-5555555,\n55-5555555,B,practice,44-4444444,\n"
    assert len(errors_of(circle)) == 2
    assert state() == before


@pytest.mark.fault(55)
def test_a_chain_deeper_than_any_program_needs_is_refused(tree: None) -> None:
    rows = [f"{n:02d}-9876543,Level {n},practice,{n - 1:02d}-9876543,\n" for n in range(12, 80)]
    first = "11-9876543,Level 11,practice,99-9999999,\n"
    assert "too deep" in errors_of(HEAD + first + "".join(rows))[0]
    load(HEAD + first + "".join(rows[:36]))
    assert "too deep" in errors_of(HEAD + "11-9876543,Level 11,practice,33-3333333,\n")[0]


@given(
    cells=st.lists(
        st.tuples(st.text(max_size=12), st.text(max_size=12), st.sampled_from(["practice", "x", ""])),
        max_size=8,
    ),
    head=st.sampled_from([HEAD, "code;name;kind\n", "\ufeffcode,name,kind\r\n", ""]),
)
def test_any_bytes_give_rows_or_errors_with_places_and_never_fail_otherwise(
    cells: list[tuple[str, str, str]], head: str
) -> None:
    book = read_rolebook(resolve("qpp"))
    text = head + "".join(f'"{code}",{name},{kind}\n' for code, name, kind in cells)
    report = Report()
    try:
        rows = read_organizations(text.encode("utf-8", "surrogatepass"), "f.csv", book, report)
        report.check()
    except RolebookErrors as refused:
        places = [(error.line, error.column) for error in refused.errors]
    else:
        places = []
        assert len({row.code for row in rows}) == len(rows)
        assert len(rows) <= len(cells)
    assert all(line >= 1 and column >= 1 for line, column in places)


def test_an_import_into_a_program_leaves_every_other_program_alone(qpp: str) -> None:
    people.practice("Cedar Valley", "12-3456789")
    assert OrganizationIdentifier.objects.exclude(program_id="qpp").count() == 0
