"""What a list is narrowed to must be there: a list of nothing is no answer to a word that was mistyped."""

import click


def require_named(program: str, *, code: str | None = None, user_id: str | None = None) -> None:
    """End the command when there is no such program, or no such organization or user in it."""
    from rolebook.accounts.models import Account, Organization, Program

    if not Program.objects.filter(pk=program).exists():
        raise click.UsageError(f"found no program {program!r}")
    if code is not None and not Organization.objects.filter(program_id=program, code=code).exists():
        raise click.UsageError(f"--organization: found {code!r}, expected the code of one of {program}")
    if user_id is not None and not Account.objects.filter(user_id=user_id).exists():
        raise click.UsageError(f"--user: found {user_id!r}, expected a user ID")


def require_state(state: str | None) -> None:
    """End the command when requests have no such state."""
    from rolebook.governance.models import Request

    if state is not None and state not in Request.State.values:
        raise click.UsageError(
            f"--state: found {state!r}, expected one of: {', '.join(Request.State.values)}"
        )
