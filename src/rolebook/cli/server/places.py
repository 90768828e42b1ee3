"""`rolebook organizations`: the tree of a program's organizations, found, moved, closed and opened again."""

import json
from typing import TYPE_CHECKING

import click

from rolebook.cli.counting import counted
from rolebook.cli.server.confirming import effect_of, wait_option
from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.accounts.models import Organization
    from rolebook.governance.flows.move_organization import TreeChanged

_as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_reason = click.option("--reason", default="", help="Kept on record.")


@click.group()
def organizations() -> None:
    """Find, move, close and reopen a program's organizations."""


@organizations.command(name="list")
@click.argument("program")
@click.option(
    "--search", metavar="TEXT", default="", help="Words of a name, code or number, also former ones."
)
@click.option("--state", type=click.Choice(["open", "closed", "all"]), default="open", show_default=True)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@_as_json
def list_organizations(program: str, search: str, state: str, limit: int, as_json: bool) -> None:
    """List a program's organizations by name.

    \b
    Examples:
      rolebook organizations list qpp --search cedar
      rolebook organizations list qpp --state closed --json
    """
    start_django()
    from rolebook.accounts.models import Organization
    from rolebook.governance.queries.organization_search import matching

    chosen = Organization.objects.filter(matching(search), program_id=program).select_related("parent")
    if state != "all":
        chosen = chosen.filter(closed_at__isnull=state == "open")
    found = list(chosen.order_by("name", "pk")[:limit])
    if as_json:
        click.echo(json.dumps([_told(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        closed = "  closed" if one.closed_at is not None else ""
        above = f"  (belongs to {one.parent.code})" if one.parent is not None else ""
        click.echo(f"{one.code:<24} {one.name}{above}{closed}")
    click.echo(counted(len(found), "organization") + (f" (the first {limit})" if len(found) == limit else ""))


@organizations.command()
@click.argument("program")
@click.argument("code")
@click.option("--to", "parent_code", required=True, help="Code of the organization that it shall belong to.")
@click.option("--dry-run", is_flag=True, help="Say who gains and who loses reach, and move nothing.")
@_reason
@wait_option
@_as_json
def move(
    program: str, code: str, parent_code: str, dry_run: bool, reason: str, wait: bool, as_json: bool
) -> None:
    """Move an organization, with everything below it, to another place.

    \b
    Examples:
      rolebook organizations move iqies 36-7001 --to KY --dry-run
      rolebook organizations move iqies 36-7001 --to KY --reason "Sold" --wait
    """
    start_django()
    organization, parent = _find(program, code), _find(program, parent_code)
    if dry_run:
        _preview(program, organization, parent, as_json)
        return
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.governance.flows.move_organization import move_organization
    from rolebook.governance.refusals import Refused

    try:
        done = move_organization(
            acting_user=None,
            program_id=program,
            organization_id=organization.public_id,
            parent_id=parent.public_id,
            reason=reason,
            at=agreed_now(),
            origin=Origin("command"),
        )
    except Refused as refusal:
        raise click.ClickException(f"not moved: {_said(refusal)}") from None
    _tell(done, f"{organization.name} belongs to {parent.name} now", wait, as_json)


@organizations.command()
@click.argument("program")
@click.argument("code")
@_reason
@wait_option
@_as_json
def close(program: str, code: str, reason: str, wait: bool, as_json: bool) -> None:
    """Close an organization: nobody asks there, and what is held there answers no.

    \b
    Example:
      rolebook organizations close qpp 12-3456789 --reason "Merged" --wait
    """
    _stand(program, code, reason, wait, as_json, closing=True)


@organizations.command()
@click.argument("program")
@click.argument("code")
@_reason
@wait_option
@_as_json
def reopen(program: str, code: str, reason: str, wait: bool, as_json: bool) -> None:
    """Open a closed organization again, with what is held there.

    \b
    Example:
      rolebook organizations reopen qpp 12-3456789 --reason "Closed by mistake"
    """
    _stand(program, code, reason, wait, as_json, closing=False)


def _stand(program: str, code: str, reason: str, wait: bool, as_json: bool, *, closing: bool) -> None:
    start_django()
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.governance.flows.close_organization import close_organization, reopen_organization
    from rolebook.governance.refusals import Refused

    organization = _find(program, code)
    carry_out = close_organization if closing else reopen_organization
    try:
        done = carry_out(
            acting_user=None,
            program_id=program,
            organization_id=organization.public_id,
            reason=reason,
            at=agreed_now(),
            origin=Origin("command"),
        )
    except Refused as refusal:
        raise click.ClickException(f"not {'closed' if closing else 'opened'}: {_said(refusal)}") from None
    _tell(done, f"{organization.name} is {'closed' if closing else 'open again'}", wait, as_json)


def _tell(done: "TreeChanged", said: str, wait: bool, as_json: bool) -> None:
    effect = effect_of(done.sequence, wait)
    if as_json:
        told = {"sequence": done.sequence, "organizations": done.organizations, "returned": done.returned}
        click.echo(json.dumps(told | effect.document))
        return
    back = f"; {counted(done.returned, 'request')} went back" if done.returned else ""
    click.echo(f"{said} (event {done.sequence}, {effect.words}){back}")


def _preview(program: str, organization: "Organization", parent: "Organization", as_json: bool) -> None:
    from rolebook.accounts.queries import rolebook_in_force
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.governance.queries.tree_preview import move_preview
    from rolebook.governance.refusals import Refused
    from rolebook.governance.tree_places import move_violations

    at = agreed_now()
    _, book = rolebook_in_force(program, at)
    violations = move_violations(book, organization, parent)
    if violations:
        raise click.ClickException(f"cannot be moved: {_said(Refused(violations))}")
    preview = move_preview(book, organization, parent, at)
    sides = {"loses": preview.loses, "gains": preview.gains}
    if as_json:
        told = {
            side: [
                {"role": one.role_title, "organization": one.organization_name, "people": one.people}
                for one in found
            ]
            for side, found in sides.items()
        }
        click.echo(json.dumps({**told, "below": preview.below, "waiting": preview.waiting}))
        return
    for said, found in (("would no longer reach it", preview.loses), ("would reach it", preview.gains)):
        for one in found:
            named = ", ".join(one.names) + (f" and {one.others} more" if one.others else "")
            what = one.role_title or "access"
            click.echo(f"  {one.people} with {what} at {one.organization_name} {said}: {named}")
    click.echo(
        f"{counted(preview.below, 'organization')} below it would move along; "
        f"{counted(preview.waiting, 'request waits', 'requests wait')} there"
    )
    click.echo("this was a dry run: nothing was changed")


def _find(program: str, code: str) -> "Organization":
    from rolebook.accounts.models import Organization

    found = Organization.objects.filter(program_id=program, code=code).select_related("parent").first()
    if found is None:
        raise click.ClickException(f"found {code!r}, expected the code of an organization of {program}")
    return found


def _told(one: "Organization") -> dict[str, object]:
    return {
        "code": one.code,
        "name": one.name,
        "kind": one.kind_id,
        "parent": None if one.parent is None else one.parent.code,
        "closed_at": None if one.closed_at is None else one.closed_at.isoformat(),
    }


def _said(refusal: Exception) -> str:
    from rolebook.governance.refusals import Refused
    from rolebook.policy.words import sentence

    violations = refusal.violations if isinstance(refusal, Refused) else ()
    return " ".join(sentence(one.code, **one.params) for one in violations)
