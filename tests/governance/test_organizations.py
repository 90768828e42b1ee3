"""Organizations by hand: added, changed, moved, closed and opened again, by stewards alone, with history."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.organization_models import OrganizationFormerValue
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit.models import Event
from rolebook.governance.authority import standing_of
from rolebook.governance.flows.close_organization import close_organization, reopen_organization
from rolebook.governance.flows.edit_organization import (
    Edited,
    add_organization,
    edit_organization,
    record_digest,
)
from rolebook.governance.flows.move_organization import TreeChanged, move_organization
from rolebook.governance.flows.request_role import request_role
from rolebook.governance.laying_out import lay_out_request
from rolebook.governance.models import Request, RequestItem
from rolebook.governance.organization_record import Typed
from rolebook.governance.queries.places import organizations_for_role
from rolebook.governance.queries.tree_preview import move_preview
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.model import Act
from tests.support import grants, people
from tests.support.people import COMMAND, START, WEB

pytestmark = pytest.mark.django_db
LATER = START + timedelta(days=2)
IQIES = "iqies"
CCN = "36-7001"


@pytest.fixture
def iqies(db: None) -> str:
    people.activate(IQIES)
    return IQIES


def place(code: str, program_id: str = IQIES) -> Organization:
    return Organization.objects.get(program_id=program_id, code=code)


def add(
    typed: Typed, kind: str = "home_health_agency", parent: str = "OH", by: Account | None = None
) -> Edited:
    return add_organization(
        acting_user=by,
        program_id=IQIES,
        kind_id=kind,
        parent_id=place(parent).public_id if parent else None,
        typed=typed,
        at=START,
        origin=COMMAND,
    )


@pytest.fixture
def agency(iqies: str) -> Organization:
    """A home health agency of Ohio."""
    return add(Typed("Cedar Home Health", CCN)).organization


def edit(organization: Organization, typed: Typed, **more: object) -> Edited:
    told = {"acting_user": None, "program_id": IQIES, "at": LATER, "origin": COMMAND, **more}
    return edit_organization(organization_id=organization.public_id, typed=typed, **told)  # type: ignore[arg-type]


def move(
    organization: Organization, parent: Organization | None, by: Account | None = None, **more: object
) -> TreeChanged:
    told = {"at": LATER, "origin": COMMAND, **more}
    return move_organization(
        acting_user=by,
        program_id=organization.program_id,
        organization_id=organization.public_id,
        parent_id=None if parent is None else parent.public_id,
        **told,  # type: ignore[arg-type]
    )


def close(organization: Organization, **more: object) -> TreeChanged:
    told = {
        "acting_user": None,
        "program_id": organization.program_id,
        "at": LATER,
        "origin": COMMAND,
        **more,
    }
    return close_organization(organization_id=organization.public_id, **told)  # type: ignore[arg-type]


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[tuple[str, object]]:
    return {(one.code, one.params.get("field")) for one in refused.value.violations}


def test_an_added_organization_has_its_place_its_identifier_and_its_contacts(agency: Organization) -> None:
    assert agency.path.startswith(place("OH").path)
    assert list(agency.identifiers.values_list("scheme", "value")) == [("ccn", "367001")]
    assert agency.search_key == "cedar home health 36-7001 367001"
    [event] = Event.objects.filter(tag="organization:added")
    assert event.organization_id == agency.public_id


def test_everything_wrong_with_a_new_one_is_told_at_once_and_by_its_field(agency: Organization) -> None:
    contacts = [{"purpose": "Billing", "name": "", "email": "not-an-address", "phone": ""}]
    with pytest.raises(Refused) as refused:
        add(Typed(" ", "X1", {"ccn": CCN}, contacts), parent="J15")
    assert codes(refused) == {
        ("wrong_kind_of_parent", "parent"),
        ("text_missing", "name"),
        ("identifier_taken", "ccn"),
        ("contact_wrong", "contact-0-name"),
        ("contact_wrong", "contact-0-email"),
    }


def test_a_new_one_without_a_code_is_found_by_the_number_of_its_kind_as_people_write_it(iqies: str) -> None:
    added = add(Typed("Birch Home Health", "", {"ccn": "367002"})).organization
    assert (added.code, list(added.identifiers.values_list("value", flat=True))) == ("36-7002", ["367002"])
    with pytest.raises(Refused) as refused:
        edit(added, Typed("Birch Home Health", "", {"ccn": "367002"}))
    assert codes(refused) == {("text_missing", "code")}


@pytest.mark.parametrize("ccn", ["36-70011", "AB-7001", "367", "36-7001\n"])
def test_an_identifier_that_is_none_of_its_scheme_is_refused(iqies: str, ccn: str) -> None:
    with pytest.raises(Refused) as refused:
        add(Typed("Cedar Home Health", "cedar", {"ccn": ccn.replace("\n", "\0")}))
    assert codes(refused) == {("identifier_malformed", "ccn")}


def test_a_former_name_code_and_identifier_still_find_an_organization_and_are_dated(
    agency: Organization,
) -> None:
    edit(agency, Typed("Maple Home Health", "36-7002", {"ccn": "36-7002"}))
    viewer = grants.user("Vera", program_id=IQIES)
    _, book = rolebook_in_force(IQIES, LATER)
    role = next(r.id for r in book.roles if "home_health_agency" in r.reach.kinds and r.obtained == "request")
    for search in ("cedar", "36-7001", "367001", "maple"):
        found = organizations_for_role(viewer, IQIES, role, LATER, search=search).rows
        assert [one.organization.code for one in found] == ["36-7002"]
    former = OrganizationFormerValue.objects.order_by("what").values_list(
        "what", "value", "starts_at", "ends_at"
    )
    assert list(former) == [
        ("ccn", "367001", START, LATER),
        ("code", "36-7001", START, LATER),
        ("name", "Cedar Home Health", START, LATER),
    ]


def test_a_former_code_is_nobody_elses(agency: Organization) -> None:
    edit(agency, Typed("Cedar Home Health", "36-7002", {"ccn": "36-7002"}))
    with pytest.raises(Refused) as refused:
        add(Typed("Another", CCN, {"ccn": "36-7009"}))
    assert codes(refused) == {("code_was_taken", "code")}
    edit(agency, Typed("Cedar Home Health", CCN, {"ccn": CCN}), at=LATER + timedelta(days=1))
    assert place(CCN) == agency


def test_a_page_that_shows_what_a_colleague_has_changed_meanwhile_overwrites_nothing(
    agency: Organization,
) -> None:
    shown = record_digest(agency)
    edit(agency, Typed("Maple Home Health", CCN))
    with pytest.raises(Refused) as refused:
        edit(agency, Typed("Birch Home Health", CCN), shown=shown)
    assert codes(refused) == {("changed_meanwhile", "name")}


def test_saving_what_is_there_already_records_nothing(agency: Organization) -> None:
    before = Event.objects.count()
    assert edit(agency, Typed("Cedar Home Health", CCN)).sequence is None
    assert Event.objects.count() == before


@pytest.mark.invariant("I3")
@pytest.mark.fault(1)
def test_nobody_but_a_steward_changes_organizations_and_it_looks_as_if_there_were_none(
    agency: Organization,
) -> None:
    official = grants.user("Olga", program_id=IQIES)
    grants.placed(official, "state_security_official", place("OH"), program_id=IQIES)
    steward = grants.user("Stella", program_id=IQIES)
    grants.designated(steward, "steward", program_id=IQIES)
    for act in (
        lambda who: move(agency, place("KY"), who),
        lambda who: close(agency, acting_user=who),
        lambda who: edit(agency, Typed("Mine", CCN), acting_user=who),
        lambda who: add(Typed("New", "36-7005"), by=who),
    ):
        with pytest.raises(NotFound):
            act(official)
    assert Event.objects.filter(tag="attempt:refused:organization").count() == 4
    assert move(agency, place("KY"), steward).organizations == 1


@pytest.mark.invariant("I1")
def test_an_organization_of_another_program_is_not_found(agency: Organization, qpp: str) -> None:
    practice = people.practice()
    with pytest.raises(NotFound):
        close(practice, program_id=IQIES)
    with pytest.raises(NotFound):
        move(agency, practice)


@pytest.mark.fault(5)
def test_a_move_takes_reach_from_those_above_the_old_place_and_gives_it_to_those_above_the_new(
    agency: Organization,
) -> None:
    role = "state_general_user"
    ohioan, kentuckian = (grants.user(name, program_id=IQIES) for name in ("Otto Ohio", "Ken Kentucky"))
    grants.placed(ohioan, role, place("OH"), program_id=IQIES)
    grants.placed(kentuckian, role, place("KY"), program_id=IQIES)
    _, book = rolebook_in_force(IQIES, START)
    preview = move_preview(book, agency, place("KY"), START)
    assert [(one.organization_name, one.names) for one in preview.loses] == [("Ohio", ("Otto Ohio",))]
    assert [(one.organization_name, one.names) for one in preview.gains] == [("Kentucky", ("Ken Kentucky",))]
    move(agency, place("KY"), shown=preview.digest)
    agency.refresh_from_db()
    assert agency.path.startswith(place("KY").path)
    assert [p.ends_at for p in agency.placements.order_by("starts_at")] == [LATER, None]
    [event] = Event.objects.filter(tag="organization:moved")
    assert event.organization_id == agency.public_id


def test_a_preview_that_is_not_true_any_more_moves_nothing(agency: Organization) -> None:
    _, book = rolebook_in_force(IQIES, START)
    shown = move_preview(book, agency, place("KY"), START).digest
    someone = grants.user("Late", program_id=IQIES)
    grants.placed(someone, "state_general_user", place("KY"), program_id=IQIES)
    with pytest.raises(Refused) as refused:
        move(agency, place("KY"), shown=shown)
    assert codes(refused) == {("changed_meanwhile", "parent")}


@pytest.mark.fault(55)
def test_a_place_that_the_kinds_do_not_allow_is_refused(agency: Organization) -> None:
    for parent, code in (
        (None, "kind_needs_parent"),
        (place("J15"), "wrong_kind_of_parent"),
        (place("OH"), "stands_there_already"),
    ):
        with pytest.raises(Refused) as refused:
            move(agency, parent)
        assert codes(refused) == {(code, "parent")}


@pytest.mark.fault(55)
def test_nothing_comes_to_stand_below_itself(iqies: str) -> None:
    people.activate("iqcs")
    region = add_organization(
        acting_user=None,
        program_id="iqcs",
        kind_id="unit",
        parent_id=place("FWS", "iqcs").public_id,
        typed=Typed("Upper", "FWS-X1"),
        at=START,
        origin=COMMAND,
    ).organization
    below = Organization.objects.create(
        program_id="iqcs",
        kind_id="agency",
        code="ZZZ",
        name="Lower",
        search_key="",
        parent=region,
        path="",
        created_at=START,
    )
    below.path = f"{region.path}{below.pk}/"
    below.save()
    with pytest.raises(Refused) as refused:
        move(region, below)
    assert codes(refused) == {("circle_of_organizations", "parent")}


@pytest.mark.invariant("I4")
def test_what_is_held_at_a_closed_organization_gives_nothing_until_it_is_opened_again(qpp: str) -> None:
    practice = people.practice()
    official = grants.official(practice)
    assert standing_of(official, qpp, LATER).may(Act.DECIDE, practice)
    close(practice)
    practice.refresh_from_db()
    assert not standing_of(official, qpp, LATER).may(Act.DECIDE, practice)
    with pytest.raises(NotFound):
        request_role(
            acting_user=grants.user(),
            program_id=qpp,
            role_id="staff_user",
            organization_ids=[practice.public_id],
            at=LATER,
            origin=WEB,
        )
    reopen_organization(
        acting_user=None, program_id=qpp, organization_id=practice.public_id, at=LATER, origin=COMMAND
    )
    practice.refresh_from_db()
    assert standing_of(official, qpp, LATER).may(Act.DECIDE, practice)
    assert practice.closings.get().ends_at == LATER


@pytest.mark.fault(24)
def test_requests_that_wait_at_an_organization_go_back_when_it_is_closed(qpp: str) -> None:
    practice, other = people.practice(), people.practice("Elm Street")
    asked = [grants.waiting(grants.user(), there).request for there in (practice, other)]
    assert close(practice).returned == 1
    states = [Request.objects.get(pk=one.pk).state for one in asked]
    assert states == ["returned", "pending"]


def test_what_has_open_ones_below_it_is_not_closed_and_nothing_opens_below_a_closed_one(
    agency: Organization,
) -> None:
    with pytest.raises(Refused) as refused:
        close(place("OH"))
    assert codes(refused) == {("open_below", None)}
    close(agency)
    Organization.objects.filter(program_id=IQIES, code="OH").update(closed_at=LATER)
    with pytest.raises(Refused) as refused:
        reopen_organization(
            acting_user=None, program_id=IQIES, organization_id=agency.public_id, at=LATER, origin=COMMAND
        )
    assert codes(refused) == {("above_is_closed", None)}


@pytest.mark.fault(22, 24)
def test_requests_go_back_when_others_decide_after_a_move_and_stay_where_nothing_is_different(
    db: None,
) -> None:
    people.activate("iqcs")
    unit = add_organization(
        acting_user=None,
        program_id="iqcs",
        kind_id="unit",
        parent_id=place("FWS", "iqcs").public_id,
        typed=Typed("Bison Range", "FWS-X1"),
        at=START,
        origin=COMMAND,
    ).organization
    version, book = rolebook_in_force("iqcs", START)
    asked = []
    for there in (unit, place("BLM", "iqcs")):
        person = grants.user(program_id="iqcs")
        request = Request.objects.create(
            program_id="iqcs",
            requester=person,
            beneficiary=person,
            rolebook_version=version,
            submitted_at=START,
        )
        item = RequestItem.objects.create(
            program_id="iqcs",
            request=request,
            request_version=1,
            position=0,
            kind="add access",
            organization=there,
            lower_levels=False,
        )
        lay_out_request(request, [item], book)
        asked.append(request)
    assert move(unit, place("NPS", "iqcs")).returned == 1
    assert [Request.objects.get(pk=one.pk).state for one in asked] == ["returned", "pending"]
