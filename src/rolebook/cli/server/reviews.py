"""`rolebook reviews`: campaigns in which somebody says of what people hold whether it is still needed."""

import json
from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from rolebook.cli.counting import counted
from rolebook.cli.server.json_list import print_list
from rolebook.cli.server.review_report import report
from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.governance.models import ReviewCampaign
    from rolebook.governance.queries.review_campaigns import Numbers
    from rolebook.governance.refusals import Refused

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_HOLDINGS = ("role or access", "roles and access")
_ABOUT_ACCOUNTS = ("question about an account", "questions about accounts")


@click.group()
def reviews() -> None:
    """Open, list, show and close the reviews of what people hold."""


reviews.add_command(report)


@reviews.command("open")
@click.argument("program")
@click.argument("review")
@click.option(
    "--due",
    metavar="DAY",
    help="Another last day to answer (2026-12-31) than the declared one, or as many days from now as declared.",
)
@click.option("--dry-run", is_flag=True, help="Only say how much it would ask about.")
@_AS_JSON
def open_command(program: str, review: str, due: str | None, dry_run: bool, as_json: bool) -> None:
    """Open a campaign of REVIEW, which the rolebook of PROGRAM declares, now.

    \b
    Examples:
      rolebook reviews open iqcs annual_user_audit --dry-run
      rolebook reviews open qpp yearly_review --due 2026-12-31 --json
    """
    start_django()
    from rolebook.accounts.queries import NoRolebook, rolebook_in_force
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.governance.flows.open_review import open_review
    from rolebook.governance.queries.review_campaigns import find_review, preview
    from rolebook.governance.refusals import NotFound, Refused

    at = agreed_now()
    due_on = _day(due)
    try:
        _, book = rolebook_in_force(program, at)
        declared = find_review(book, review)
        if dry_run:
            found = preview(book, declared, at, due_on)
            told = {"accounts": found.accounts, "items": found.items, "due_on": found.due_on.isoformat()}
            click.echo(
                json.dumps(told)
                if as_json
                else f"{declared.title} would ask about {counted(found.items, *_HOLDINGS)} of "
                f"{counted(found.accounts, 'account')}, due {found.due_on}."
            )
            return
        campaign = open_review(
            acting_user=None,
            program_id=program,
            review_id=review,
            at=at,
            origin=Origin("command"),
            due_on=due_on,
        )
    except NotFound:
        raise click.UsageError(f"found no review {review!r}, see 'rolebook reviews list {program}'") from None
    except NoRolebook as error:
        raise click.UsageError(str(error)) from None
    except Refused as refusal:
        raise click.UsageError(_said(refusal)) from None
    _print_one(campaign, as_json, "Opened")


@reviews.command("list")
@click.argument("program")
@_AS_JSON
def list_command(program: str, as_json: bool) -> None:
    """List the campaigns of PROGRAM, newest first, after the reviews that its rolebook declares.

    \b
    Examples:
      rolebook reviews list iqcs
      rolebook reviews list iqcs --json
    """
    start_django()
    from rolebook.accounts.queries import NoRolebook, rolebook_in_force
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.governance.queries.review_campaigns import campaigns_of, reviews_declared

    at = agreed_now()
    try:
        _, book = rolebook_in_force(program, at)
    except NoRolebook as error:
        raise click.UsageError(str(error)) from None
    rows = campaigns_of(program)
    if as_json:
        print_list(_told(row) for row in rows)
        return
    for one in reviews_declared(book, at):
        when = "on demand only" if one.next_on is None else f"opens next on {one.next_on}"
        click.echo(f"{one.review.id}  {one.review.title}: {when}")
    for row in rows:
        state = f"closed {_minute(row.closed_at)}" if row.closed_at else f"open, due {_due(row)}"
        click.echo(f"{row.public_id}  {row.title}  {counted(row.accounts, 'account')}  {state}")


@reviews.command("show")
@click.argument("program")
@click.argument("campaign")
@_AS_JSON
def show_command(program: str, campaign: str, as_json: bool) -> None:
    """Say how far the campaign with the id CAMPAIGN is, and which organizations have most left to answer.

    \b
    Examples:
      rolebook reviews show iqcs 019e2f9e-6c1f-7000-8000-5d0d0c4b7a11
    """
    start_django()
    from rolebook.governance.queries.review_campaigns import MOST_PLACES, find_campaign, numbers_of, places_of
    from rolebook.governance.refusals import NotFound

    try:
        found = find_campaign(program, campaign)
    except NotFound:
        raise click.UsageError(_unknown(program, campaign)) from None
    places = places_of(found)
    if as_json:
        listed = [{"organization": one.code or None, **_counted(one.numbers)} for one in places]
        click.echo(json.dumps({**_told(found), **_counted(numbers_of(found)), "organizations": listed}))
        return
    numbers = numbers_of(found)
    _print_one(found, False, "Closed" if found.closed_at else "Open")
    click.echo(
        f"{numbers.settled:,} of {counted(numbers.holdings, *_HOLDINGS)} settled ({numbers.percent} %), "
        f"{numbers.removed:,} removed by an answer{_besides(numbers)}"
    )
    left = "not answered" if found.closed_at else "left"
    for one in places[:MOST_PLACES]:
        name = f"{one.name} ({one.code})" if one.code else "No organization: the steward answers"
        click.echo(
            f"  {one.numbers.open:>9,} {left} of {one.numbers.holdings:>9,}  {name}{_besides(one.numbers)}"
        )
    if len(places) > MOST_PLACES:
        click.echo(f"  These are the first {MOST_PLACES:,} of {len(places):,} organizations; --json has all.")


@reviews.command("close")
@click.argument("program")
@click.argument("campaign")
@click.option("--yes", is_flag=True, help="Close it without asking.")
@_AS_JSON
def close_command(program: str, campaign: str, yes: bool, as_json: bool) -> None:
    """Close the campaign with the id CAMPAIGN now; what nobody answered counts as not answered.

    \b
    Examples:
      rolebook reviews close iqcs 019e2f9e-6c1f-7000-8000-5d0d0c4b7a11
    """
    start_django()
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.governance.flows.close_review import close_review, removes_unanswered
    from rolebook.governance.queries.review_campaigns import find_campaign, numbers_of
    from rolebook.governance.refusals import NotFound, Refused

    at = agreed_now()
    try:
        found = find_campaign(program, campaign)
        numbers = numbers_of(found)
        silence = "removed" if removes_unanswered(found, at) else "kept and reported"
        if not yes:
            click.confirm(
                f"Close {found.title}? {counted(numbers.open, *_HOLDINGS)} not answered will be {silence}"
                f"{_besides(numbers)}.",
                abort=True,
                err=True,
            )
        closed = close_review(
            acting_user=None, program_id=program, campaign_id=campaign, at=at, origin=Origin("command")
        )
    except NotFound:
        raise click.UsageError(_unknown(program, campaign)) from None
    except Refused as refusal:
        raise click.UsageError(_said(refusal)) from None
    _print_one(closed, as_json, "Closed")


def _print_one(campaign: "ReviewCampaign", as_json: bool, word: str) -> None:
    if as_json:
        click.echo(json.dumps(_told(campaign)))
        return
    click.echo(
        f"{word}: {campaign.title} ({campaign.public_id}): {counted(campaign.items, *_HOLDINGS)} of "
        f"{counted(campaign.accounts, 'account')} at the opening, due {_due(campaign)}"
    )


def _told(campaign: "ReviewCampaign") -> dict[str, object]:
    closed_at = campaign.closed_at
    return {
        "campaign_id": str(campaign.public_id),
        "review": campaign.review_id,
        "title": campaign.title,
        "opened_at": campaign.opened_at.isoformat(),
        "due_at": campaign.due_at.isoformat(),
        "closes_at": campaign.closes_at.isoformat(),
        "closed_at": None if closed_at is None else closed_at.isoformat(),
        "accounts": campaign.accounts,
        "items": campaign.items,
    }


def _counted(numbers: "Numbers") -> dict[str, int]:
    return {
        "asked": numbers.holdings,
        "settled": numbers.settled,
        "removed": numbers.removed,
        "accounts_left": numbers.accounts_open,
    }


def _besides(numbers: "Numbers") -> str:
    return (
        f"; {counted(numbers.accounts_open, *_ABOUT_ACCOUNTS)} left besides" if numbers.accounts_open else ""
    )


def _minute(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def _due(campaign: "ReviewCampaign") -> str:
    """Return the last day to answer, by the program's clock."""
    from rolebook.governance.queries.held_days import last_day
    from rolebook.governance.review_rows import review_of

    book, _ = review_of(campaign)
    day = last_day(book.program.zone, campaign.due_at)
    return _minute(campaign.due_at) if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"--due: found {text!r}, expected a day like 2026-12-31") from None


def _unknown(program: str, campaign: str) -> str:
    return f"found no campaign {campaign!r}, see 'rolebook reviews list {program}'"


def _said(refusal: "Refused") -> str:
    from rolebook.policy.words import sentence

    return " ".join(sentence(violation.code, **violation.params) for violation in refusal.violations)
