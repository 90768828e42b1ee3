"""What a world of tests/web/worlds.py gets only when an address names it: a review, its report, a file, an absence."""

from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import clock
from rolebook.governance.flows.open_review import open_review
from rolebook.governance.flows.record_absence import record_absence
from rolebook.governance.importing import day_of
from rolebook.governance.making import ask_for_file, make_files
from rolebook.governance.making_reports import ask_for_report, make_report
from rolebook.governance.making_then import KIND
from rolebook.governance.models import Absence, MadeFile, ReviewCampaign, ReviewReport
from rolebook.governance.queries.then_asked import Question
from tests.support import people
from tests.web.worlds import QPP, World


def a_review() -> ReviewCampaign:
    """The yearly review, open: about Maria, Owen and Stella at Cedar Valley, and about Henry at Hilltop."""
    running = ReviewCampaign.objects.filter(closed_at=None).first()
    return running or open_review(
        acting_user=None, program_id=QPP, review_id="yearly_review", at=clock.now(), origin=people.COMMAND
    )


def a_report(world: World) -> ReviewReport:
    """The review's report for Cedar Valley, made."""
    at = clock.now()
    report = ask_for_report(acting_user=None, campaign=a_review(), organization=world.cedar, at=at)
    make_report(report.pk, at)
    return report


def a_file(world: World) -> MadeFile:
    """Who was connected to Cedar Valley on the first day: a file that Maria asked for, and that was made."""
    at = clock.now()
    _, book = rolebook_in_force(QPP, at)
    known = MadeFile.objects.filter(asked_by=world.maria.account).first()
    if known is not None:
        return known
    made = ask_for_file(
        acting_user=world.maria.account,
        program_id=QPP,
        kind=KIND,
        asked=Question("users", day_of(world.start, book), organization_id=world.cedar.public_id).to_json(),
        ending="xlsx",
        name="users.xlsx",
        at=at,
    )
    make_files(at)
    return made


def an_absence(world: World) -> Absence:
    """Maria is out of office today, and Owen decides for her meanwhile."""
    at = clock.now()
    _, book = rolebook_in_force(QPP, at)
    today = day_of(at, book)
    known = Absence.objects.filter(account=world.maria.account).first()
    return known or record_absence(
        acting_user=world.maria.account,
        program_id=QPP,
        first_on=today,
        last_on=today,
        delegates={"security_official": world.owen.account.public_id},
        at=at,
        origin=people.WEB,
    )
