"""The frame of every page: strict policy, nothing from elsewhere, contact in the footer, errors in the same dress."""

import gzip
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

import rolebook.web
from rolebook.accounts.identifiers import Scheme, punctuated
from rolebook.policy.model import OrganizationKind
from tests.support import people
from tests.web.worlds import QPP, World, signed_in

WEB = Path(rolebook.web.__file__).parent
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
INLINE = re.compile(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", re.IGNORECASE)
ELSEWHERE = re.compile(
    r"""(?:src|href|action)=["'](?:https?:)?//|url\(["']?(?:https?:)?//|@import""", re.IGNORECASE
)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_page_has_inline_code_or_asks_another_host(template: Path) -> None:
    text = template.read_text()
    assert INLINE.findall(text) == []
    assert ELSEWHERE.findall(text) == []


def test_the_shipped_files_name_no_source_map_and_no_other_host() -> None:
    for file in (WEB / "static").rglob("*"):
        if file.suffix in (".css", ".js"):
            text = file.read_text()
            assert "sourceMappingURL" not in text, file
            assert ELSEWHERE.findall(text) == [], file


def test_every_file_that_the_style_sheets_name_is_shipped() -> None:
    for sheet in (WEB / "static").rglob("*.css"):
        for named in re.findall(r"url\([\"']?(\.\.[^)\"']+)", sheet.read_text()):
            assert (sheet.parent / named).resolve().is_file(), (sheet, named)


def test_what_is_shipped_compressed_is_the_file_beside_it() -> None:
    compressed = list((WEB / "static").rglob("*.gz"))
    assert {file.name for file in compressed} == {"uswds.min.css.gz", "htmx.min.js.gz"}
    for file in compressed:
        assert gzip.decompress(file.read_bytes()) == file.with_suffix("").read_bytes()


def test_every_icon_that_a_template_draws_is_in_the_sprite() -> None:
    drawn = {name for page in TEMPLATES for name in re.findall(r'{% icon "(\w+)"', page.read_text())}
    drawn |= {name for page in TEMPLATES for name in re.findall(r'icon_name="(\w+)"', page.read_text())}
    shipped = set(re.findall(r'id="(\w+)"', (WEB / "static/rolebook/img/icons.svg").read_text()))
    assert drawn - shipped == set()


def test_pages_forbid_inline_code_other_hosts_and_frames(world: World) -> None:
    answer = signed_in(world.maria).get(reverse("home", args=[QPP]))
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cache-Control"] == "no-store, private"


@pytest.mark.requirement("QPP-11")
@pytest.mark.parametrize("path", ["/qpp/", "/qpp/manage-access/", "/qpp/nothing/", "/security/"])
def test_the_programs_contact_and_what_to_have_ready_stand_on_every_page(world: World, path: str) -> None:
    page = signed_in(world.maria).get(path).content.decode()
    footer = page[page.index("<footer") :]
    assert "QPP@cms.hhs.gov" in footer
    assert "Tax Identification Number (TIN)" in footer


@pytest.mark.requirement("QPP-01", "QPP-03")
def test_sign_in_and_register_stand_upper_right_and_the_navigation_on_the_left(world: World) -> None:
    page = Client().get(reverse("sign-in", args=[QPP])).content.decode()
    head = page[page.index("<header") : page.index("</header")]
    assert head.index("Sign In") < head.index("Register")
    assert 'aria-label="Main"' not in page
    page = signed_in(world.maria).get(reverse("manage-access", args=[QPP])).content.decode()
    bar = page[page.index('<nav class="nav"') : page.index("</nav")]
    entries = re.findall(r"<span>([^<]+)</span>", bar)
    assert entries == [
        "Home",
        "Manage Access",
        "My Access",
        "Request a Role",
        "Role Matrix",
        "Reports",
        "Help",
    ]
    assert re.search(r'manage-access/" aria-current="page"', bar)
    # Its Reminders stand under it, too.
    page = signed_in(world.maria).get(reverse("notice-settings", args=[QPP])).content.decode()
    assert re.search(r'manage-access/" aria-current="page"', page)
    page = signed_in(world.uma).get(reverse("home", args=[QPP])).content.decode()
    bar = page[page.index('<nav class="nav"') : page.index("</nav")]
    assert "Reports" not in re.findall(r"<span>([^<]+)</span>", bar)


def test_an_error_on_our_side_apologises_with_a_reference_and_asks_no_database(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(world.maria)
    client.raise_request_exception = False

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("rolebook.web.pages.my_access.my_access_page", broken)
    answer = client.get(reverse("my-access", args=[QPP]))
    assert answer.status_code == 500
    assert b"Sorry, something broke on our side" in answer.content
    assert re.search(rb"reference: <strong>[0-9A-F]{8}</strong>", answer.content)


def test_with_one_program_the_front_door_leads_to_its_home(world: World) -> None:
    answer = Client().get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/qpp/")


def test_with_several_programs_the_front_door_lets_one_choose_and_the_menu_switch(world: World) -> None:
    people.activate("iqies", world.start)
    page = Client().get("/").content.decode()
    for program in (QPP, "iqies"):
        assert f'href="{reverse("home", args=[program])}"' in page
    footer = page[page.index("<footer") :]
    assert footer.count("Questions?") == 2
    home = signed_in(world.maria).get(reverse("home", args=[QPP])).content.decode()
    head = home[home.index("<header") : home.index("</header")]
    assert "Switch program" in head
    assert f'<a href="{reverse("home", args=[QPP])}" aria-current="true">Quality Payment Program</a>' in head
    assert f'<a href="{reverse("home", args=["iqies"])}">' in head


_TIN, _CODE = r"\d{2}-?\d{7}", "[A-Z0-9][A-Z0-9-]{1,15}"


@pytest.mark.parametrize(
    ("value", "pattern", "example", "written"),
    [
        ("123456789", _TIN, "00-1234567", "12-3456789"),
        ("12-3456789", _TIN, "00-1234567", "12-3456789"),
        ("12345", _TIN, "00-1234567", "12345"),
        ("36-7001", None, "", "36-7001"),
        # The dash belongs to these codes: none is put in, and none is taken out.
        ("FWSR6", _CODE, "FWS-R6", "FWSR6"),
        ("BLM-MT", _CODE, "FWS-R6", "BLM-MT"),
    ],
)
def test_a_number_is_punctuated_as_its_programs_example_is(
    value: str, pattern: str | None, example: str, written: str
) -> None:
    kind = OrganizationKind(
        "unit",
        "Unit",
        "Units",
        "code",
        "code",
        identifier_pattern=pattern,
        identifier_example=example,
    )
    assert punctuated(value, kind) == written
    if pattern is not None and value != "12345":
        kept = Scheme("code", "code", (kind,)).clean(value)
        assert kept == (value.replace("-", "") if pattern == _TIN else value)


def test_the_icons_are_those_that_the_build_draws() -> None:
    build = (Path(__file__).parents[2] / "scripts/web_assets/build.py").read_text()
    named = re.findall(r'"(\w+)"', build.partition("ICONS = (")[2].partition(")")[0])
    shipped = re.findall(r'id="(\w+)"', (WEB / "static/rolebook/img/icons.svg").read_text())
    assert shipped == named
