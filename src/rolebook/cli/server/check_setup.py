"""`rolebook check-setup`: what is missing, or not safe, before people are let in."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.cli.server.setup_checks.finding import Finding

_SIGNS = {"ok": "ok     ", "warning": "warning", "error": "error  "}


@click.command("check-setup")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check_setup(as_json: bool) -> int:
    """Say what is missing or unsafe for production, and what to do about it.

    \b
    Example:
      rolebook check-setup

    Changes nothing. Leaves with 0 when all is well, 1 with warnings, 2 with an error. Run it with the environment of
    the server, while a worker runs.
    """
    try:
        start_django()
    except click.ClickException as wrong:
        if not as_json:
            raise
        _print_json([{"about": "settings", "level": "error", "said": wrong.message, "advice": ""}])
        return 2
    from rolebook.cli.server.setup_checks.finding import GRAVITY

    findings = []
    for finding in _findings():
        findings.append(finding)
        if not as_json:
            click.echo(f"{_SIGNS[finding.level]}  {finding.said}")
            if finding.advice:
                click.echo(f"         → {finding.advice}")
    if as_json:
        _print_json([asdict(finding) for finding in findings])
    else:
        click.echo(_summary(findings))
    return max(GRAVITY[finding.level] for finding in findings)


def _findings() -> Iterator["Finding"]:
    from django.conf import settings
    from django.db import DatabaseError

    from rolebook.audit import clock
    from rolebook.cli.server.setup_checks import of_database, of_running, of_settings
    from rolebook.cli.server.setup_checks.finding import error

    environment = settings.ROLEBOOK
    yield from of_settings.look_at_settings(
        environment, key_is_named=bool(os.environ.get("ROLEBOOK_SECRET_KEY"))
    )
    usable = True
    for finding in of_database.look_at_database():
        usable = usable and (finding.level != "error" or finding.about not in ("database", "migrations"))
        yield finding
    if usable:
        at = clock.now()
        try:
            yield from of_running.look_at_programs(at)
            yield from of_running.look_at_worker(at)
            yield from of_running.look_at_reports(environment, at)
        except DatabaseError as failure:
            yield error("database", f"it was lost on the way: {failure}", "run this again")
    yield from of_running.look_at_mail(environment)
    yield from of_running.look_at_sign_in(environment)


def _summary(findings: list["Finding"]) -> str:
    errors = sum(finding.level == "error" for finding in findings)
    warnings = sum(finding.level == "warning" for finding in findings)
    if not errors and not warnings:
        return "all is well; backups cannot be seen from here (docs/guides/operating.md)"
    counted = f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
    return f"{counted}; backups cannot be seen from here (docs/guides/operating.md)"


def _print_json(checks: list[dict[str, str]]) -> None:
    gravest = "ok"
    for level in ("warning", "error"):
        if any(check["level"] == level for check in checks):
            gravest = level
    click.echo(json.dumps({"level": gravest, "checks": checks}, indent=2))
