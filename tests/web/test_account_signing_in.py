"""Sign in as the document says, and every way around it that must not be one (QPP-01)."""

import re
from unittest import mock

import pytest
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory
from django.urls import URLPattern, get_resolver

from rolebook.accounts.flows.rolebooks import activate_rolebook
from rolebook.accounts.flows.status import reset_second_factor, sign_out_everywhere
from rolebook.accounts.models import Account, StatementAgreement
from rolebook.accounts.queries import rolebook_in_force, statement_hash
from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.governance.flows import change_account_status
from rolebook.governance.models import Participation
from rolebook.notices.models import Notice
from rolebook.policy.shipped import resolve
from rolebook.web.account import session
from tests.support.people import COMMAND, PASSWORD, Mails, Person, sign_in, signed_in_client

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("qpp")]


def first_step(client: Client, person: Person, **changed: str) -> int:
    typed = {"user_id": person.account.user_id, "password": PASSWORD, "agree": "on", **changed}
    return client.post("/qpp/sign-in/", {k: v for k, v in typed.items() if v}).status_code


@pytest.mark.requirement("QPP-01")
def test_sign_in_asks_for_user_id_password_and_agreement_on_one_form_and_then_for_the_code(
    client: Client, user_with_totp: Person
) -> None:
    page = client.get("/qpp/sign-in/").content.decode()
    names = re.findall(r'<input[^>]* name="(user_id|password|agree)"', page)
    assert names == ["user_id", "password", "agree"]
    assert "I state that I am the person whose user ID I am using" in page
    assert re.search(r"<button[^>]*>Sign In</button>", page)
    assert first_step(client, user_with_totp) == 302
    assert client.get("/qpp/")["Location"].startswith("/qpp/sign-in/")  # half a sign-in opens nothing
    done = client.post("/sign-in/code/", {"code": user_with_totp.code(clock.now())})
    assert done["Location"] == "/qpp/"
    assert client.get("/qpp/").status_code == 200


@pytest.mark.requirement("QPP-01")
def test_every_sign_in_records_the_agreement_with_the_wording_that_was_agreed_to(
    user_with_totp: Person,
) -> None:
    sign_in(Client(), user_with_totp)
    sign_in(Client(), user_with_totp)
    wording = rolebook_in_force("qpp", clock.now())[1].program.statement
    assert wording is not None
    hashes = set(StatementAgreement.objects.values_list("wording_hash", flat=True))
    assert StatementAgreement.objects.count() == 2
    assert hashes == {statement_hash(wording)}
    assert Event.objects.filter(tag="statement:agreed").count() == 2
    assert Event.objects.filter(tag="account:signed-in").count() == 2


@pytest.mark.requirement("QPP-01")
def test_without_agreement_nobody_gets_to_the_security_code(client: Client, user_with_totp: Person) -> None:
    assert first_step(client, user_with_totp, agree="") == 422
    assert client.get("/sign-in/code/")["Location"] == "/sign-in/"


@pytest.mark.requirement("QPP-01")
def test_coming_to_another_program_asks_for_its_statement_before_its_first_page(
    user_with_totp: Person, tmp_path: object
) -> None:
    client = signed_in_client(user_with_totp)
    activate_other(tmp_path)
    first = client.get("/other/manage-access/")
    assert first["Location"] == "/other/statement/?next=%2Fother%2Fmanage-access%2F"
    page = client.get(first["Location"]).content.decode()
    found = re.search(r'name="wording" value="(\w+)"', page)
    assert found is not None
    refused = client.post("/other/statement/", {"agree": "on", "wording": "0" * 64})
    assert refused.status_code == 422
    agreed = client.post("/other/statement/", {"agree": "on", "wording": found[1]})
    assert agreed["Location"] == "/other/manage-access/"
    assert client.get("/other/manage-access/").status_code == 200
    assert StatementAgreement.objects.filter(program_id="other").count() == 1


def activate_other(folder: object) -> None:
    """A second program, made of QPP's rolebook with another id."""
    import shutil
    from pathlib import Path

    copy = Path(shutil.copytree(resolve("qpp"), Path(str(folder)) / "other"))
    file = copy / "rolebook.yaml"
    file.write_text(file.read_text().replace("id: qpp", "id: other", 1))
    activate_rolebook(acting_user=None, folder=copy, activated_by="tests", at=clock.now(), origin=COMMAND)


def test_a_first_session_in_a_program_starts_the_participation_and_notes_the_sign_in(
    user_with_totp: Person,
) -> None:
    client = signed_in_client(user_with_totp)
    assert not Participation.objects.exists()
    client.get("/qpp/")
    client.get("/qpp/manage-access/")
    part = Participation.objects.get()
    assert part.last_signed_in_at is not None
    assert Event.objects.filter(tag="participation:signed-in").count() == 1


@pytest.mark.fault(37)
@pytest.mark.requirement("QPP-01")
def test_a_security_code_is_accepted_once(user_with_totp: Person) -> None:
    code = user_with_totp.code(clock.now())
    first, second = Client(), Client()
    assert first_step(first, user_with_totp) == first_step(second, user_with_totp) == 302
    assert first.post("/sign-in/code/", {"code": code}).status_code == 302
    refused = second.post("/sign-in/code/", {"code": code})
    assert refused.status_code == 422
    assert "was used already" in refused.content.decode()


@pytest.mark.fault(37)
def test_spaces_in_a_security_code_do_not_count_and_do_not_make_it_another_one(
    user_with_totp: Person,
) -> None:
    code = user_with_totp.code(clock.now())
    first, second = Client(), Client()
    first_step(first, user_with_totp)
    first_step(second, user_with_totp)
    assert first.post("/sign-in/code/", {"code": f" {code[:3]} {code[3:]} "}).status_code == 302
    assert second.post("/sign-in/code/", {"code": code}).status_code == 422


@pytest.mark.requirement("QPP-01")
def test_a_recovery_code_signs_in_once(user_with_totp: Person) -> None:
    code = user_with_totp.recovery_codes[0]
    for expected in (302, 422):
        client = Client()
        first_step(client, user_with_totp)
        assert client.post("/sign-in/code/", {"code": f"{code[:4]} {code[4:]}"}).status_code == expected


@pytest.mark.requirement("QPP-01")
def test_who_has_no_second_factor_proves_the_mailbox_and_then_sees_nothing_but_its_set_up(
    client: Client, new_user: Person
) -> None:
    assert first_step(client, new_user) == 302
    found = re.search(r"\b\d{4} \d{4}\b", Notice.objects.latest("pk").text)
    assert found is not None
    assert client.post("/sign-in/code/", {"code": "12"}).status_code == 422
    assert client.post("/sign-in/code/", {"code": found[0]})["Location"] == "/second-factor/"
    for page in ("/qpp/", "/security/", "/security/password/", "/security/email/"):
        assert client.get(page)["Location"] == "/second-factor/"


@pytest.mark.requirement("QPP-01")
@pytest.mark.fault(40)
def test_an_operator_who_removes_a_lost_factor_opens_nothing_without_the_mailbox(
    user_with_totp: Person,
) -> None:
    before = signed_in_client(user_with_totp)
    at = clock.now()
    assert reset_second_factor(account=user_with_totp.account, at=at, origin=COMMAND, send=Mails())
    assert before.get("/qpp/")["Location"].startswith("/qpp/sign-in/")
    client = Client()
    assert first_step(client, user_with_totp) == 302
    assert client.post("/sign-in/code/", {"code": user_with_totp.code(at)}).status_code == 422
    assert client.get("/qpp/")["Location"].startswith("/qpp/sign-in/")


@pytest.mark.fault(38)
def test_signing_in_gives_the_session_a_new_key_and_keeps_nothing_of_the_old_one(
    user_with_totp: Person,
) -> None:
    client = Client()
    client.get("/register/?next=/qpp/help/")
    planted = client.cookies["rolebook"].value
    kept = client.session
    kept["rolebook.assurance"], kept["planted"] = "two factors", "yes"
    kept.save()
    sign_in(client, user_with_totp)
    assert "planted" not in client.session
    assert client.cookies["rolebook"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()


@pytest.mark.fault(35)
@pytest.mark.invariant("I7")
def test_a_deactivated_account_is_out_at_its_next_request_and_cannot_sign_in(user_with_totp: Person) -> None:
    client = signed_in_client(user_with_totp)
    assert client.get("/qpp/").status_code == 200
    change_account_status(
        account=user_with_totp.account, status="deactivated", reason="left", at=clock.now(), origin=COMMAND
    )
    assert client.get("/qpp/")["Location"].startswith("/qpp/sign-in/")
    typed = {"user_id": user_with_totp.account.user_id, "password": PASSWORD, "agree": "on"}
    told = Client().post("/qpp/sign-in/", typed)
    assert (told.status_code, "This account is deactivated" in told.content.decode()) == (403, True)


@pytest.mark.invariant("I14")
def test_that_an_account_is_not_active_is_told_to_nobody_without_its_password(user_with_totp: Person) -> None:
    change_account_status(
        account=user_with_totp.account, status="closed", reason="left", at=clock.now(), origin=COMMAND
    )
    pages = [
        Client().post("/qpp/sign-in/", {"user_id": user_id, "password": "not-the-password", "agree": "on"})
        for user_id in (user_with_totp.account.user_id, "nobody")
    ]
    assert [page.status_code for page in pages] == [422, 422]
    known, unknown = (page.content.decode().split("<main")[1].split("csrf")[0] for page in pages)
    assert known.replace(user_with_totp.account.user_id, "nobody") == unknown


@pytest.mark.invariant("I7")
@pytest.mark.parametrize("status", ["deactivated", "closed"])
def test_an_account_whose_status_is_not_active_has_no_session(user_with_totp: Person, status: str) -> None:
    client = signed_in_client(user_with_totp)
    Account.objects.filter(pk=user_with_totp.account.pk).update(status=status)  # by whatever way
    assert client.get("/security/").status_code == 302


@pytest.mark.fault(35)
@pytest.mark.invariant("I7")
def test_an_account_deactivated_between_password_and_code_does_not_get_in(
    client: Client, user_with_totp: Person
) -> None:
    first_step(client, user_with_totp)
    change_account_status(
        account=user_with_totp.account, status="deactivated", reason="left", at=clock.now(), origin=COMMAND
    )
    client.post("/sign-in/code/", {"code": user_with_totp.code(clock.now())})
    assert client.get("/qpp/")["Location"].startswith("/qpp/sign-in/")


@pytest.mark.invariant("I7")
def test_signing_out_everywhere_ends_every_session(user_with_totp: Person) -> None:
    here, there = signed_in_client(user_with_totp), signed_in_client(user_with_totp)
    sign_out_everywhere(acting_user=user_with_totp.account, at=clock.now(), origin=COMMAND)
    for client in (here, there):
        assert client.get("/qpp/").status_code == 302


def test_signing_out_deletes_the_session_and_is_never_done_by_following_a_link(
    user_with_totp: Person,
) -> None:
    client = signed_in_client(user_with_totp)
    key = client.cookies["rolebook"].value
    assert client.get("/sign-out/").status_code == 405
    assert client.get("/qpp/").status_code == 200
    assert client.post("/sign-out/")["Location"] == "/signed-out/"
    assert not Session.objects.filter(session_key=key).exists()


@pytest.mark.fault(38)
@pytest.mark.invariant("I14")
def test_strangers_who_guess_passwords_lock_out_themselves_and_nobody_else(user_with_totp: Person) -> None:
    stranger = Client(REMOTE_ADDR="198.51.100.9")
    statuses = [first_step(stranger, user_with_totp, password="wrong-wrong-wrong") for _ in range(9)]
    assert statuses == [422] * 8 + [429]
    assert first_step(stranger, user_with_totp) == 429
    sign_in(Client(REMOTE_ADDR="192.0.2.44"), user_with_totp)


@pytest.mark.fault(38)
def test_a_known_browser_is_not_locked_out_by_a_neighbor_at_the_same_address(user_with_totp: Person) -> None:
    known = signed_in_client(user_with_totp)
    known.post("/sign-out/")
    neighbor = Client()
    for _ in range(9):
        first_step(neighbor, user_with_totp, password="wrong-wrong-wrong")
    assert first_step(neighbor, user_with_totp) == 429
    assert first_step(known, user_with_totp) == 302


@pytest.mark.fault(38)
def test_wrong_security_codes_run_out(client: Client, user_with_totp: Person) -> None:
    first_step(client, user_with_totp)
    right = user_with_totp.code(clock.now())
    wrong = "000000" if right != "000000" else "000001"
    statuses = [client.post("/sign-in/code/", {"code": wrong}).status_code for _ in range(7)]
    assert statuses == [422] * 6 + [429]
    assert client.post("/sign-in/code/", {"code": right}).status_code == 429


def test_refused_sign_ins_stand_in_the_log_without_what_was_typed(
    client: Client, user_with_totp: Person
) -> None:
    first_step(client, user_with_totp, password="not-the-password")
    event = Event.objects.get(tag="attempt:refused:sign-in")
    assert event.beneficiary_id == user_with_totp.account.public_id
    assert "not-the-password" not in event.content


@pytest.mark.fault(40)
@pytest.mark.parametrize("user_id", ["nobody", "", "\0", "x" * 200])
def test_an_unknown_user_id_costs_as_much_hashing_as_a_wrong_password(client: Client, user_id: str) -> None:
    with mock.patch("rolebook.accounts.flows.signing_in.spend_time_hashing") as hashing:
        response = client.post("/qpp/sign-in/", {"user_id": user_id, "password": PASSWORD, "agree": "on"})
    assert response.status_code == 422
    assert hashing.called is bool(user_id.strip("\0"))


@pytest.mark.fault(48)
def test_where_to_go_on_is_a_page_of_this_site_or_none(client: Client, user_with_totp: Person) -> None:
    for outside in ("//evil.example/", "https://evil.example/", "/\\evil.example/", "javascript:alert(1)"):
        other = Client()
        other.get("/qpp/sign-in/", {"next": outside})
        first_step(other, user_with_totp)
        Account.objects.update(last_totp_step=0)
        done = other.post("/sign-in/code/", {"code": user_with_totp.code(clock.now())})
        assert done["Location"] == "/qpp/"


@pytest.mark.fault(48)
def test_a_foreign_host_is_refused(client: Client) -> None:
    assert client.get("/qpp/sign-in/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.fault(38)
def test_forms_without_their_token_are_refused(user_with_totp: Person) -> None:
    strict = Client(enforce_csrf_checks=True)
    typed = {"user_id": user_with_totp.account.user_id, "password": PASSWORD, "agree": "on"}
    for page in ("/qpp/sign-in/", "/register/", "/sign-out/", "/forgotten-password/"):
        assert strict.post(page, typed).status_code == 403


@pytest.mark.fault(38)
def test_pages_forbid_frames_foreign_scripts_and_caches(user_with_totp: Person) -> None:
    page = signed_in_client(user_with_totp).get("/security/")
    policy = page["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "default-src 'none'" in policy
    assert page["X-Frame-Options"] == "DENY"
    assert page["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in page["Cache-Control"]


def test_none_of_allauths_own_pages_is_reachable(client: Client) -> None:
    for page in (
        "/accounts/login/",
        "/accounts/signup/",
        "/account/login/",
        "/login/",
        "/signup/",
        "/2fa/",
        "/mfa/",
    ):
        assert client.get(page, follow=True).status_code == 404
    modules = {
        pattern.callback.__module__
        for included in get_resolver().url_patterns
        for pattern in getattr(included, "url_patterns", [])
        if isinstance(pattern, URLPattern)
    }
    assert not {module for module in modules if module.startswith("allauth")}


@pytest.mark.requirement("QPP-01")
def test_a_new_page_is_closed_until_somebody_opens_it(user_with_totp: Person) -> None:
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpResponse

    from rolebook.web.gate import Gate

    def new_page(request: object) -> HttpResponse:
        return HttpResponse("secret")

    request = RequestFactory().get("/new/")
    request.user = AnonymousUser()
    answer = Gate(new_page).process_view(request, new_page, [], {})
    assert answer is not None
    assert answer.status_code == 302
    assert session.account_of(request) is None


@pytest.mark.requirement("QPP-01")
def test_password_alone_in_a_session_made_by_hand_opens_nothing(client: Client, new_user: Person) -> None:
    client.force_login(new_user.account, backend="rolebook.accounts.backend.SessionBackend")
    assert client.get("/qpp/").status_code == 302
    assert Account.objects.filter(pk=new_user.account.pk).exists()
