"""Every address that lists something makes a dozen statements at most, however many rows (I12).

The lists that most people see are counted in test_statements.py, those of reviews and stewards in
test_statements_more.py, the others here; a new address fails until it is counted, or said to list nothing.
"""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from rolebook.accounts.credential_models import AccountSession
from rolebook.accounts.models import Account, Organization, Throttle
from rolebook.audit import clock
from rolebook.governance.flows import request_role
from rolebook.governance.models import Request
from tests.api.calling import calling
from tests.support import grants, iqcs, people, responders
from tests.support.iqcs import MANAGER, REPRESENTATIVE
from tests.web.counted_statements import (
    LISTS,
    MORE_OF_A_STEWARD,
    MORE_OF_AN_OFFICIAL,
    MOST,
    NO_LISTS,
    OF_ACCOUNTS,
    names,
    statements,
)
from tests.web.kinds_of_addresses import FILES, PRESSED, WITH_A_PROVIDER
from tests.web.opened_things import a_file
from tests.web.test_every_address import ADDRESSES
from tests.web.test_review_pages import browser
from tests.web.test_statements import fill
from tests.web.worlds import QPP, World, review, signed_in, steward_of, user

pytestmark = [pytest.mark.django_db, pytest.mark.invariant("I12")]
HEAD = "code,name,kind,tin\n"


def test_every_address_is_counted_or_lists_nothing() -> None:
    assert set(dict(ADDRESSES)) == LISTS | NO_LISTS | FILES | PRESSED | WITH_A_PROVIDER
    assert not LISTS & NO_LISTS


def at(name: str, *parts: object, program_id: str = QPP) -> str:
    return reverse(name, args=[program_id, *parts])


def asks_at(world: World, places: list[Organization]) -> Request:
    """Let Maria ask for one role at several places, in one request."""
    return request_role(
        acting_user=world.maria.account,
        program_id=QPP,
        role_id="staff_user",
        organization_ids=[one.public_id for one in places],
        reason="",
        at=clock.now() - timedelta(hours=1),
        origin=people.WEB,
    )


def grow(world: World, first: int, number: int) -> list[Organization]:
    """Let there be more people, requests, officials, sessions, tokens, twins and roles of one person."""
    fill(world, first, number)
    places = people.practices(number, f"Riverside Practice {first}", world.start)
    for one, place in enumerate(places, first):
        grants.placed(
            user(f"Official {one:02}", f"official{one}", world.start).account,
            "security_official",
            world.cedar,
        )
        grants.placed(world.owen.account, "security_official", place, at=world.start)
        twin = grants.user("Tina Twin", at=world.start)
        Account.objects.filter(pk=twin.pk).update(
            email=f"tina@{one}.example", email_key=f"tina@{one}.example"
        )
        grants.placed(twin, "staff_user", place, at=world.start)
        calling(world.maria)
        AccountSession.objects.create(
            account=world.maria.account, browser="Firefox", began_at=clock.now(), seen_at=clock.now()
        )
    return places


def of_an_official(world: World, places: list[Organization]) -> list[str]:
    request = asks_at(world, places)
    stella = world.stella.account.public_id
    can_they = at("can-they")
    return [
        at("organization", world.cedar.public_id),
        at("request", request.public_id),
        at("request-history", request.public_id),
        at("my-history"),
        at("person-history", stella),
        review("staff_user", *people.practices(len(places), f"Seaside Practice {len(places)}", world.start)),
        f"{can_they}?who=person&person_words=person&organization_words=practice",
        f"{can_they}?who=role&role=staff_user&organization_words=practice",
        reverse("security"),
        at("reports"),
        at("then"),
        at("made-file", a_file(world).public_id),
        at("role-matrix"),
        at("notice-settings"),
    ]


def of_a_steward(world: World, client: Client, rows: int) -> list[str]:
    owen = world.owen.account.public_id
    table = HEAD + "".join(
        f"{rows:02}-{one:07},New {one},practice,{rows:02}-{one:07}\n" for one in range(rows)
    )
    given = SimpleUploadedFile("new.csv", table.encode(), "text/csv")
    upload = client.post(at("import-organizations"), {"file": given})["Location"]
    return [
        at("steward-people"),
        at("steward-person", owen),
        at("person-status", owen, "close"),
        at("duplicates"),
        at("designate"),
        at("import-organizations"),
        upload,
        at("steward-organizations"),
        at("close-organization", world.cedar.public_id),
    ]


def compare(before: dict[str, int], after: dict[str, int]) -> None:
    """Assert that no page makes too many statements, and none more for longer lists (one more: to count pages)."""
    over = {name: number for name, number in after.items() if number > MOST}
    assert over == {}
    grown = {name: number - before[name] for name, number in after.items()}
    assert max(grown.values()) <= 1, grown


def counted(client: Client, addresses: list[str]) -> dict[str, int]:
    """Return the statements of pages by name; the most, where a name is asked for twice."""
    found: dict[str, int] = {}
    for address in addresses:
        [name] = names([address])
        found[name] = max(found.get(name, 0), statements(client, address))
    return found


@pytest.mark.requirement("QPP-15")
def test_the_other_pages_of_an_official_make_no_more_statements_for_longer_lists(world: World) -> None:
    client = signed_in(world.maria)
    few = of_an_official(world, grow(world, 0, 3))
    assert names(few) == MORE_OF_AN_OFFICIAL
    client.get(few[0])
    before = counted(client, few)
    compare(before, counted(client, of_an_official(world, grow(world, 3, 26))))


def test_the_other_pages_of_a_steward_make_no_more_statements_for_longer_lists(world: World) -> None:
    client = signed_in(steward_of(world))
    grow(world, 0, 3)
    few = of_a_steward(world, client, 3)
    assert names(few) == MORE_OF_A_STEWARD
    before = counted(client, few)
    grow(world, 3, 26)
    compare(before, counted(client, of_a_steward(world, client, 29)))


def more_accounts(first: int, number: int) -> None:
    """Let more people ask for accounts, say that a record is theirs, change their employer, and be closed."""
    now = clock.now()
    lines = ["identifier,name,email,organization"]
    lines += [f"R-3{one:05},Record {one:02},,FWS-R6-BNR" for one in range(first, first + number)]
    responders.imports("\n".join(lines) + "\n", at=now - timedelta(days=2))
    for one in range(first, first + number):
        earlier = now - timedelta(days=1)
        asking = grants.user(f"Asker {one:02}", iqcs.PROGRAM, earlier)
        form = iqcs.answers({MANAGER: "add"}, ["FWS-R6"], supervisor_email="sam.supervisor@example.org")
        iqcs.asks(asking, form, authorized=False, at=earlier)
        Throttle.objects.all().delete()  # so many a day from one network
        says = grants.user(f"Ranger {one:02}", iqcs.PROGRAM, earlier)
        responders.asks(says, f"R-3{one:05}", way="confirmation", at=earlier)
        moves = iqcs.manager("FWS-R6-BNR", f"Mover {one:02}", at=earlier)
        iqcs.employed(moves, "FWS-R6", at=now - timedelta(hours=1))
        quiet = iqcs.manager("FWS-R6-BNR", f"Quiet {one:02}", at=now - timedelta(days=400))
        assert quiet.pk


def test_the_pages_about_accounts_make_no_more_statements_for_longer_lists() -> None:
    now = clock.now()
    iqcs.begin(now - timedelta(days=500))
    sam = grants.user("Sam Supervisor", iqcs.PROGRAM, now - timedelta(days=2))
    Account.objects.filter(pk=sam.pk).update(
        email="sam.supervisor@example.org", email_key="sam.supervisor@example.org"
    )
    rosa = iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative", at=now - timedelta(days=2))
    manager = iqcs.holder(MANAGER, "FWS-R6", "Manuel Manager", at=now - timedelta(days=2))
    steward = grants.steward("Stella Steward", iqcs.PROGRAM, now - timedelta(days=2))
    more_accounts(0, 3)
    moved = Account.objects.filter(name="Mover 00").get().public_id
    pages = {
        sam: [at("authorizations", program_id=iqcs.PROGRAM)],
        rosa: [
            at("employers", program_id=iqcs.PROGRAM),
            at("employer", moved, program_id=iqcs.PROGRAM),
            at("reactivations", program_id=iqcs.PROGRAM),
            at("my-access", program_id=iqcs.PROGRAM),
        ],
        manager: [at("registrations", program_id=iqcs.PROGRAM)],
        steward: [
            at("move-organization", iqcs.place("FWS-R6-BNR").public_id, program_id=iqcs.PROGRAM),
            at("steward-person", manager.public_id, program_id=iqcs.PROGRAM),
        ],
    }
    assert names(one for some in pages.values() for one in some) == OF_ACCOUNTS
    browsers = {who: browser(who) for who in pages}
    before = {name: n for who, some in pages.items() for name, n in counted(browsers[who], some).items()}
    more_accounts(3, 26)
    after = {name: n for who, some in pages.items() for name, n in counted(browsers[who], some).items()}
    compare(before, after)
