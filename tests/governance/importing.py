"""Files to import in tests, and what an import says of them."""

from functools import cache

import pytest
from click.testing import CliRunner, Result

from rolebook.accounts.models import Account, Organization
from rolebook.cli.main import rolebook
from rolebook.governance.flows import (
    AccountsImported,
    GrantsImported,
    import_accounts,
    import_grants,
)
from rolebook.policy.errors import RolebookErrors
from rolebook.policy.model import Rolebook
from rolebook.policy.reading import read_rolebook
from rolebook.policy.shipped import resolve
from tests.support.people import COMMAND, START

HEADER = "user_id,role,organization,approved_on,approved_by,source"


def accounts_from(text: str, *, program_id: str = "qpp", dry_run: bool = False) -> AccountsImported:
    return import_accounts(
        program_id=program_id,
        data=text.encode(),
        file="people.csv",
        at=START,
        origin=COMMAND,
        dry_run=dry_run,
    )


def grants_from(
    *rows: str, header: str = HEADER, program_id: str = "qpp", dry_run: bool = False
) -> GrantsImported:
    return import_grants(
        program_id=program_id,
        data="\n".join([header, *rows]).encode(),
        file="roles.csv",
        reason="Migration from the old portal",
        at=START,
        origin=COMMAND,
        dry_run=dry_run,
    )


def places(errors: pytest.ExceptionInfo[RolebookErrors]) -> list[str]:
    return [f"{one.line}:{one.column} {one.message.split(':')[0]}" for one in errors.value.errors]


def row_of(account: Account, organization: Organization, role: str = "Staff User", more: str = "") -> str:
    return f"{account.user_id},{role},{organization.code},2021-05-04,Rita Ray,HARP 7{more}"


def run(*arguments: str) -> Result:
    """Run the command; its exit code as the shell would see it."""
    result = CliRunner().invoke(rolebook, arguments, standalone_mode=False)
    if result.exception is not None and not hasattr(result.exception, "format_message"):
        raise result.exception
    return result


@cache
def qpp_book() -> Rolebook:
    """QPP's rolebook, read once."""
    return read_rolebook(resolve("qpp"))
