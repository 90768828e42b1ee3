"""What ends with a day is said to end with it, on every page, in mails, files and at the command line."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.template import Context, Template

from rolebook.audit import clock
from rolebook.cli.server.access import access as access_command
from rolebook.cli.server.review_report import report as report_command
from rolebook.cli.server.reviews import reviews as reviews_command
from rolebook.governance import making_report_files
from rolebook.governance.files import report_paper
from rolebook.governance.importing import first_instant
from rolebook.governance.making_report_files import facts_of
from rolebook.governance.making_reports import ask_for_report, make_report
from rolebook.governance.models import Access, ReviewReport
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.support import clocks, grants, rolebooks
from tests.support.iqcs import PROGRAM, TRAINING, place
from tests.support.people import LATELY, START
from tests.support.reviews import MEANWHILE, Agencies, agencies, answers, opened, steward, submits
from tests.web.reading import text
from tests.web.test_review_pages import at_page, browser

pytestmark = pytest.mark.django_db
NEW_YEAR = datetime(2027, 1, 1, 7, tzinfo=UTC)
"""The first instant of 2027 in Boise."""


@pytest.fixture
def people() -> Agencies:
    """Two agencies with their leads, and people whom the audit asks about."""
    return agencies(LATELY)


def test_an_end_at_midnight_is_the_end_of_the_day_before_and_any_other_has_its_time() -> None:
    page = Template("{% load ends %}{% as_end at %}")
    assert ">the end of Dec 31, 2026</time>" in page.render(
        Context({"at": NEW_YEAR, "program": type("Boise", (), {"zone": "America/Boise"})})
    )
    assert ">Jan 1, 2027, 7:00 a.m. UTC</time>" in page.render(Context({"at": NEW_YEAR}))
    assert page.render(Context({"at": None})) == ""


def words(answer: object) -> str:
    """What a page says, without its marks."""
    without_times = re.sub("</?time[^>]*>", "", text(answer))
    return " ".join(re.sub("<[^>]*>", " ", without_times).split())


def test_a_reviewers_card_and_on_that_day_say_the_same_end_as_my_access(people: Agencies) -> None:
    at = clock.now() - timedelta(hours=1)
    day = at.date() + timedelta(days=20)
    ends_at = first_instant(day + timedelta(days=1), rolebooks.in_force(PROGRAM, LATELY))
    grants.placed(people.fws_person, TRAINING, None, program_id=PROGRAM, at=LATELY, ends_at=ends_at)
    campaign = opened(at, due_on=(at + timedelta(days=30)).date())
    told = f"until the end of {day:%b} {day.day}, {day.year}"
    mona = browser(people.fws_person)
    assert told in words(mona.get("/iqcs/my-access/"))
    assert told in words(mona.get(f"/iqcs/on-that-day/people/{people.fws_person.public_id}/"))
    assert told in words(browser(people.fws_lead).get(at_page("review", campaign)))


@pytest.mark.requirement("IQCS-12")
def test_the_due_day_is_the_same_on_pages_in_mails_in_reports_and_at_the_command_line(
    people: Agencies,
) -> None:
    stella = steward(LATELY)
    due = clock.now().date() + timedelta(days=30)
    campaign = opened(clock.now() - timedelta(hours=1), due_on=due)
    told = f"by the end of {due:%b} {due.day}, {due.year}"
    cell = told.removeprefix("by ")
    lena, sees = browser(people.fws_lead), browser(stella)
    assert cell in words(lena.get("/iqcs/reviews/"))
    assert cell in words(lena.get("/iqcs/"))
    assert f"Answer {told}" in words(lena.get(at_page("review", campaign)))
    assert f"Open, to be answered {told}" in words(sees.get("/iqcs/reviews/"))
    assert f"Open; to be answered {told}" in words(sees.get(at_page("review-progress", campaign)))
    while derive_notices(now=clock.now()):
        pass
    mail = Notice.objects.filter(kind="review-opened").earliest("pk")
    assert f"please answer {told}" in mail.subject
    assert f"Answer by: {cell}" in mail.text
    assert f"it is due {told}" in Notice.objects.filter(kind="review-report").earliest("pk").text
    report = ask_for_report(acting_user=None, campaign=campaign, organization=None, at=clock.now())
    make_report(report.pk, clock.now())
    assert dict(facts_of(ReviewReport.objects.get(pk=report.pk)))["Due"] == due
    shown = CliRunner().invoke(reviews_command, ["show", PROGRAM, str(campaign.public_id)])
    assert f"due {due.isoformat()}\n" in shown.output
    assert f"due {due.isoformat()}\n" in CliRunner().invoke(reviews_command, ["list", PROGRAM]).output


def test_an_overdue_review_says_which_day_was_the_last_and_with_which_it_closes(people: Agencies) -> None:
    due = (clock.now() - timedelta(days=2)).date()
    campaign = opened(clock.now() - timedelta(days=20), due_on=due)
    page = words(browser(steward(LATELY)).get(at_page("review-progress", campaign)))
    closes = due + timedelta(days=14)
    assert (
        f"Overdue since the end of {due:%b} {due.day}, {due.year}; "
        f"it closes at the end of {closes:%b} {closes.day}, {closes.year}."
    ) in page


def test_the_command_line_says_the_days_of_the_programs_zone_of_what_was_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mona = agencies(START).fws_person
    # November 3, 8 p.m. in Boise.
    at = datetime(2026, 11, 4, 3, tzinfo=UTC)
    grants.placed(mona, TRAINING, None, program_id=PROGRAM, at=at, ends_at=NEW_YEAR)
    clocks.it_is(monkeypatch, MEANWHILE)
    done = CliRunner().invoke(access_command, ["as-of", PROGRAM, "2026-11-03", "--user", mona.user_id])
    assert "Training Officer  from 2026-11-03 until the end of 2026-12-31" in done.output
    assert "2026-11-03 20:00" in done.output


@pytest.mark.requirement("IQCS-13")
def test_an_archive_of_several_pdfs_is_not_called_a_pdf_and_overwrites_nothing_that_nobody_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    agencies(START)
    monkeypatch.setattr(making_report_files, "ACCOUNTS_A_VOLUME", 1)
    monkeypatch.setattr(report_paper, "ACCOUNTS_A_VOLUME", 1)
    clocks.it_is(monkeypatch, MEANWHILE)
    asked = [PROGRAM, str(opened().public_id), "--organization", "USAF", "--format", "pdf", "-o"]
    done = CliRunner().invoke(report_command, [*asked, str(tmp_path / "usaf.pdf")])
    assert f"an archive of several goes to {tmp_path / 'usaf.zip'}" in done.stderr
    assert f"2 accounts in {tmp_path / 'usaf.zip'}" in done.stdout
    assert [one.name for one in tmp_path.iterdir()] == ["usaf.zip"]
    assert (tmp_path / "usaf.zip").read_bytes().startswith(b"PK")
    again = CliRunner().invoke(report_command, [*asked, str(tmp_path / "usaf.pdf")])
    assert (again.exit_code, "usaf.zip is there already" in again.output) == (1, True)
    assert CliRunner().invoke(report_command, [*asked, str(tmp_path / "usaf.zip")]).exit_code == 0


def test_the_help_says_how_many_accounts_one_pdf_holds() -> None:
    said = " ".join(CliRunner().invoke(report_command, ["--help"]).output.split())
    assert f"A PDF of more than {report_paper.ACCOUNTS_A_VOLUME} accounts" in said


@pytest.mark.requirement("IQCS-13")
def test_the_reports_page_says_what_ended_after_it_was_kept_as_its_files_do(people: Agencies) -> None:
    campaign = opened(clock.now() - timedelta(hours=1), due_on=clock.now().date() + timedelta(days=30))
    answers(people.usaf_lead, campaign, people.both, clock.now(), USAF_ACC="keep")
    submits(people.usaf_lead, campaign, people.both, clock.now())
    Access.objects.filter(account=people.both, organization=place("USAF-ACC")).update(closed_at=clock.now())
    lead = browser(people.usaf_lead)
    made = lead.post(at_page("review-reports", campaign), {"organization": str(place("USAF").public_id)})
    page = words(lead.get(made["Location"]))
    told = page.split("USAF-ACC", 1)[1]
    assert re.match(r" Air Combat Command with lower levels : Kept \(ended \w+ \d+, \d{4}\)", told), told[
        :200
    ]
