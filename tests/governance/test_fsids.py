"""An FSID is managed by whom the printed row lets do so, where they reach, and by nobody else (IQIES-09)."""

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.person_models import SamePerson
from rolebook.audit.models import Event
from rolebook.governance.flows import import_accounts
from rolebook.governance.flows.set_fsid import set_fsid
from rolebook.governance.models import Participation
from rolebook.governance.queries import users_of_organization
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.errors import RolebookErrors
from tests.support import grants as people
from tests.support.grants import LATER, codes
from tests.support.people import COMMAND, WEB, activate

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQIES-09")]


@pytest.fixture(autouse=True)
def iqies(db: None) -> None:
    activate("iqies")


def state(code: str) -> Organization:
    return Organization.objects.get(program_id="iqies", code=code)


def holds(name: str, role_id: str, place: Organization | None) -> Account:
    account = people.user(name, "iqies")
    people.placed(account, role_id, place, program_id="iqies")
    return account


def sets(by: Account, whom: Account, fsid: str) -> Participation:
    return set_fsid(
        acting_user=by,
        program_id="iqies",
        beneficiary_id=whom.public_id,
        fsid=fsid,
        at=LATER,
        origin=WEB,
    )


def test_the_matrix_says_who_manages_an_fsid_and_where() -> None:
    ohio, texas = state("OH"), state("TX")
    general = holds("Gina General", "state_general_user", ohio)
    allowed = [
        holds("Sam Official", "state_security_official", ohio),
        holds("Cora Official", "cms_security_official", None),
    ]
    others = [
        holds("Tex Official", "state_security_official", texas),
        holds("Glen General", "state_general_user", ohio),
        holds("Cody General", "cms_general_user", None),
        holds("Help Desk", "help_desk", None),
        people.steward(program_id="iqies"),
    ]
    for number, by in enumerate(allowed):
        assert sets(by, general, f"1234{number}").fsid == f"1234{number}"
    for by in others:
        with pytest.raises(NotFound):
            sets(by, general, "99999")
    assert Event.objects.filter(tag="attempt:refused:fsid").count() == len(others)
    assert Participation.objects.get(account=general).fsid == "12341"


@pytest.mark.parametrize(
    ("typed", "kept"), [(" ab-12 3 ", "AB123"), ("12", None), ("1234567890123", None), ("12345é", None)]
)
def test_an_fsid_has_4_to_12_letters_and_digits(typed: str, kept: str | None) -> None:
    general = holds("Gina General", "state_general_user", state("OH"))
    official = holds("Sam Official", "state_security_official", state("OH"))
    if kept is None:
        with pytest.raises(Refused):
            sets(official, general, typed)
        return
    assert sets(official, general, typed).fsid == kept
    assert sets(official, general, "").fsid == ""
    told = Event.objects.filter(tag="participation:fsid-changed").order_by("sequence")
    fields = [dict(event.personal_data.values_list("field", "value")) for event in told]
    assert [one.get("fsid") for one in fields] == [kept, None]
    assert fields[1]["old_fsid"] == kept


@pytest.mark.requirement("IQIES-04")
def test_an_fsid_is_one_persons_and_who_is_given_anothers_may_be_a_duplicate() -> None:
    one, other = (holds(name, "state_general_user", state("OH")) for name in ("Gina One", "Gina Other"))
    official = holds("Sam Official", "state_security_official", state("OH"))
    sets(official, one, "12345")
    with pytest.raises(Refused):
        sets(official, other, "12345")
    assert SamePerson.objects.get().source == "identifier"


@pytest.mark.invariant("I6")
def test_nobody_sets_their_own_fsid() -> None:
    official = holds("Sam Official", "state_security_official", state("OH"))
    with pytest.raises(Refused):
        sets(official, official, "12345")


@pytest.mark.invariant("I1")
def test_that_another_person_has_a_number_is_told_only_to_who_may_manage_that_persons() -> None:
    ohio, texas = state("OH"), state("TX")
    holder = holds("Gina General", "state_general_user", ohio)
    other = holds("Gus General", "state_general_user", ohio)
    away = holds("Tess Texan", "state_general_user", texas)
    here = holds("Sam Official", "state_security_official", ohio)
    there = holds("Tom Official", "state_security_official", texas)
    sets(here, holder, "12345")
    for official, person, code in ((here, other, "fsid_taken"), (there, away, "fsid_not_possible")):
        with pytest.raises(Refused) as refused:
            sets(official, person, "12345")
        assert codes(refused) == [code]


def test_view_users_shows_it_to_who_may_manage_it() -> None:
    ohio = state("OH")
    general = holds("Gina General", "state_general_user", ohio)
    official = holds("Sam Official", "state_security_official", ohio)
    sets(official, general, "12345")
    rows = users_of_organization(official, ohio.public_id, "iqies", LATER).connected.rows
    assert [row.fsid for row in rows if row.name == "Gina General"] == ["12345"]


def test_an_import_brings_fsids_and_refuses_one_that_is_taken() -> None:
    table = (
        b"user_id,name,email,fsid\nana.lopez,Ana Lopez,ana@example.org,ab-123\nbo.li,Bo Li,bo@example.org,\n"
    )
    import_accounts(program_id="iqies", data=table, file="people.csv", at=LATER, origin=COMMAND)
    assert Participation.objects.get(account__user_id="ana.lopez").fsid == "AB123"
    twin = b"user_id,name,email,fsid\ncy.day,Cy Day,cy@example.org,AB123\n"
    with pytest.raises(RolebookErrors) as refused:
        import_accounts(program_id="iqies", data=twin, file="people.csv", at=LATER, origin=COMMAND)
    assert "2:" in str(refused.value)
    assert not Account.objects.filter(user_id="cy.day").exists()
    activate("qpp")
    with pytest.raises(RolebookErrors):
        import_accounts(program_id="qpp", data=twin, file="people.csv", at=LATER, origin=COMMAND)
