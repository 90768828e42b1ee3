"""A token acts as its person, in one program, as long as that person could, and not an instant longer."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.test import Client

from rolebook.accounts import personal_tokens
from rolebook.accounts.flows import personal_tokens as flows
from rolebook.accounts.flows.clients import add_client, digest
from rolebook.accounts.flows.credentials import WrongPassword, change_password
from rolebook.accounts.flows.status import reset_second_factor
from rolebook.accounts.models import Account
from rolebook.accounts.throttling import TOKEN_BY_SOURCE
from rolebook.accounts.token_models import KeptAnswer, PersonalToken
from rolebook.api import calling as entering
from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.governance.flows.change_status import change_account_status, change_participation_status
from rolebook.governance.flows.end_personal_token import end_personal_token
from rolebook.governance.models import Participation
from rolebook.governance.refusals import NotFound
from tests.api.calling import IN_QPP, ROOT, Caller, calling, problem
from tests.support import people
from tests.support.people import COMMAND, PASSWORD, WEB, Mails, Person
from tests.web.worlds import QPP, World, signed_in

pytestmark = pytest.mark.django_db
HELD = f"{IN_QPP}/my-access"


def make(person: Person, **other: object) -> flows.MadeToken:
    at = clock.now()
    wanted: dict[str, object] = {
        "acting_user": person.account,
        "password": PASSWORD,
        "program_id": QPP,
        "name": "Report",
        "may_act": False,
        "ends_at": at + timedelta(days=30),
        "at": at,
        "origin": WEB,
        "send": Mails(),
        **other,
    }
    return flows.make_token(**wanted)  # type: ignore[arg-type]


@pytest.mark.invariant("I8")
def test_a_token_is_kept_as_a_digest_and_its_making_is_on_record_and_mailed(world: World) -> None:
    mails = Mails()
    made = make(world.maria, send=mails)
    token = PersonalToken.objects.get()
    assert token.token_hash == digest(made.secret)
    assert made.secret not in repr(list(PersonalToken.objects.values_list()))
    event = Event.objects.get(tag="account:token-made")
    assert (event.actor_id, event.program_id) == (world.maria.account.public_id, QPP)
    assert made.secret not in event.content
    assert (mails.last.kind, "Report" in mails.last.what) == ("token-made", True)
    assert Caller(made.secret).get(HELD).status_code == 200


@pytest.mark.invariant("I8")
@pytest.mark.parametrize("days", [-1, 0, 367, 100_000])
def test_every_token_has_an_end_within_a_year(world: World, days: int) -> None:
    with pytest.raises(ValidationError):
        make(world.maria, ends_at=clock.now() + timedelta(days=days))
    assert not PersonalToken.objects.exists()


@pytest.mark.requirement("QPP-01")
def test_nobody_makes_a_token_without_the_password_or_without_a_second_factor(world: World) -> None:
    with pytest.raises(WrongPassword):
        make(world.maria, password="not-the-password")
    Authenticator.objects.filter(user=world.maria.account).delete()
    with pytest.raises(flows.NoSecondFactor):
        make(world.maria)
    assert not PersonalToken.objects.exists()


def test_an_account_has_only_so_many_tokens_that_count(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "MOST_TOKENS", 2)
    make(world.maria)
    make(world.maria)
    with pytest.raises(flows.TooManyTokens):
        make(world.maria)
    make(world.owen)


def _taken_back(world: World) -> None:
    flows.take_back_token(
        acting_user=world.maria.account,
        token_id=PersonalToken.objects.get().public_id,
        at=clock.now(),
        origin=WEB,
    )


def _ended_by_operator(world: World) -> None:
    token_id = PersonalToken.objects.get().public_id
    flows.end_token_as_operator(token_id=token_id, at=clock.now(), origin=COMMAND)


def _password_changed(world: World) -> None:
    change_password(
        acting_user=world.maria.account,
        old=PASSWORD,
        new="another-horse-battery-staple",
        at=clock.now(),
        origin=WEB,
        send=Mails(),
    )


def _factor_lost(world: World) -> None:
    account = world.maria.account
    reset_second_factor(account=account, at=clock.now(), origin=COMMAND, send=Mails())
    people.give_factor(account)  # and a new one was set up since


def _account(status: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        at = clock.now()
        for wanted in (status, "active"):
            change_account_status(
                account=world.maria.account, status=wanted, reason="r", at=at, origin=COMMAND
            )

    return change


def _part(status: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        change_participation_status(
            acting_user=None,
            program_id=QPP,
            beneficiary_id=world.maria.account.public_id,
            status=status,
            reason="r",
            at=clock.now(),
            origin=COMMAND,
        )

    return change


@pytest.mark.requirement("QPP-01")
@pytest.mark.invariant("I7")
@pytest.mark.fault(35, 53)
@pytest.mark.parametrize(
    ("end", "why"),
    [
        (_taken_back, "owner"),
        (_ended_by_operator, "operator"),
        (_password_changed, "password"),
        (_factor_lost, "second factor"),
        (_account("deactivated"), "account"),
        (_account("closed"), "account"),
        (_part("deactivated"), "account"),
        (_part("closed"), "account"),
    ],
)
def test_a_token_is_refused_from_the_next_call_on_once_what_it_rests_on_has_ended(
    world: World, end: Callable[[World], None], why: str
) -> None:
    caller = Caller(make(world.maria).secret)
    assert caller.get(HELD).status_code == 200
    end(world)
    answer = caller.get(HELD)
    assert problem(answer, 401)["type"] == "urn:rolebook:problem:token"
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]
    token = PersonalToken.objects.get()
    assert (token.ending, token.revoked_at is not None) == (why, True)
    assert Event.objects.filter(tag="account:token-revoked").count() == 1


@pytest.mark.invariant("I7")
def test_an_account_that_is_not_active_is_refused_though_its_token_was_left(world: World) -> None:
    caller = calling(world.maria)
    Account.objects.filter(pk=world.maria.account.pk).update(status="deactivated")
    problem(caller.get(HELD), 401)


@pytest.mark.invariant("I7")
def test_a_part_that_is_not_active_is_refused_though_its_token_was_left(world: World) -> None:
    caller = calling(world.maria)
    Participation.objects.filter(account=world.maria.account).update(status="deactivated")
    assert problem(caller.get(HELD), 403)["type"] == "urn:rolebook:problem:account-not-active"


@pytest.mark.requirement("QPP-01")
def test_nobody_reads_without_a_second_factor(world: World) -> None:
    caller = calling(world.maria)
    Authenticator.objects.filter(user=world.maria.account).delete()
    assert problem(caller.get(HELD), 403)["type"] == "urn:rolebook:problem:second-factor-missing"


@pytest.mark.requirement("QPP-01")
def test_nobody_reads_who_has_not_agreed_to_the_present_statement(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = calling(world.maria)
    assert caller.get(HELD).status_code == 200
    monkeypatch.setattr(entering, "statement_hash", lambda wording: "0" * 64)
    assert problem(caller.get(HELD), 403)["type"] == "urn:rolebook:problem:sign-in-first"


@pytest.mark.invariant("I8")
def test_a_token_is_refused_at_its_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make(world.maria)
    end = made.token.ends_at
    assert personal_tokens.accepted_token(made.secret, end - timedelta(microseconds=1)) is not None
    assert personal_tokens.accepted_token(made.secret, end) is None


@pytest.mark.fault(53, 54)
def test_a_token_reaches_its_own_program_alone(world: World) -> None:
    people.activate("iqies", world.start)
    caller = calling(world.maria)
    assert [one["id"] for one in caller.get(f"{ROOT}/programs").json()["items"]] == [QPP]
    elsewhere, nowhere = caller.get(f"{ROOT}/iqies/my-access"), caller.get(f"{ROOT}/nothing/my-access")
    assert problem(elsewhere, 404) == problem(nowhere, 404)


@pytest.mark.fault(52)
def test_a_token_of_an_application_is_none_of_a_person(world: World) -> None:
    added = add_client(acting_user=None, program_id=QPP, name="Portal", at=clock.now(), origin=COMMAND)
    problem(Caller(added.token).get(HELD), 401)


def test_a_token_that_only_reads_changes_nothing(world: World) -> None:
    caller = calling(world.nora, may_act=False)
    answer = caller.post(f"{IN_QPP}/requests/{world.waiting.public_id}/withdraw", {})
    assert problem(answer, 403)["type"] == "urn:rolebook:problem:token-only-reads"
    assert 'error="insufficient_scope"' in answer["WWW-Authenticate"]
    world.waiting.refresh_from_db()
    assert world.waiting.state == "pending"


@pytest.mark.fault(54)
def test_nobody_ends_a_token_of_another_and_a_steward_ends_those_for_the_program(
    world: World, steward: Person
) -> None:
    made = make(world.maria)
    with pytest.raises(flows.NoSuchToken):
        flows.take_back_token(
            acting_user=world.owen.account, token_id=made.token.public_id, at=clock.now(), origin=WEB
        )
    told = {"program_id": QPP, "token_id": made.token.public_id, "at": clock.now(), "origin": WEB}
    with pytest.raises(NotFound):
        end_personal_token(acting_user=world.owen.account, **told)  # type: ignore[arg-type]
    assert Event.objects.get(tag="attempt:refused:token").actor_id == world.owen.account.public_id
    end_personal_token(acting_user=steward.account, **told)  # type: ignore[arg-type]
    assert PersonalToken.objects.get().ending == "steward"
    problem(Caller(made.secret).get(HELD), 401)


@pytest.mark.fault(38)
def test_unknown_tokens_of_a_network_are_throttled_and_hold_nobody_up_whose_token_counts(
    world: World,
) -> None:
    good = calling(world.maria)
    for _ in range(TOKEN_BY_SOURCE.attempts):
        problem(Caller("rbp_" + "x" * 43).get(HELD), 401)
    answer = Caller("rbp_" + "x" * 43).get(HELD)
    problem(answer, 429)
    assert int(answer["Retry-After"]) > 0
    assert good.get(HELD).status_code == 200


def test_without_a_token_one_is_asked_for(world: World) -> None:
    answer = Caller().get(HELD)
    problem(answer, 401)
    assert answer["WWW-Authenticate"] == 'Bearer realm="rolebook"'


@pytest.mark.fault(41)
def test_a_session_is_no_token_and_no_cookie_is_set(world: World) -> None:
    browser = signed_in(world.maria)
    problem(browser.get(HELD), 401)
    answer = browser.post(
        f"{IN_QPP}/requests/{world.waiting.public_id}/withdraw", {}, content_type="application/json"
    )
    problem(answer, 401)
    assert not answer.cookies
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_when_a_token_was_last_used_is_noted_every_few_minutes(world: World) -> None:
    caller = calling(world.maria)
    caller.get(HELD)
    first = PersonalToken.objects.get().last_used_at
    assert first is not None
    caller.get(HELD)
    assert PersonalToken.objects.get().last_used_at == first
    PersonalToken.objects.update(last_used_at=first - timedelta(minutes=6))
    caller.get(HELD)
    assert (PersonalToken.objects.get().last_used_at or first) >= first


def test_kept_answers_are_deleted_after_a_day(world: World) -> None:
    caller = calling(world.nora)
    address = f"{IN_QPP}/requests/{world.waiting.public_id}/withdraw"
    caller.post(address, {}, Idempotency_Key="withdraw-1")
    personal_tokens.forget_old(clock.now() + timedelta(hours=23))
    assert KeptAnswer.objects.count() == 1
    personal_tokens.forget_old(clock.now() + timedelta(hours=25))
    assert not KeptAnswer.objects.exists()


def _form(**other: str) -> dict[str, str]:
    last = (clock.now() + timedelta(days=30)).date()
    return {"name": "Report", "program": QPP, "ends_on": f"{last}", "password": PASSWORD, **other}


def test_the_security_page_makes_a_token_shows_it_once_and_takes_it_back(world: World) -> None:
    browser = signed_in(world.maria)
    answer = browser.post("/security/tokens/new/", _form(may_act="on"))
    found = re.search(r"rbp_[A-Za-z0-9_-]{43}", answer.content.decode())
    assert found is not None
    assert answer["Cache-Control"] == "no-store"
    token = PersonalToken.objects.get()
    assert token.may_act
    page = browser.get("/security/").content.decode()
    assert (found.group() in page, token.prefix in page) == (False, True)
    assert "for Quality Payment Program, reads and acts" in " ".join(page.split())
    assert "not used yet" in page
    Caller(found.group()).get(HELD)
    assert "last used" in browser.get("/security/").content.decode()
    address = f"/security/tokens/{token.public_id}/end/"
    assert browser.get(address).status_code == 200
    assert PersonalToken.objects.get().revoked_at is None
    assert browser.post(address).status_code == 303
    assert "taken back by its person" in browser.get("/security/").content.decode()
    problem(Caller(found.group()).get(HELD), 401)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"password": "wrong-password-here"}, "not your password"),
        ({"name": " "}, "Give it a name"),
        ({"name": "two\nlines"}, "on one line"),
        ({"program": "nothing"}, "one of the programs"),
        ({"ends_on": ""}, "last day"),
        ({"ends_on": "2020-01-01"}, "Choose a day within"),
        ({"ends_on": "9999-12-31"}, "Choose a day within"),
    ],
)
def test_what_is_wrong_with_a_new_token_is_said_beside_its_field(
    world: World, fields: dict[str, str], said: str
) -> None:
    answer = signed_in(world.maria).post("/security/tokens/new/", _form(**fields))
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert not PersonalToken.objects.exists()


@pytest.mark.fault(54)
def test_the_page_takes_back_no_token_of_another(world: World) -> None:
    make(world.maria)
    address = f"/security/tokens/{PersonalToken.objects.get().public_id}/end/"
    assert signed_in(world.owen).post(address).status_code == 404
    assert Client().post(address).status_code == 302
    assert PersonalToken.objects.get().revoked_at is None


def test_a_steward_sees_and_ends_a_persons_tokens_on_their_page(world: World, steward: Person) -> None:
    make(world.maria)
    token = PersonalToken.objects.get()
    browser, page = signed_in(steward), f"/{QPP}/people/{world.maria.account.public_id}/"
    assert token.prefix in browser.get(page).content.decode()
    address = f"{page}tokens/{token.public_id}/end/"
    assert signed_in(world.owen).post(address).status_code == 404
    assert browser.get(address).status_code == 200
    assert browser.post(address).status_code == 303
    assert PersonalToken.objects.get().ending == "steward"
    assert token.prefix not in browser.get(page).content.decode()
