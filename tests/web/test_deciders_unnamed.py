"""Requesters are told offices, not persons: swept over every page, file and mail of people without an office.

Everybody who decides anything bears one surname, and that surname stands nowhere (docs/decisions/0033).
"""

import html
import io
import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from openpyxl import load_workbook

from rolebook.accounts.models import Account, Organization
from rolebook.audit import clock
from rolebook.audit.recording import Origin
from rolebook.governance.flows import designate_role, import_grants, record_sign_in, remove_access
from rolebook.governance.flows.ask_reactivation import ask_reactivation
from rolebook.governance.flows.designate_access import designate_access
from rolebook.governance.flows.watch_quiet import watch_quiet
from rolebook.governance.making import make_files
from rolebook.governance.models import MadeFile, Participation
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from rolebook.policy.months import months_after
from tests.support import grants, iqcs, people, responders
from tests.support.people import COMMAND, WEB, Person
from tests.web import worlds
from tests.web.worlds import QPP

pytestmark = [pytest.mark.django_db, pytest.mark.fault(9)]
DECIDER = "Zdecider"
"""The surname of everybody in office."""
MOST_PAGES = 120
DAY = timedelta(days=1)
_LINKS = re.compile(r'href="(/[^"#]*)')
_SPEAKING_OF_THEMSELVES = ("/static/", "/sign-out")


def pages_of(person: Person, program_id: str, *days: datetime) -> dict[str, str]:
    """Every page and file that links of a person's pages lead to, with their past on some days; by address."""
    client = people.signed_in_client(person, program_id)
    past = f"/{program_id}/on-that-day/people/{person.account.public_id}/"
    file = f"/{program_id}/on-that-day/export.csv?about=person&of={person.account.public_id}&day="
    to_visit = [f"/{program_id}/", f"/{program_id}/my-access/", "/account/"]
    to_visit += [f"{past}?day={day.date().isoformat()}" for day in days]
    to_visit += [f"{file}{day.date().isoformat()}" for day in days]
    found: dict[str, str] = {}
    seen_paths: dict[str, int] = {}
    while to_visit and len(found) < MOST_PAGES:
        address = to_visit.pop(0)
        path = urlsplit(address).path
        if address in found or path.startswith(_SPEAKING_OF_THEMSELVES) or seen_paths.get(path, 0) > 8:
            continue
        seen_paths[path] = seen_paths.get(path, 0) + 1
        answer = client.get(address)
        assert answer.status_code < 500, address
        if answer.status_code in (301, 302, 303):
            to_visit.append(answer["Location"].partition("#")[0])
        found[address] = html.unescape(answer.getvalue().decode(errors="replace"))
        to_visit += [html.unescape(link) for link in _LINKS.findall(found[address])]
    return found | {"workbook": workbook_of(client, person, program_id, days[0])}


def workbook_of(client: Client, person: Person, program_id: str, day: datetime) -> str:
    """The file of what a person held on a day, as its cells have it."""
    about = f"day={day.date().isoformat()}&about=person&of={person.account.public_id}"
    client.post(f"/{program_id}/on-that-day/export.xlsx?{about}")
    make_files(clock.now())
    made = MadeFile.objects.get(asked_by=person.account)
    fetched = client.get(f"/{program_id}/files/{made.public_id}/fetch/")
    book = load_workbook(io.BytesIO(fetched.getvalue()))
    return "\n".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)


def mails_of(account: Account) -> dict[str, str]:
    """Every mail to a person, but the one that says who removed access: nobody asked for that."""
    while derive_notices(now=clock.now()):
        pass
    found = Notice.objects.filter(recipient=account).exclude(kind="access-removed")
    return {f"mail: {one.kind} {one.pk}": f"{one.subject}\n{one.text}\n{one.html}" for one in found}


def naming_deciders(pages: dict[str, str]) -> list[str]:
    """Where a decider is named."""
    return [address for address, text in pages.items() if DECIDER in text]


def in_office(first_name: str, role_id: str, place: Organization | None, at: datetime) -> Person:
    official = worlds.user(f"{first_name} {DECIDER}", first_name.casefold(), at)
    worlds.designate(official, role_id, place, at)
    return official


@pytest.fixture
def uma(db: None) -> Person:
    """Somebody of QPP to whom everything that is decided has happened."""
    start = clock.now() - 20 * DAY
    people.activate(QPP, start)
    names = ("Cedar Valley", "Hilltop Clinic", "Prairie Practice", "Lakeside", "Northgate")
    cedar, hilltop, prairie, lakeside, northgate = (people.practice(name, at=start) for name in names)
    person = worlds.user("Uma Underwood", "uma", start)
    dora, hugo = (
        in_office(name, "security_official", place, start)
        for name, place in (("Dora", cedar), ("Hugo", hilltop))
    )
    olga = in_office("Olga", "security_official", lakeside, start)
    in_office("Stig", "steward", None, start)
    in_office("Nils", "security_official", northgate, start)
    worlds.answer(dora, worlds.ask(person, cedar, start), "approved", start + DAY)
    worlds.answer(hugo, worlds.ask(person, hilltop, start), "denied", start + DAY, "not with us")
    worlds.answer(olga, worlds.ask(person, lakeside, start), "approved", start + DAY)
    worlds.ask(person, northgate, start)
    remove_access(
        acting_user=olga.account,
        program_id=QPP,
        organization_id=lakeside.public_id,
        beneficiary_id=person.account.public_id,
        at=start + 10 * DAY,
        origin=WEB,
    )
    row = f"uma,Staff User,{prairie.code},2021-05-04,Rita {DECIDER},HARP 7"
    import_grants(
        program_id=QPP,
        data=f"user_id,role,organization,approved_on,approved_by,source\n{row}".encode(),
        file="roles.csv",
        reason="Migration",
        at=start + DAY,
        origin=COMMAND,
    )
    return person


@pytest.fixture
def iqcs_start() -> datetime:
    """When IQCS began: so long ago that who stayed away was closed, and came back yesterday."""
    start = months_after(clock.now() - 10 * DAY, -12, "America/Boise")
    iqcs.begin(start)
    responders.imports(at=start)
    return start


@pytest.fixture
def office(iqcs_start: datetime) -> dict[str, Account]:
    def holder(role_id: str, code: str | None, first_name: str) -> Account:
        return iqcs.holder(role_id, code, f"{first_name} {DECIDER}", at=iqcs_start)

    return {
        "representative": holder(iqcs.REPRESENTATIVE, "FWS", "Rolf"),
        "security": holder(iqcs.SECURITY, None, "Sven"),
        "manager": holder(iqcs.MANAGER, "FWS-R6", "Maud"),
        "steward": holder("steward", None, "Stig"),
    }


@pytest.fixture
def orla(iqcs_start: datetime, office: dict[str, Account]) -> Person:
    """Somebody of IQCS: an account by both stages, a code by designation, a denied change, an own record, closed for
    want of a sign-in, and back by a reactivation.
    """
    start, person = iqcs_start, people.user_with_totp("Orla Ordinary", "orla", iqcs_start)
    asks_for = iqcs.answers({iqcs.TRAINING: "add"}, ["FWS-R6-BNR"])
    request = iqcs.asks(person.account, asks_for, at=start)
    for decider in ("representative", "security"):
        grants.decides(office[decider], grants.open_stage(request), at=start + DAY)
    again = iqcs.asks(person.account, iqcs.answers(codes=["FWS"]), at=start + 3 * DAY)
    grants.decides(office["representative"], grants.open_stage(again), "denied", at=start + 4 * DAY)
    asked = responders.asks(person.account, "R-104235", way="confirmation", at=start + 4 * DAY)
    responders.answers(office["manager"], asked, at=start + 5 * DAY)
    comes_back(person.account, office, start)
    designate_access(
        acting_user=office["steward"],
        program_id=iqcs.PROGRAM,
        beneficiary_id=person.account.public_id,
        organization_id=iqcs.place("FWS-R6").public_id,
        lower_levels=False,
        reason="for the season",
        at=clock.now() - DAY,
        origin=WEB,
    )
    now = clock.now()
    iqcs.asks(person.account, iqcs.answers(codes=["FWS"], employer=""), at=now - timedelta(hours=1))
    return person


def comes_back(account: Account, office: dict[str, Account], start: datetime) -> None:
    """Close somebody for want of a sign-in, and reactivate them."""
    end = months_after(start, 12, "America/Boise")
    asker = iqcs.holder(iqcs.REPRESENTATIVE, "FWS", "Anna Asker", at=start)
    watch_quiet(iqcs.PROGRAM, at=end - 8 * DAY, origin=Origin("job"))
    for one in Account.objects.exclude(pk=account.pk):
        if Participation.objects.filter(account=one, program_id=iqcs.PROGRAM).exists():
            record_sign_in(acting_user=one, program_id=iqcs.PROGRAM, at=end - DAY, origin=WEB)
    watch_quiet(iqcs.PROGRAM, at=end + DAY, origin=Origin("job"))
    request = ask_reactivation(
        acting_user=asker,
        program_id=iqcs.PROGRAM,
        beneficiary_id=account.public_id,
        reason="back from leave",
        at=end + 2 * DAY,
        origin=WEB,
    )
    grants.decides(office["security"], grants.open_stage(request), at=end + 3 * DAY)


@pytest.mark.requirement("QPP-08", "QPP-14")
@pytest.mark.invariant("I3")
def test_no_page_file_or_mail_of_somebody_without_an_office_names_who_decided(uma: Person) -> None:
    pages = pages_of(uma, QPP, clock.now() - 12 * DAY, clock.now())
    assert len(pages) > 25
    said = " ".join(pages["/qpp/my-access/"].split())
    assert "approved by a Security Official of Cedar Valley" in said
    assert "approved there on May 4, 2021" in said
    assert naming_deciders(pages | mails_of(uma.account)) == []


@pytest.mark.requirement("IQCS-02", "IQCS-10")
@pytest.mark.invariant("I3")
def test_nobody_is_named_where_access_is_apart_either_who_decided_confirmed_recorded_or_gave_back(
    orla: Person, iqcs_start: datetime
) -> None:
    pages = pages_of(orla, iqcs.PROGRAM, iqcs_start + 20 * DAY, clock.now())
    said = " ".join(pages["/iqcs/my-access/"].split())
    assert "It came back when you were reactivated" in said
    assert "Designated by the Application Steward: for the season" in said
    assert "approved by IQCS Security" in said
    assert naming_deciders(pages | mails_of(orla.account)) == []


def shown(monkeypatch: pytest.MonkeyPatch, person: Person, program_id: str, module: str, address: str) -> str:
    """A page as it is where one query tells everybody names."""
    client = people.signed_in_client(person, program_id)
    assert DECIDER not in client.get(address).content.decode()
    with monkeypatch.context() as without:
        without.setattr(f"rolebook.governance.queries.{module}.sees_names", lambda *_: True)
        return client.get(address).content.decode()


def test_without_the_rule_my_access_and_ones_own_past_would_name_them(
    uma: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = f"/qpp/on-that-day/people/{uma.account.public_id}/"
    page = shown(monkeypatch, uma, QPP, "why", "/qpp/my-access/")
    assert f"approved by Dora {DECIDER}" in page
    assert f"approved by Rita {DECIDER} on May 4, 2021" in page
    earlier = f"{past}?day={(clock.now() - 12 * DAY).date().isoformat()}"
    page = " ".join(shown(monkeypatch, uma, QPP, "then_lists", earlier).split())
    assert f"approved by Dora {DECIDER} on" in page
    assert f"It was removed, by Olga {DECIDER}." in page


def test_without_the_rule_codes_records_and_employers_would_name_them(
    orla: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = shown(monkeypatch, orla, iqcs.PROGRAM, "why", "/iqcs/my-access/")
    assert f"approved by Sven {DECIDER}" in page
    assert f"Designated by Stig {DECIDER}: for the season" in page
    assert f"confirmed by Maud {DECIDER}" in shown(
        monkeypatch, orla, iqcs.PROGRAM, "own_records", "/iqcs/own-record/"
    )
    employer = f"/iqcs/people/{orla.account.public_id}/employer/"
    assert f"Sven {DECIDER}" in shown(monkeypatch, orla, iqcs.PROGRAM, "access_checks", employer)


@pytest.mark.requirement("QPP-06")
def test_who_views_the_users_of_an_organization_is_told_names_there_and_offices_elsewhere(
    uma: Person,
) -> None:
    dora = Person(Account.objects.get(user_id="dora"))
    stig = Account.objects.get(user_id="stig")
    cedar, lakeside = (Organization.objects.get(name=name) for name in ("Cedar Valley", "Lakeside"))
    person = worlds.user("Vera Viewer", "vera", clock.now() - 19 * DAY)
    at = clock.now() - 5 * DAY
    for place in (cedar, lakeside):
        decider = dora if place == cedar else Person(Account.objects.get(user_id="olga"))
        worlds.answer(decider, worlds.ask(person, place, at), "approved", at + timedelta(hours=1))
    designate_role(
        acting_user=stig,
        program_id=QPP,
        role_id="security_official",
        beneficiary_id=person.account.public_id,
        organization_id=cedar.public_id,
        at=at + DAY,
        origin=WEB,
    )
    page = " ".join(worlds.signed_in(person).get("/qpp/my-access/").content.decode().split())
    assert f"approved by Dora {DECIDER}" in page
    assert f"Designated by Stig {DECIDER}" in page
    assert "approved by a Security Official of Lakeside" in page
    mail = mails_of(person.account)
    assert any("Designated by" in text for text in mail.values())
    assert naming_deciders(mail) == []
