"""Every page of the site is looked at with axe, on a phone and at a desk: a new address fails until it is, too.

Each tour goes through the pages of some people and says which they are; together with what is no page they are all
addresses of the server. What is shown besides (errors, dialogs, empty and full lists, the dark) is in
test_accessibility.py and where it is walked.
"""

import uuid
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.urls import URLPattern, reverse
from playwright.sync_api import Page

from rolebook.accounts.credential_models import Passkey
from rolebook.accounts.flows.clients import add_client
from rolebook.accounts.person_models import Recovery
from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.governance.account_answers import AccountAnswers
from rolebook.governance.flows.account_drafts import save_account_draft
from rolebook.governance.flows.close_organization import close_organization
from rolebook.governance.models import Grant
from rolebook.notices.choosing import stop_url
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.api.calling import calling
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_account_request import somebody
from tests.browser.test_document_walk import mailed_code
from tests.browser.touring import Tour
from tests.support import grants, iqcs, people, responders
from tests.support.iqcs import MANAGER, REPRESENTATIVE
from tests.support.people import COMMAND, PASSWORD, Person
from tests.web.kinds_of_addresses import FILES, PRESSED, WITH_A_PROVIDER
from tests.web.opened_things import a_file, a_report, a_review
from tests.web.reading import mailed_code as newest_code
from tests.web.test_every_address import ADDRESSES
from tests.web.worlds import World, designate, review, signed_in, user

pytestmark = pytest.mark.browser
QPP, IQCS = "/qpp/", "/iqcs/"


def before_signing_in(tour: Tour, site: Site, open_page: OpenPage) -> None:
    """Registering, signing in, and what helps who cannot."""
    page = open_page()
    people.activate("iqies", site.world.start)
    tour.go(page, "/", "/sign-in/", "/signed-out/", "/new-second-factor/guessed/", "/not-me/guessed/")
    tour.go(page, "/forgotten-password/")
    page.get_by_label("User ID or e-mail address").fill("maria")
    tour.press(page)
    tour.go(page, "/register/")
    tour.press(page, "Go on")
    for label, text in (
        ("Full name", "Rosa Reyes"),
        ("User ID", "rosa"),
        ("E-mail address", "rosa@example.org"),
    ):
        page.get_by_label(label).fill(text)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)
    tour.press(page, "Go on")
    page.get_by_label("Code from the mail").fill(mailed_code("rosa@example.org"))
    tour.press(page, "Confirm")
    page.get_by_text("You cannot scan it?").click()
    secret = page.locator("code.secret").inner_text().replace(" ", "")
    page.get_by_label("Code that the app shows").fill(
        Person(site.world.uma.account, secret).code(clock.now())
    )
    tour.press(page, "Set up")
    page.get_by_role("button", name="I have kept them").click()
    page.goto("/qpp/")
    tour.look(page)  # the statement, which nobody has agreed to for her yet
    _cannot_prove_the_second_factor(tour, open_page())
    tour.go(open_page(), urlsplit(stop_url(site.world.maria.account, "qpp")).path)


def _cannot_prove_the_second_factor(tour: Tour, page: Page) -> None:
    tour.go(page, "/qpp/sign-in/")
    page.get_by_label("User ID").fill("stella")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_text("I agree to the Statement of Truth").click()
    tour.press(page, "Sign In")
    tour.go(page, "/lost-second-factor/")
    tour.press(page, "Mail me a code")
    page.get_by_label("Code").fill(newest_code("recovery-code"))
    tour.press(page)


def ones_own_account(tour: Tour, site: Site, open_page: OpenPage) -> None:
    """The security page and what it leads to."""
    maria = site.world.maria
    key = Passkey.objects.create(
        account=maria.account, name="Key", credential_id=b"1", credential=b"", created_at=clock.now()
    )
    page = open_page(maria)
    tour.go(page, "/security/", "/security/password/", "/security/email/prove/", "/security/recovery-codes/")
    tour.go(page, "/security/email/rejected/", "/security/other-account/", "/second-factor/remove/")
    tour.go(page, f"/security/passkeys/{key.public_id}/", f"/security/passkeys/{key.public_id}/remove/")
    calling(maria)
    token = maria.account.tokens.get().public_id
    tour.go(page, "/security/", "/security/tokens/new/", f"/security/tokens/{token}/end/")
    tour.go(page, "/second-factor/passkey/", "/security/email/")
    page.get_by_label("New e-mail address").fill("maria.new@example.org")
    page.get_by_label("Your password").fill(PASSWORD)
    tour.press(page)


def an_official(tour: Tour, site: Site, open_page: OpenPage) -> None:
    """What somebody sees who decides, and everybody sees of themselves."""
    world = site.world
    users = f"{QPP}organizations/{world.cedar.public_id}/users/"
    stella, request = world.stella.account.public_id, f"{QPP}requests/{world.waiting.public_id}/"
    campaign = a_review()
    page = open_page(world.maria)
    tour.go(page, QPP, f"{QPP}manage-access/", users, f"{users}{stella}/remove/", f"{users}../")
    tour.go(
        page, request, f"{request}history/", f"{QPP}requests/", f"{QPP}my-access/", f"{QPP}my-access/history/"
    )
    tour.go(
        page, f"{QPP}request-a-role/", f"{QPP}request-a-role/staff_user/", review("staff_user", world.hilltop)
    )
    tour.go(
        page, f"{QPP}role-matrix/", f"{QPP}which-role/", f"{QPP}can-they/", f"{QPP}help/", f"{QPP}notices/"
    )
    tour.go(page, f"{QPP}reports/", f"{QPP}audit/", f"{QPP}audit/people/{stella}/", f"{QPP}out-of-office/")
    tour.go(page, f"{QPP}on-that-day/", f"{QPP}on-that-day/organizations/{world.cedar.public_id}/")
    tour.go(page, f"{QPP}on-that-day/people/{stella}/", f"{QPP}on-that-day/who-could/")
    tour.go(page, f"{QPP}files/{a_file(world).public_id}/")
    reviews = f"{QPP}reviews/"
    tour.go(page, reviews, f"{reviews}{campaign.public_id}/", f"{reviews}{campaign.public_id}/alike/")
    tour.go(page, f"{reviews}{campaign.public_id}/accounts/{stella}/")
    page.goto(f"{users}{stella}/remove/")
    page.get_by_role("button", name="Yes, Remove Access").click()
    page.wait_for_url("**/manage-access/?effect=*")
    tour.go(page, f"{QPP}effects/{Event.objects.filter(tag='access:removed').latest('pk').sequence}/")


def a_lost_factor(world: World) -> Recovery:
    """Stella lost her second factor, and waits for somebody to vouch."""
    return Recovery.objects.create(
        account=world.stella.account,
        address=world.stella.account.email,
        asked_at=clock.now(),
        expires_at=clock.now() + timedelta(days=6),
        cancel_hash="0" * 64,
    )


def a_steward(tour: Tour, site: Site, open_page: OpenPage) -> None:
    """What somebody sees who administers the program."""
    world = site.world
    sten, twin = user("Sten Steward", "sten", world.start), user("Uma Underwood", "uma2", world.start)
    designate(sten, "steward", None, world.start)
    page = open_page(sten)
    uma = f"{QPP}people/{world.uma.account.public_id}/"
    calling(world.uma)
    token = world.uma.account.tokens.get().public_id
    duplicates = f"{QPP}people/duplicates/"
    tour.go(
        page, f"{QPP}people/", uma, f"{uma}status/close/", f"{uma}other-account/?user_id=nobody", duplicates
    )
    tour.go(page, f"{uma}tokens/{token}/end/")
    tour.go(page, f"{duplicates}{world.uma.account.public_id}/{twin.account.public_id}/")
    lost = f"{QPP}recoveries/{a_lost_factor(world).public_id}/"
    tour.go(page, lost, f"{lost}stop/", f"{QPP}officials/", f"{QPP}applications/", f"{QPP}jobs/")
    given = add_client(acting_user=None, program_id="qpp", name="Portal", at=clock.now(), origin=COMMAND)
    tour.go(page, f"{QPP}applications/{given.client.public_id}/revoke/")
    grant = Grant.objects.get(account=world.owen.account)
    tour.go(page, f"{QPP}designate/", f"{QPP}designate/{grant.public_id}/end/")
    derive_notices(now=clock.now())
    notice = Notice.objects.filter(state="waiting").earliest("pk")
    tour.go(page, f"{QPP}mail-queue/", f"{QPP}mail-queue/{notice.pk}/give-up/")
    campaign = a_review()
    reviews = f"{QPP}reviews/"
    tour.go(page, f"{reviews}{campaign.public_id}/progress/", f"{reviews}{campaign.public_id}/close/")
    tour.go(
        page, f"{reviews}{campaign.public_id}/reports/", f"{reviews}{campaign.public_id}/reports/quality/"
    )
    tour.go(page, f"{QPP}review-reports/{a_report(world).public_id}/", f"{reviews}open/yearly_review/")


def organizations(tour: Tour, site: Site, open_page: OpenPage) -> None:
    """What a steward does with organizations."""
    world = site.world
    sten = user("Sten Steward", "sten", world.start)
    designate(sten, "steward", None, world.start)
    page = open_page(sten)
    places = f"{QPP}organizations/"
    hilltop = f"{places}{world.hilltop.public_id}/"
    tour.go(page, places, f"{places}add/", hilltop, f"{hilltop}edit/", f"{hilltop}close/", f"{hilltop}move/")
    close_organization(
        acting_user=None,
        program_id="qpp",
        organization_id=world.hilltop.public_id,
        at=clock.now(),
        origin=COMMAND,
    )
    tour.go(page, f"{hilltop}reopen/", f"{places}import/")
    table = b"code,name,kind,tin\nelm,Elm Street,practice,12-3456789\n"
    page.get_by_label("CSV file").set_input_files(
        {"name": "new.csv", "mimeType": "text/csv", "buffer": table}
    )
    page.get_by_role("button", name="Compare it").click()
    page.get_by_role("button", name="Yes, import 1 change").wait_for()
    tour.look(page)


def drafts(who: Person, for_whom: Person, form: AccountAnswers) -> None:
    """Let somebody have written a form that was not sent yet."""
    save_account_draft(
        acting_user=who.account,
        program_id="iqcs",
        beneficiary=for_whom.account,
        answers=form,
        corrects=None,
        at=clock.now(),
    )


def account_requests(tour: Tour, site: Site, open_page: OpenPage) -> None:
    """Where roles and codes are apart (IQCS): the form, its authorization, employers, records, reactivations."""
    before = clock.now() - timedelta(days=1)
    iqcs.begin(before)
    responders.imports(at=before)
    rita, rosa = somebody("Rita Requester"), somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    iqcs.employed(rita.account, "FWS-R6-BNR", at=before + timedelta(hours=13))
    supervisor = people.user_with_totp("Sam Supervisor", at=before)
    post = iqcs.Post()
    form = iqcs.answers({MANAGER: "add"}, ["FWS-R6"], supervisor_email=supervisor.account.email)
    iqcs.asks(rita.account, form, authorized=False, post=post, at=before + timedelta(hours=14))
    visitor = open_page()
    tour.go(visitor, f"{IQCS}supervisor/{post.sent[-1].token}/")
    page = open_page(supervisor)
    tour.go(page, f"{IQCS}authorizations/")
    page.get_by_role("main").get_by_role("link", name="Rita Requester").first.click()
    tour.look(page)
    otto = somebody("Otto Other")
    drafts(otto, otto, form)
    other = open_page(otto)
    tour.go(other, f"{IQCS}account-request/", f"{IQCS}account-request/check/", f"{IQCS}own-record/")
    other.get_by_label("Responder record number").fill("R-104233")
    tour.press(other, "Go on")
    drafts(rosa, rita, form)
    page = open_page(rosa)
    ask_for = f"{IQCS}account-request/for/"
    tour.go(page, ask_for, f"{ask_for}{rita.account.public_id}/", f"{ask_for}{rita.account.public_id}/check/")
    tour.go(page, f"{IQCS}employers/", f"{IQCS}people/{rita.account.public_id}/employer/")
    manager = somebody("Manuel Manager", MANAGER, "FWS-R6")
    responders.asks(somebody("Nora Nomail").account, "R-104235", way="confirmation", at=clock.now())
    page = open_page(manager)
    tour.go(page, f"{IQCS}registrations/")
    page.get_by_role("link", name="Open the registration of Nora Nomail").click()
    tour.look(page)


def reactivations(tour: Tour, site: Site, open_page: OpenPage) -> None:
    """Who is closed by quiet, and comes back (IQCS); and the number that iQIES knows people by."""
    now, long_ago = clock.now(), clock.now() - timedelta(days=400)
    iqcs.begin(now - timedelta(days=500))
    mia = people.user_with_totp("Mia Manager", at=long_ago)
    grants.designated(mia.account, MANAGER, program_id="iqcs", at=long_ago)
    iqcs.gives_access(mia.account, "FWS-R6-BNR", at=long_ago)
    iqcs.employed(mia.account, "FWS-R6-BNR", at=long_ago)
    page = open_page(somebody("Rosa Representative", REPRESENTATIVE, "FWS"))
    tour.go(page, f"{IQCS}reactivations/", f"{IQCS}reactivations/{mia.account.public_id}/")
    stella = somebody("Stella Steward", grants.STEWARD)
    page = open_page(stella)
    tour.go(page, f"{IQCS}inactivity/", f"{IQCS}inactivity/go-on/")
    people.activate("iqies", now - timedelta(days=30))
    cora = user("Cora Official", "cora", now - timedelta(days=20))
    grants.designated(cora.account, "cms_security_official", program_id="iqies", at=now - timedelta(days=20))
    gus = user("Gus General", "gus", now - timedelta(days=20))
    grants.placed(gus.account, "cms_general_user", None, program_id="iqies", at=now - timedelta(days=20))
    tour.go(open_page(cora), f"/iqies/people/{gus.account.public_id}/fsid/")


type Guide = Callable[[Tour, Site, OpenPage], None]

TOURS: dict[Guide, set[str]] = {
    before_signing_in: {
        "start", "choose-program", "signed-out", "new-second-factor", "not-me", "forgotten-password", "new-password",
        "register", "confirm-email", "second-factor", "recovery-codes", "statement", "sign-in", "sign-in-code",
        "lost-second-factor", "lost-second-factor-code", "lost-second-factor-asked", "stop-reminders",
    },
    ones_own_account: {
        "security", "change-password", "prove-address", "new-recovery-codes", "rejected-address",
        "declare-other-account", "remove-app", "rename-passkey", "remove-passkey", "new-passkey", "change-email",
        "confirm-new-email", "new-token", "take-back-token",
    },
    an_official: {
        "home", "manage-access", "organization-users", "remove-access", "organization", "request", "request-history",
        "my-requests", "my-access", "my-history", "request-a-role", "request-role", "review-request", "role-matrix",
        "which-role", "can-they", "help", "notice-settings", "reports", "audit", "person-history", "out-of-office",
        "then", "then-users", "then-person", "then-who-could", "made-file", "reviews", "review", "review-alike",
        "review-account", "effect",
    },
    a_steward: {
        "steward-people", "steward-person", "end-token", "person-status", "other-account", "duplicates", "merge",
        "vouch", "refuse-recovery", "officials-report", "applications", "jobs", "revoke-application", "designate",
        "end-designation", "mail-queue", "give-up-mail", "review-progress", "close-review", "review-reports",
        "review-quality", "review-report", "open-review",
    },
    organizations: {
        "steward-organizations", "add-organization", "organization", "edit-organization", "close-organization",
        "move-organization", "reopen-organization", "import-organizations", "organization-upload",
    },
    account_requests: {
        "supervisor-link", "authorizations", "authorization", "account-request", "check-account-request",
        "own-record", "own-record-code", "account-request-choose", "account-request-for",
        "check-account-request-for", "employers", "employer", "registrations", "registration",
    },
    reactivations: {"reactivations", "reactivate", "inactivity", "confirm-closings", "person-fsid"},
}  # fmt: skip
"""Each tour, and the names of the addresses that it looks at."""


@pytest.mark.parametrize("guide", TOURS, ids=lambda guide: guide.__name__)
def test_axe_finds_nothing_on_any_page_on_a_phone_or_at_a_desk(
    site: Site, open_page: OpenPage, guide: Guide
) -> None:
    tour = Tour()
    guide(tour, site, open_page)
    assert tour.found == []
    assert tour.looked == TOURS[guide]


def test_no_address_is_left_out_of_the_tours() -> None:
    toured = set[str]().union(*TOURS.values())
    assert set(dict(ADDRESSES)) == toured | FILES | PRESSED | WITH_A_PROVIDER
    assert toured & (FILES | PRESSED | WITH_A_PROVIDER) == set()


def _anything(pattern: URLPattern) -> dict[str, object]:
    """Parts of an address as it takes them, of things that are not there."""
    kinds = {"UUIDConverter": uuid.UUID(int=7), "IntConverter": 1}
    parts = {name: kinds.get(type(kind).__name__, "x") for name, kind in pattern.pattern.converters.items()}
    return parts | ({"program_id": "qpp"} if "program_id" in parts else {})


def test_what_is_called_no_page_shows_none_to_who_opens_it(site: Site) -> None:
    client = signed_in(site.world.maria)
    for name, pattern in ADDRESSES:
        if name in PRESSED:
            assert client.get(reverse(name, kwargs=_anything(pattern))).status_code == 405, name
        if name in FILES:
            answer = client.get(reverse(name, kwargs=_anything(pattern)))
            assert answer.status_code != 200 or "text/html" not in answer["Content-Type"], name
