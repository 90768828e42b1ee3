"""What waits, for stewards and for a monitoring system: the mail queue, the jobs, and the numbers of `/metrics`."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.governance.flows.change_status import change_account_status
from rolebook.governance.queries.audit_words_jobs import JOB_TITLES
from rolebook.jobs.housekeeping import JOBS
from rolebook.jobs.models import ScheduledJob
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from rolebook.server.environment import SettingsError, metrics_token
from tests.support.people import COMMAND
from tests.web.reading import text_at
from tests.web.worlds import QPP, World, signed_in, steward_of


@pytest.fixture
def steward(world: World) -> Client:
    person = steward_of(world)
    derive_notices(now=clock.now())
    return signed_in(person)


def address(name: str, *parts: object) -> str:
    return reverse(name, args=[QPP, *parts])


def first() -> Notice:
    notice = Notice.objects.order_by("pk").first()
    assert notice is not None
    return notice


def test_the_queue_says_what_waits_and_what_could_not_be_sent_and_why(world: World, steward: Client) -> None:
    waiting = Notice.objects.count()
    page = text_at(steward, address("mail-queue"))
    assert f"{waiting} mails wait" in page
    assert first().subject in page
    Notice.objects.filter(pk=first().pk).update(state="failed", last_error="550 no such <mailbox>")
    assert "550 no such &lt;mailbox&gt;" in text_at(steward, address("mail-queue") + "?show=failed")


def test_a_mail_that_could_not_be_sent_is_tried_again_and_is_on_record(world: World, steward: Client) -> None:
    one = first()
    Notice.objects.filter(pk=one.pk).update(state="failed", next_attempt_at=clock.now() + timedelta(days=1))
    assert steward.post(address("retry-mail", one.pk)).status_code == 303
    one.refresh_from_db()
    assert (one.state, one.next_attempt_at <= clock.now()) == ("waiting", True)
    assert Event.objects.filter(tag="mail:retried").count() == 1


def test_a_mail_is_given_up_with_a_reason_only(world: World, steward: Client) -> None:
    one = first()
    assert steward.post(address("give-up-mail", one.pk), {"reason": ""}).status_code == 422
    assert steward.post(address("give-up-mail", one.pk), {"reason": "left long ago"}).status_code == 303
    one.refresh_from_db()
    assert (one.state, one.last_error) == ("failed", "given up by the steward: left long ago")
    assert steward.post(address("give-up-mail", one.pk), {"reason": "again"}).status_code == 409


@pytest.mark.invariant("I3", "I8")
def test_the_words_of_a_mail_with_a_code_are_not_shown(world: World, steward: Client) -> None:
    Notice.objects.create(
        recipient=world.maria.account,
        kind="reset-password",
        holds_code=True,
        subject="Your code is 123456",
        text="123456",
        message_id="a@b",
        next_attempt_at=clock.now(),
        created_at=clock.now() - timedelta(days=30),
    )
    page = text_at(steward, address("mail-queue"))
    assert "About the account itself" in page
    assert "123456" not in page


def test_the_queue_says_which_mails_it_counts(world: World, steward: Client) -> None:
    page = text_at(steward, address("mail-queue") + "?show=failed")
    assert "Every mail was sent" not in page
    assert "Counted here: mails about QPP, and mails about the accounts of people who take part in it" in page


def test_a_refused_mail_that_tells_somebody_of_their_closing_is_listed_and_tried_again(
    world: World, steward: Client
) -> None:
    stella = world.stella.account
    change_account_status(account=stella, status="closed", reason="left", at=clock.now(), origin=COMMAND)
    derive_notices(now=clock.now())
    Notice.objects.filter(recipient=stella).update(state="failed", last_error="550 mailbox full")
    told = Notice.objects.get(recipient=stella, kind="status-changed")
    page = text_at(steward, address("mail-queue") + "?show=failed")
    assert address("retry-mail", told.pk) in page
    # All else that the closed account was to get stays as it is.
    assert all(
        address("retry-mail", one.pk) not in page
        for one in Notice.objects.filter(recipient=stella).exclude(pk=told.pk)
    )
    assert steward.post(address("retry-mails")).status_code == 303
    assert [one.pk for one in Notice.objects.filter(recipient=stella, state="waiting")] == [told.pk]


@pytest.mark.invariant("I1", "I3")
@pytest.mark.fault(1)
def test_mail_of_another_program_and_the_pages_of_stewards_are_for_nobody_else(
    world: World, steward: Client
) -> None:
    one = first()
    Notice.objects.filter(pk=one.pk).update(event_sequence=10_000_000)
    assert steward.post(address("retry-mail", one.pk)).status_code == 404
    official = signed_in(world.maria)
    for page in (address("mail-queue"), address("jobs")):
        assert official.get(page).status_code == 404
    other = Notice.objects.exclude(pk=one.pk).order_by("pk")[0]
    for page in (
        address("retry-mails"),
        address("give-up-mail", other.pk),
        address("run-job", "prune-sessions"),
    ):
        assert official.post(page, {"reason": "mine"}).status_code == 404


def test_every_job_is_named_in_words_and_runs_when_asked(world: World, steward: Client) -> None:
    assert set(JOB_TITLES) == {job.name for job in JOBS}
    later = clock.now() + timedelta(days=1)
    ScheduledJob.objects.create(name="prune-sessions", due_at=later, last_error="OSError: disk full")
    assert "OSError: disk full" in text_at(steward, address("jobs"))
    assert steward.post(address("run-job", "prune-sessions")).status_code == 303
    assert ScheduledJob.objects.get(name="prune-sessions").due_at <= clock.now()
    assert steward.post(address("run-job", "no-such-job")).status_code == 404


def metrics(**headers: str) -> tuple[int, str]:
    answer = Client().get("/metrics", **headers)  # type: ignore[arg-type]
    return answer.status_code, answer.content.decode()


def test_the_numbers_are_told_on_this_machine_and_to_nobody_else_without_a_token(
    world: World, steward: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, numbers = metrics()
    assert status == 200
    assert f"rolebook_mail_waiting {Notice.objects.count()}\n" in numbers
    assert 'rolebook_requests_pending{program="qpp"} 1\n' in numbers
    assert metrics(REMOTE_ADDR="192.0.2.1")[0] == 404
    assert metrics(HTTP_X_FORWARDED_FOR="192.0.2.1")[0] == 404
    monkeypatch.setenv("ROLEBOOK_METRICS_TOKEN", "a-token-of-some-length")
    assert metrics()[0] == 404
    assert metrics(HTTP_AUTHORIZATION="Bearer another-token-of-length")[0] == 404
    assert metrics(HTTP_AUTHORIZATION="Bearer a-token-of-some-length", REMOTE_ADDR="192.0.2.1")[0] == 200


def test_a_token_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(SettingsError, match="ROLEBOOK_METRICS_TOKEN: found 5 characters"):
        metrics_token({"ROLEBOOK_METRICS_TOKEN": "guess"})
