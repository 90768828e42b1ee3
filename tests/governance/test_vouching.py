"""A lost second factor: vouched for by an office that could give all that the person holds; never a silent bypass."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from rolebook.accounts.challenges import Asked, PasskeyAnswer
from rolebook.accounts.credential_models import PasskeyChallenge
from rolebook.accounts.flows.credentials import WrongPassword
from rolebook.accounts.flows.signing_in import ask_for_passkey
from rolebook.accounts.mailed_codes import CodeRefused
from rolebook.accounts.models import Account, Organization
from rolebook.accounts.passkeys import PasskeyRefused
from rolebook.accounts.person_models import Recovery
from rolebook.accounts.second_factor import has_own_factor
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.audit.models import Event
from rolebook.governance.flows import record_sign_in
from rolebook.governance.flows.recover_second_factor import (
    ASKED_FOR,
    READY_FOR,
    NothingToRecover,
    RecoveryNotReady,
    RecoveryOver,
    ask_for_recovery,
    ask_voucher_for_passkey,
    cancel_recovery,
    finish_recovery,
    mail_recovery_code,
    refuse_recovery,
    vouch_for_recovery,
)
from rolebook.governance.models import Participation
from rolebook.governance.queries.recoveries import lost_factors
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.voucher_proof import Vouch
from rolebook.governance.vouching import may_vouch, offices_that_vouch, who_may_vouch
from tests.support import grants as people
from tests.support.authenticator import SITE, Device, add
from tests.support.grants import LATER, codes
from tests.support.people import (
    PASSWORD,
    START,
    WEB,
    Mails,
    Person,
    activate,
    new_user,
    practice,
    user_with_totp,
)

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("QPP-01")]
WAIT, TOLD = timedelta(hours=24), "called her on the practice's number"


def person(name: str, program_id: str = "qpp") -> Person:
    """Somebody with a second factor, who takes part and has agreed to the statement."""
    found = user_with_totp(name)
    people.agree(found.account, program_id)
    Participation.objects.get_or_create(
        account=found.account, program_id=program_id, defaults={"created_at": START}
    )
    return found


def office(name: str, role_id: str, place: Organization | None, by: Account | None = None) -> Person:
    found = person(name)
    people.designated(found.account, role_id, place, by=by)
    return found


def staffed(name: str, place: Organization, approver: Account) -> Person:
    found = person(name)
    people.decides(approver, people.open_stage(people.asks(found.account, place)))
    return found


def asks(who: Person, mails: Mails, at: datetime = LATER) -> Recovery:
    proof = mail_recovery_code(account=who.account, at=at, origin=WEB, send=mails)
    return ask_for_recovery(
        account_id=who.account.pk, proof_id=proof, code=mails.last.code, at=at, origin=WEB, send=mails
    )


def vouches(
    voucher: Person,
    recovery: Recovery,
    mails: Mails,
    at: datetime = LATER,
    vouch: Vouch | None = None,
    program_id: str = "qpp",
) -> Recovery:
    return vouch_for_recovery(
        acting_user=voucher.account,
        program_id=program_id,
        recovery_id=recovery.public_id,
        vouch=vouch or Vouch("called", TOLD, True, voucher.code(at)),
        wait=WAIT,
        at=at,
        origin=WEB,
        send=mails,
    )


def token(mails: Mails) -> str:
    return mails.last.path.rstrip("/").rpartition("/")[2]


def finish(link: str, mails: Mails, at: datetime = LATER + WAIT, password: str = PASSWORD) -> Account:
    return finish_recovery(token=link, password=password, at=at, origin=WEB, send=mails)


@pytest.mark.invariant("I7")
@pytest.mark.fault(40)
def test_who_is_vouched_for_sets_up_anew_after_the_wait_and_all_sessions_end(qpp: str, mails: Mails) -> None:
    cedar = practice()
    olga = office("Olga Official", people.OFFICIAL, cedar)
    ana = staffed("Ana Lopez", cedar, olga.account)
    recovery = asks(ana, mails)
    assert [one.recovery_id for one in lost_factors(olga.account, "qpp", LATER)] == [recovery.public_id]
    vouches(olga, recovery, mails)
    link, salt = token(mails), Account.objects.get(pk=ana.account.pk).session_salt
    with pytest.raises(RecoveryNotReady):
        finish(link, mails, LATER + WAIT - timedelta(seconds=1))
    with pytest.raises(WrongPassword):
        finish(link, mails, password="something-else-entirely")
    assert has_own_factor(ana.account)
    finish(link, mails)
    assert not has_own_factor(ana.account)
    assert Account.objects.get(pk=ana.account.pk).session_salt != salt
    with pytest.raises(RecoveryOver):
        finish(link, mails)
    tags = Event.objects.filter(tag__startswith="recovery:").order_by("sequence")
    assert list(tags.values_list("tag", "actor_id")) == [
        ("recovery:asked", ana.account.public_id),
        ("recovery:vouched", olga.account.public_id),
        ("recovery:finished", ana.account.public_id),
    ]


@pytest.mark.invariant("I6")
def test_nobody_vouches_for_themselves(qpp: str, mails: Mails) -> None:
    olga = office("Olga Official", people.OFFICIAL, practice())
    recovery = asks(olga, mails)
    with pytest.raises(Refused) as refused:
        vouches(olga, recovery, mails)
    assert codes(refused) == ["own_recovery"]
    assert Event.objects.filter(tag="attempt:refused:vouch").count() == 1


@pytest.mark.invariant("I2")
def test_an_office_is_vouched_for_only_by_one_that_could_give_it(qpp: str, mails: Mails) -> None:
    cedar, hilltop = practice("Cedar"), practice("Hilltop")
    steward = office("Stella Steward", people.STEWARD, None)
    second = office("Sten Second", people.STEWARD, None)
    olga, otto = (office(name, people.OFFICIAL, cedar) for name in ("Olga", "Otto"))
    henry = office("Henry", people.OFFICIAL, hilltop)
    stan = staffed("Stan", cedar, olga.account)
    at = LATER

    def vouchers(whom: Person) -> set[str]:
        everybody = (steward, second, olga, otto, henry, stan)
        return {one.account.name for one in everybody if may_vouch(one.account, whom.account, "qpp", at)}

    stewards = {"Stella Steward", "Sten Second"}
    assert vouchers(stan) == {"Olga", "Otto"} | stewards
    assert vouchers(olga) == {"Otto"} | stewards
    assert vouchers(steward) == {"Sten Second"}
    assert vouchers(henry) == stewards
    people.designated(olga.account, people.OFFICIAL, hilltop)
    assert vouchers(olga) == stewards  # Otto could not give the office at Hilltop, nor Henry the one at Cedar
    assert {one.name for one in who_may_vouch(olga.account, "qpp", at)} == stewards


@pytest.mark.invariant("I6")
@pytest.mark.fault(11)
def test_an_office_that_the_person_gave_does_not_count(qpp: str) -> None:
    steward = office("Stella Steward", people.STEWARD, None)
    second = office("Sten Second", people.STEWARD, None, by=steward.account)
    assert not may_vouch(second.account, steward.account, "qpp", LATER)
    assert may_vouch(steward.account, second.account, "qpp", LATER)
    assert offices_that_vouch(steward.account, LATER) == ()


@pytest.mark.invariant("I2")
def test_an_office_in_another_program_must_be_covered_too(qpp: str) -> None:
    activate("iqies")
    cedar = practice()
    olga = office("Olga Official", people.OFFICIAL, cedar)
    ana = staffed("Ana Lopez", cedar, olga.account)
    assert may_vouch(olga.account, ana.account, "qpp", LATER)
    people.designated(ana.account, people.STEWARD, program_id="iqies")
    assert not may_vouch(olga.account, ana.account, "qpp", LATER)


@pytest.mark.invariant("I1")
@pytest.mark.fault(1)
def test_a_stranger_does_not_learn_that_there_is_a_recovery(qpp: str, mails: Mails) -> None:
    cedar, hilltop = practice("Cedar"), practice("Hilltop")
    olga, henry = office("Olga", people.OFFICIAL, cedar), office("Henry", people.OFFICIAL, hilltop)
    recovery = asks(staffed("Ana", cedar, olga.account), mails)
    with pytest.raises(NotFound):
        vouches(henry, recovery, mails)
    assert lost_factors(henry.account, "qpp", LATER) == ()


@pytest.mark.parametrize(
    ("vouch", "code"),
    [
        (("called", TOLD, True, "000000"), "wrong_security_code"),
        (("called", "yes", True, ""), "not_said_how"),
        (("telepathy", TOLD, True, ""), "not_said_how"),
        (("called", TOLD, False, ""), "not_made_sure"),
    ],
)
def test_vouching_takes_ones_own_second_factor_and_how_it_was_made_sure(
    qpp: str, mails: Mails, vouch: tuple[str, str, bool, str], code: str
) -> None:
    cedar = practice()
    olga = office("Olga Official", people.OFFICIAL, cedar)
    recovery = asks(staffed("Ana Lopez", cedar, olga.account), mails)
    with pytest.raises(Refused) as refused:
        vouches(olga, recovery, mails, vouch=Vouch(*vouch))
    assert codes(refused) == [code]
    assert Recovery.objects.get().state == "asked"


@pytest.fixture
def named(settings: Settings) -> None:
    """The site has a name that browsers know passkeys by."""
    settings.ROLEBOOK = replace(settings.ROLEBOOK, site_url=SITE)


def signed(asked: Asked, device: Device) -> Vouch:
    return Vouch("called", TOLD, True, "", PasskeyAnswer(asked.challenge_id, device.sign(asked.options)))


@pytest.mark.usefixtures("named")
def test_who_has_nothing_but_a_passkey_vouches_with_it_once(qpp: str, mails: Mails) -> None:
    cedar = practice()
    olga = Person(new_user("Olga Official").account, "")
    device = Device()
    add(olga, device)
    people.agree(olga.account)
    Participation.objects.create(account=olga.account, program_id="qpp", created_at=START)
    people.designated(olga.account, people.OFFICIAL, cedar)
    ana, ben = (staffed(name, cedar, olga.account) for name in ("Ana Lopez", "Ben Marsh"))
    word = signed(ask_voucher_for_passkey(acting_user=olga.account, at=LATER, origin=WEB), device)
    vouches(olga, asks(ana, mails), mails, vouch=word)
    assert Recovery.objects.get(account=ana.account).state == "vouched"
    with pytest.raises(Refused) as refused:
        vouches(olga, asks(ben, mails), mails, vouch=word)
    assert codes(refused) == ["wrong_passkey"]


@pytest.mark.invariant("I8")
@pytest.mark.usefixtures("named")
def test_no_other_device_no_challenge_of_a_sign_in_and_no_foreign_one_vouches(qpp: str, mails: Mails) -> None:
    cedar = practice()
    olga, otto = (office(name, people.OFFICIAL, cedar) for name in ("Olga", "Otto"))
    hers, his = Device(), Device()
    add(olga, hers)
    add(otto, his)
    recovery = asks(staffed("Ana Lopez", cedar, olga.account), mails)
    to_sign_in = ask_for_passkey(account_id=olga.account.pk, at=LATER, origin=WEB)
    to_vouch = ask_voucher_for_passkey(acting_user=olga.account, at=LATER, origin=WEB)
    of_otto = ask_voucher_for_passkey(acting_user=otto.account, at=LATER, origin=WEB)
    for asked, device in ((to_sign_in, hers), (to_vouch, his), (of_otto, hers), (of_otto, his)):
        with pytest.raises(Refused) as refused:
            vouches(olga, recovery, mails, vouch=signed(asked, device))
        assert codes(refused) == ["wrong_passkey"]
    assert Recovery.objects.get().state == "asked"
    assert PasskeyChallenge.objects.get(public_id=to_vouch.challenge_id).used_at is not None
    assert Event.objects.filter(tag="attempt:refused:vouch").count() == 4


@pytest.mark.usefixtures("named")
def test_no_device_is_asked_of_who_has_no_passkey(qpp: str) -> None:
    with pytest.raises(PasskeyRefused):
        ask_voucher_for_passkey(acting_user=person("Olga Official").account, at=LATER, origin=WEB)


@pytest.mark.fault(16)
def test_the_second_voucher_is_told_that_a_colleague_was_first(qpp: str, mails: Mails) -> None:
    cedar = practice()
    olga, otto = (office(name, people.OFFICIAL, cedar) for name in ("Olga", "Otto"))
    recovery = asks(staffed("Ana", cedar, olga.account), mails)
    vouches(olga, recovery, mails)
    sent = len(mails.sent)
    with pytest.raises(Refused) as refused:
        vouches(otto, recovery, mails)
    assert codes(refused) == ["recovery_settled"]
    assert len(mails.sent) == sent


@pytest.mark.fault(23)
def test_a_voucher_who_lost_the_office_meanwhile_vouched_for_nothing(qpp: str, mails: Mails) -> None:
    cedar = practice()
    olga = office("Olga Official", people.OFFICIAL, cedar)
    ana = staffed("Ana Lopez", cedar, olga.account)
    vouches(olga, asks(ana, mails), mails)
    link = token(mails)
    Participation.objects.filter(account=olga.account).update(status="deactivated")
    with pytest.raises(RecoveryOver):
        finish(link, mails)
    assert has_own_factor(ana.account)


@pytest.mark.invariant("I8")
def test_links_are_good_once_for_one_purpose_within_their_time_and_for_the_address_they_went_to(
    qpp: str, mails: Mails
) -> None:
    cedar = practice()
    olga = office("Olga Official", people.OFFICIAL, cedar)
    ana = staffed("Ana Lopez", cedar, olga.account)
    recovery = asks(ana, mails)
    asked = token(mails)
    with pytest.raises(RecoveryOver):
        finish(asked, mails)
    vouches(olga, recovery, mails)
    link = token(mails)
    with pytest.raises(RecoveryOver):
        cancel_recovery(token=link, at=LATER, origin=WEB)
    with pytest.raises(RecoveryOver):
        finish(link, mails, LATER + WAIT + READY_FOR)
    Account.objects.filter(pk=ana.account.pk).update(email="moved@example.org")
    with pytest.raises(RecoveryOver):
        finish(link, mails)


def test_this_was_not_me_stops_it_also_after_somebody_vouched(qpp: str, mails: Mails) -> None:
    cedar = practice()
    olga = office("Olga Official", people.OFFICIAL, cedar)
    ana = staffed("Ana Lopez", cedar, olga.account)
    vouches(olga, asks(ana, mails), mails)
    link, stop = token(mails), mails.last.cancel_path.rstrip("/").rpartition("/")[2]
    cancel_recovery(token=stop, at=LATER, origin=WEB)
    with pytest.raises(RecoveryOver):
        finish(link, mails)
    assert has_own_factor(ana.account)


def test_a_colleague_stops_what_another_vouched_for(qpp: str, mails: Mails) -> None:
    cedar = practice()
    olga, otto = (office(name, people.OFFICIAL, cedar) for name in ("Olga", "Otto"))
    recovery = asks(staffed("Ana", cedar, olga.account), mails)
    vouches(olga, recovery, mails)
    link = token(mails)
    refuse_recovery(
        acting_user=otto.account,
        program_id="qpp",
        recovery_id=recovery.public_id,
        reason="she did not ask for it",
        at=LATER,
        origin=WEB,
    )
    with pytest.raises(RecoveryOver):
        finish(link, mails)


def test_whoever_signs_in_with_the_second_factor_has_not_lost_it(qpp: str, mails: Mails) -> None:
    ana = person("Ana Lopez")
    asks(ana, mails)
    record_sign_in(acting_user=ana.account, program_id="qpp", at=LATER, origin=WEB)
    assert Recovery.objects.get().state == "cancelled"


def test_asking_takes_the_mailbox_a_factor_to_lose_and_patience(qpp: str, mails: Mails) -> None:
    ana = person("Ana Lopez")
    proof = mail_recovery_code(account=ana.account, at=LATER, origin=WEB, send=mails)
    with pytest.raises(CodeRefused):
        ask_for_recovery(
            account_id=ana.account.pk, proof_id=proof, code="0000 0000", at=LATER, origin=WEB, send=mails
        )
    with pytest.raises(NothingToRecover):
        mail_recovery_code(account=new_user("Nora").account, at=LATER, origin=WEB, send=mails)
    for _ in range(3):
        mail_recovery_code(account=ana.account, at=LATER, origin=WEB, send=mails)
    with pytest.raises(TooManyAttempts):
        mail_recovery_code(account=ana.account, at=LATER, origin=WEB, send=mails)


def test_one_that_nobody_vouched_for_in_time_is_over_and_can_be_asked_again(qpp: str, mails: Mails) -> None:
    cedar = practice()
    olga = office("Olga Official", people.OFFICIAL, cedar)
    ana = staffed("Ana Lopez", cedar, olga.account)
    first, late = asks(ana, mails), LATER + ASKED_FOR
    assert asks(ana, mails, LATER).pk == first.pk
    with pytest.raises(Refused) as refused:
        vouches(olga, first, mails, late)
    assert codes(refused) == ["recovery_settled"]
    assert lost_factors(olga.account, "qpp", late) == ()
    assert asks(ana, mails, late).pk != first.pk
