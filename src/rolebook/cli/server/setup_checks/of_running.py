"""What runs and who is there: programs and their stewards, mail, the worker, passwords, zones, identity providers."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.apps import apps
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.db.models import Max, Q

from rolebook.accounts.models import Account
from rolebook.accounts.openid.discovery import metadata_of
from rolebook.accounts.openid.fetching import ProviderDown
from rolebook.accounts.queries import programs_in_force
from rolebook.accounts.second_factor import second_factor_at
from rolebook.cli.counting import counted
from rolebook.cli.server.setup_checks.finding import Finding, error, ok, warning
from rolebook.cli.server.setup_checks.of_settings import Settings
from rolebook.governance.deciders import stages_nobody_can_decide
from rolebook.governance.models import Grant, Stage
from rolebook.notices.bounce_mailbox import MailboxDown, look_at_mailbox
from rolebook.notices.message import bare_address
from rolebook.notices.queue import queue_now
from rolebook.notices.transport import ServerDown, Transport, mail_server
from rolebook.policy.model import Rolebook

MAIL_SECONDS = 5.0
QUIET = timedelta(minutes=5)
"""A worker notes each of its jobs; the most frequent one is due every minute."""
LONG_WAIT = timedelta(minutes=30)
_LONG_LIST = 10_000


def look_at_programs(at: datetime) -> Iterator[Finding]:
    """Yield whether there are programs, whether each has a steward who may act, and what nobody can decide."""
    books = programs_in_force(at)
    if not books:
        yield error("programs", "no program is in force", "bring one into force: rolebook activate qpp")
    for book in books:
        yield ok("programs", f"{book.program.name} ({book.program.id}) is in force")
        yield _zone(book)
        yield _steward(book, at)
        yield from _stuck(book, at)


def look_at_mail(settings: Settings) -> Iterator[Finding]:
    """Yield whether the mail server answers, and whether its sender is one to answer to."""
    server = mail_server(settings.mail_url)
    where = f"{server.host} port {server.port}"
    try:
        with Transport(server, seconds=MAIL_SECONDS) as transport:
            transport.greet()
    except ServerDown as down:
        advice = "see ROLEBOOK_MAIL in docs/settings.md; mails wait meanwhile, nothing is lost"
        yield error("mail", f"{where} cannot be used: {down}", advice)
    else:
        yield ok("mail", f"{where} answers", "send one: rolebook send-test-mail you@example.org")
    if server.user and server.security == "none":
        yield warning(
            "mail-tls",
            f"the password for {server.host} goes over the network in clear",
            "use smtp+starttls://",
        )
    sender = bare_address(settings.mail_from)
    domain = sender.rpartition("@")[2]
    if domain == "localhost" or not any(letter.isalpha() for letter in domain) or "." not in domain:
        yield warning(
            "sender", f"mail comes from {sender}, which nobody can answer", "set ROLEBOOK_MAIL_FROM"
        )
    else:
        yield ok("sender", f"mail comes from {sender}")


def look_at_reports(settings: Settings, at: datetime) -> Iterator[Finding]:
    """Yield whether reports of rejected mail come in, where a program deactivates for it."""
    mailbox, provider = settings.bounces.mailbox, settings.bounces.provider
    declaring = [book.program.id for book in programs_in_force(at) if book.lifecycle.bounce_deactivates]
    if mailbox is not None:
        try:
            look_at_mailbox(mailbox, seconds=MAIL_SECONDS)
        except MailboxDown as down:
            advice = "see ROLEBOOK_BOUNCE_MAILBOX in docs/settings.md"
            yield error("bounces", f"the mailbox at {mailbox.host} cannot be read: {down}", advice)
        else:
            yield ok("bounces", f"reports of rejected mail are read from {mailbox.host}")
    elif provider:
        yield ok("bounces", f"events of {provider} are taken at {settings.site_url}/mail-events/")
    elif declaring:
        told = ", ".join(declaring)
        advice = "see \"Rejected mail\" in docs/settings.md, unless a mail system pipes them to 'rolebook bounces read'"
        yield warning(
            "bounces", f"{told} deactivates by rejected mail, and no reports come in by a setting", advice
        )


def look_at_worker(at: datetime) -> Iterator[Finding]:
    """Yield whether a worker runs, and what waits."""
    jobs = apps.get_model("jobs", "ScheduledJob").objects  # the worker's own table
    last = jobs.aggregate(last=Max("started_at"))["last"]
    if last is None:
        yield error("worker", "no worker has ever run", "start one: rolebook serve, or rolebook worker")
    elif at - last > QUIET:
        yield error(
            "worker",
            f"no worker has done anything for {_span(at - last)}",
            "start one: rolebook serve, or rolebook worker",
        )
    else:
        yield ok("worker", f"a worker was seen {_span(at - last)} ago")
    for name, failure in jobs.exclude(last_error="").values_list("name", "last_error"):
        yield warning("jobs", f"the job {name} failed: {failure}", "see the log of the worker")
    queue = queue_now()
    waited = at - queue.oldest if queue.oldest else timedelta(0)
    said = f"{counted(queue.waiting, 'mail waits', 'mails wait')}, {counted(queue.failed, 'was', 'were')} given up on"
    if waited > LONG_WAIT or queue.failed:
        oldest = f"; the oldest for {_span(waited)}" if queue.oldest else ""
        yield warning("mail-queue", said + oldest, "see 'rolebook mail-queue'")
    else:
        yield ok("mail-queue", said)


def look_at_sign_in(settings: Settings) -> Iterator[Finding]:
    """Yield whether passwords are compared with the list of what everybody guesses, and providers answer."""
    known = len(CommonPasswordValidator().passwords)
    if known < _LONG_LIST:
        advice = "install Django again: its list of common passwords is incomplete"
        yield error("passwords", f"the list of passwords that everybody guesses has {known} entries", advice)
    else:
        yield ok("passwords", f"new passwords are compared with {known:,} that everybody guesses")
    for provider in settings.identity_providers:
        try:
            endpoint = metadata_of(provider).authorization_endpoint
        except ProviderDown as down:
            advice = "see ROLEBOOK_IDENTITY_PROVIDERS in docs/settings.md, and the provider's own status"
            yield error("identity-provider", f"{provider.name} cannot be used: {down}", advice)
            continue
        back = f"{settings.site_url}/sign-in/with/{provider.id}/back/"
        yield ok(
            "identity-provider",
            f"{provider.name} answers; people sign in at {urlsplit(endpoint).hostname}",
            f"the redirect address to register there is {back}",
        )


def _zone(book: Rolebook) -> Finding:
    zone = book.program.zone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return error("time-zone", f"there are no data for the time zone {zone}", "install the package tzdata")
    return ok("time-zone", f"{book.program.id} has its days in {zone}")


def _steward(book: Rolebook, at: datetime) -> Finding:
    program = book.program.id
    held = Grant.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at),
        program_id=program,
        role_id="steward",
        closed_at=None,
        starts_at__lte=at,
        account__status=Account.Status.ACTIVE,
    )
    people = held.values("account").distinct()
    able = people.filter(second_factor_at("account")).count()
    designate = f"rolebook designate {program} --role steward --user USER-ID"
    if not people.exists():
        return error("steward", f"{program} has no steward: nobody designates first officials", designate)
    if not able:
        return error(
            "steward",
            f"no steward of {program} has set up a second factor: none of them may act",
            "let one sign in and set one up",
        )
    if able == 1:
        return warning(
            "steward", f"{program} has one steward who may act", f"designate a second one: {designate}"
        )
    return ok("steward", f"{program} has {able} stewards who may act")


def _stuck(book: Rolebook, at: datetime) -> Iterator[Finding]:
    """Yield that requests wait which nobody can decide, not even a steward."""
    program = book.program.id
    nobody = stages_nobody_can_decide(book, at)
    stages = Stage.objects.filter(nobody, program_id=program, state=Stage.State.OPEN)
    number = stages.values("request").distinct().count()
    if number:
        waits = counted(number, "request waits", "requests wait")
        yield warning(
            "stuck",
            f"{waits} in {program}, and nobody can decide: nobody in office is there, and no steward may",
            f"designate another steward: rolebook designate {program} --role steward --user USER-ID",
        )


def _span(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    if seconds < 120:
        return f"{seconds} seconds"
    return f"{seconds // 60} minutes" if seconds < 7200 else f"{seconds // 3600} hours"
