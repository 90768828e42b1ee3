"""`rolebook inactivity`: who is due to be closed for want of a sign-in; a run at once; and letting it go on."""

import json

import click

from rolebook.cli.server.start import start_django


@click.group()
def inactivity() -> None:
    """Say who is due to be closed for want of a sign-in, and let closings go on after they stopped."""


@inactivity.command()
@click.argument("program")
@click.option(
    "--limit", type=click.IntRange(1, 200), default=25, show_default=True, help="At most so many people."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(program: str, limit: int, as_json: bool) -> None:
    """Say who of PROGRAM is due next, and whether closings stopped.

    \b
    Examples:
      rolebook inactivity show iqcs
      rolebook inactivity show iqcs --limit 200 --json
    """
    start_django()
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.governance.queries.inactivity import as_content, operators_overview
    from rolebook.governance.refusals import NotFound

    try:
        overview = operators_overview(program, agreed_now(), limit)
    except NotFound:
        raise click.ClickException(f"found no inactivity_months in the rolebook of '{program}'") from None
    if as_json:
        click.echo(json.dumps(as_content(overview), indent=2))
        return
    watch = overview.watch
    if watch is not None and watch.stopped_at is not None:
        said = "; a steward has let it go on" if watch.confirmed_at is not None else ""
        click.echo(f"stopped ({watch.why}): {watch.due} of {watch.active} due at once{said}")
    click.echo(f"{overview.past} past their end, not closed yet")
    for row in overview.due.rows:
        last = "never" if row.last_signed_in_at is None else f"{row.last_signed_in_at:%Y-%m-%d %H:%M} UTC"
        warned = "" if row.warned_at is None else f", warned {row.warned_at:%Y-%m-%d}"
        click.echo(f"{row.quiet_ends_at:%Y-%m-%d %H:%M:%S} UTC  {row.user_id}  last sign-in {last}{warned}")


@inactivity.command()
@click.argument("program")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def run(program: str, as_json: bool) -> None:
    """Warn and close who is due in PROGRAM now, as the job does every hour; 1 when it stopped to ask.

    \b
    Examples:
      rolebook inactivity run iqcs
      rolebook inactivity run iqcs --json
    """
    start_django()
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.governance.flows.watch_quiet import watch_quiet

    done = watch_quiet(program, at=agreed_now(), origin=Origin("command"))
    if as_json:
        click.echo(json.dumps(done.as_content(), indent=2))
    else:
        click.echo(
            f"warned {done.warned}, closed {done.closed} (roles and access ended: {done.ended}), "
            f"put off {done.put_off}"
        )
    if done.stopped:
        click.echo(f"stopped: {done.stopped}; see rolebook inactivity show {program}", err=True)
        raise SystemExit(1)


@inactivity.command("go-on")
@click.argument("program")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def go_on(program: str, yes: bool, as_json: bool) -> None:
    """Let closings in PROGRAM go on after they stopped: the clock is right, and who was due may be closed.

    \b
    Examples:
      rolebook inactivity go-on iqcs
      rolebook inactivity go-on iqcs --yes --json
    """
    start_django()
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.governance.flows.watch_quiet import confirm_closings
    from rolebook.governance.refusals import Refused
    from rolebook.policy.words import sentence

    if not yes:
        click.confirm(f"Let closings in {program} go on, however many people are due?", abort=True)
    try:
        watch = confirm_closings(
            acting_user=None, program_id=program, at=agreed_now(), origin=Origin("command")
        )
    except Refused as refusal:
        said = " ".join(sentence(violation.code, **violation.params) for violation in refusal.violations)
        raise click.ClickException(f"nothing was done: {said}") from None
    if as_json:
        told = {"program_id": program, "due": watch.due, "active": watch.active, "why": watch.why}
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(f"closings go on: {watch.due} of {watch.active} were due; the next run closes them")
