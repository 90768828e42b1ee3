"""`rolebook users`: what the operator does with accounts."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from rolebook.cli.counting import counted
from rolebook.cli.server.confirming import effect_of, wait_option
from rolebook.cli.server.identities import unlink_identities
from rolebook.cli.server.json_list import print_document
from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.accounts.models import Account

_REASON = click.option("--reason", required=True, help="Why; kept in the audit log, and told to the person.")
_PROGRAM = click.option("--program", metavar="PROGRAM", help="Only their part in this program, by its id.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group()
def users() -> None:
    """List accounts, deactivate, close, reopen and merge them, and free people of a lost second factor."""


users.add_command(unlink_identities)


@users.command(name="list")
@click.option("--search", metavar="TEXT", default="", help="Part of a user ID, name or e-mail address.")
@click.option("--limit", metavar="NUMBER", default=50, show_default=True, type=click.IntRange(1, 10_000))
@_JSON
def list_users(search: str, limit: int, as_json: bool) -> int:
    """List accounts by user ID.

    \b
    Example:
      rolebook users list --search cedar
    """
    start_django()
    from rolebook.accounts.queries.accounts import find_accounts

    found = find_accounts(search, limit=limit)
    if as_json:
        click.echo(json.dumps([_told(account) for account in found], ensure_ascii=False))
        return 0
    for account in found:
        click.echo(f"{account.user_id:<24} {account.status:<12} {account.name} <{account.email}>")
    click.echo(counted(len(found), "account") + (f" (the first {limit})" if len(found) == limit else ""))
    return 0


@users.command()
@click.argument("user_id")
@_JSON
def show(user_id: str, as_json: bool) -> int:
    """Show one account: its status, its part in each program, and what it holds.

    \b
    Example:
      rolebook users show nora.new
    """
    account = _account(user_id)
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.governance.queries.listing import list_grants, list_participations

    at = agreed_now()
    parts = list_participations(account)
    held = {
        part.program_id: list(list_grants(part.program_id, at, user_id=account.user_id)) for part in parts
    }
    if as_json:
        told = {
            **_told(account),
            "status_reason": account.status_reason,
            "merged_into": None if account.merged_into is None else account.merged_into.user_id,
            "programs": [
                {
                    "program": part.program_id,
                    "status": part.status,
                    "reason": part.status_reason,
                    "fsid": part.fsid,
                    "last_signed_in_at": part.last_signed_in_at,
                    "holds": [[one.role_id, one.organization] for one in held[part.program_id]],
                }
                for part in parts
            ],
        }
        print_document(told)
        return 0
    reason = f" ({account.status_reason})" if account.status_reason else ""
    click.echo(f"{account.user_id}: {account.name} <{account.email}>, {account.status}{reason}")
    if account.merged_into is not None:
        click.echo(f"  merged into {account.merged_into.user_id}")
    for part in parts:
        told_reason = f" ({part.status_reason})" if part.status_reason else ""
        fsid = f", FSID {part.fsid}" if part.fsid else ""
        click.echo(f"  {part.program_id}: {part.status}{told_reason}{fsid}")
        for one in held[part.program_id]:
            click.echo(f"    {one.role_id} at {one.organization or 'no organization'}")
    return 0


@users.command()
@click.argument("user_id")
@_REASON
@_PROGRAM
@wait_option
@_JSON
def deactivate(user_id: str, reason: str, program: str | None, wait: bool, as_json: bool) -> int:
    """Deactivate an account, or its part in one program, for the time being; what it holds is kept.

    \b
    Examples:
      rolebook users deactivate nora.new --reason "on leave"
      rolebook users deactivate nora.new --program qpp --reason "on leave"

    From the next request on the person can do nothing there. Their own pending requests are withdrawn.
    """
    return _change(user_id, "deactivated", reason, program, wait=wait, as_json=as_json)


@users.command()
@click.argument("user_id")
@_REASON
@_PROGRAM
@wait_option
@_JSON
def close(user_id: str, reason: str, program: str | None, wait: bool, as_json: bool) -> int:
    """Close an account, or its part in one program; roles end where the program has them asked for again.

    \b
    Examples:
      rolebook users close nora.new --reason "left the practice"
      rolebook users close nora.new --program qpp --reason "left the practice"
    """
    return _change(user_id, "closed", reason, program, wait=wait, as_json=as_json)


@users.command()
@click.argument("user_id")
@_REASON
@_PROGRAM
@wait_option
@_JSON
def reopen(user_id: str, reason: str, program: str | None, wait: bool, as_json: bool) -> int:
    """Let a deactivated or closed account, or its part in one program, be active again.

    \b
    Example:
      rolebook users reopen nora.new --reason "came back"
    """
    return _change(user_id, "active", reason, program, wait=wait, as_json=as_json)


@users.command()
@click.argument("kept")
@click.argument("closed")
@_REASON
@click.option("--dry-run", is_flag=True, help="Only say what it would do.")
@wait_option
@_JSON
def merge(kept: str, closed: str, reason: str, dry_run: bool, wait: bool, as_json: bool) -> int:
    """Merge the account CLOSED into the account KEPT of the same person; this cannot be undone.

    \b
    Examples:
      rolebook users merge ana.lopez ana.lopez2 --reason "both are hers: called her" --dry-run
      rolebook users merge ana.lopez ana.lopez2 --reason "both are hers: called her"
    """
    remaining, ending = _account(kept), _account(closed)
    from rolebook.accounts.queries import programs_in_force
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.governance.flows.merge_accounts import merge_accounts
    from rolebook.governance.merging import plan_merge
    from rolebook.governance.queries.duplicates import merge_sentences
    from rolebook.policy.words import sentence

    at = agreed_now()
    plan = plan_merge(remaining, ending, at)
    books = {book.program.id: book for book in programs_in_force(at)}
    sentences = merge_sentences(plan, books[plan.programs[0]]) if plan.programs else ()
    forbidden = [sentence(violation.code, **violation.params) for violation in plan.violations]
    if forbidden:
        raise click.ClickException("not merged: " + " ".join(forbidden))
    if dry_run:
        click.echo(json.dumps({"would": list(sentences)}) if as_json else "\n".join(sentences))
        return 0
    done = _refusable(
        lambda: merge_accounts(
            acting_user=None,
            program_id=None,
            kept_id=remaining.public_id,
            closed_id=ending.public_id,
            shown=plan.digest,
            reason=reason,
            at=at,
            origin=Origin(via="command"),
        )
    )
    effect = effect_of(done.sequence, wait)
    if as_json:
        told = {"kept": kept, "closed": closed, "moved": done.moved, "ended": done.ended}
        told |= {"withdrawn": done.withdrawn, "sequence": done.sequence}
        click.echo(json.dumps(told | effect.document))
        return 0
    click.echo(
        f"{ending.user_id} was merged into {remaining.user_id} (event {done.sequence}, {effect.words})"
    )
    click.echo(
        f"{counted(done.moved, 'role')} moved, {done.ended} ended, "
        f"{counted(done.withdrawn, 'request')} withdrawn"
    )
    return 0


@users.command(name="reset-second-factor")
@click.argument("user_id")
@_JSON
def reset_second_factor(user_id: str, as_json: bool) -> int:
    """Remove a lost second factor; its person sets up a new one, with a code mailed to the stored address.

    \b
    Example:
      rolebook users reset-second-factor nora.new

    For those for whom nobody in office may vouch. Make sure first that it is the person who asks. All their sessions
    end, and they are told by mail.
    """
    account = _account(user_id)
    from rolebook.accounts.flows import status
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.notices.outbox import account_mails

    at = agreed_now()
    changed = status.reset_second_factor(
        account=account, at=at, origin=Origin(via="command"), send=account_mails(at)
    )
    if as_json:
        click.echo(json.dumps({"user_id": account.user_id, "changed": changed}))
        return 0
    said = "was removed; the person sets up a new one at the next sign-in" if changed else "was not set up"
    click.echo(f"the second factor of {account.user_id} {said}")
    return 0


def _change(user_id: str, status: str, reason: str, program: str | None, *, wait: bool, as_json: bool) -> int:
    account = _account(user_id)
    from rolebook.accounts.queries import NoRolebook
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.governance.flows import change_account_status, change_participation_status
    from rolebook.governance.refusals import NotFound

    at, origin = agreed_now(), Origin(via="command")
    try:
        done = _refusable(
            lambda: (
                change_account_status(account=account, status=status, reason=reason, at=at, origin=origin)
                if program is None
                else change_participation_status(
                    acting_user=None,
                    program_id=program,
                    beneficiary_id=account.public_id,
                    status=status,
                    reason=reason,
                    at=at,
                    origin=origin,
                )
            )
        )
    except (NotFound, NoRolebook):
        raise click.ClickException(
            f"--program: found {program!r}, expected a program in which {account.user_id} takes part"
        ) from None
    effect = effect_of(done.sequence, wait)
    if as_json:
        told = {"user_id": account.user_id, "status": status, "already": done.already}
        numbers = {"withdrawn": done.withdrawn, "ended": done.ended, "escalated": done.escalated}
        told |= {"program": program, **numbers, "sequence": done.sequence}
        click.echo(json.dumps(told | effect.document))
        return 0
    where = "" if program is None else f" in {program}"
    how = " already" if done.already else f" (event {done.sequence}, {effect.words})"
    click.echo(f"{account.user_id} is {status}{where}{how}")
    if done.withdrawn or done.ended or done.escalated:
        click.echo(
            f"{counted(done.withdrawn, 'request')} withdrawn, {counted(done.ended, 'role')} ended, "
            f"{counted(done.escalated, 'request of others waits', 'requests of others wait')} for the steward now"
        )
    return 0


def _refusable[Result](act: Callable[[], Result]) -> Result:
    """Run an act, and say what forbids it in one line."""
    from rolebook.governance.refusals import Refused
    from rolebook.policy.words import sentence

    try:
        return act()
    except Refused as refusal:
        said = " ".join(sentence(violation.code, **violation.params) for violation in refusal.violations)
        raise click.ClickException(said) from None


def _account(user_id: str) -> "Account":
    start_django()
    from rolebook.accounts.models import Account
    from rolebook.accounts.texts import fold_user_id

    account = Account.objects.select_related("merged_into").filter(user_id=fold_user_id(user_id)).first()
    if account is None:
        raise click.ClickException(
            f"no account: found {user_id!r}, expected a user ID; see 'rolebook users list'"
        )
    return account


def _told(account: "Account") -> dict[str, Any]:
    return {
        "id": str(account.public_id),
        "user_id": account.user_id,
        "name": account.name,
        "email": account.email,
        "status": account.status,
    }
