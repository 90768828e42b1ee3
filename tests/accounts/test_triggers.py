"""What the database itself refuses on both kinds: rewriting an activated rolebook, or an agreement."""

import pytest
from django.db import DatabaseError, connection, transaction

from rolebook.accounts.models import RolebookVersion, StatementAgreement
from rolebook.accounts.queries import rolebook_in_force, statement_hash
from rolebook.audit.triggers import check_installed
from tests.support.people import START, Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("qpp"), pytest.mark.invariant("I11")]

STATEMENTS = (
    "UPDATE accounts_rolebookversion SET content_hash = 'x'",
    "UPDATE accounts_rolebookversion SET content = '{}'",
    "UPDATE accounts_rolebookversion SET effective_at = CURRENT_TIMESTAMP",
    "DELETE FROM accounts_rolebookversion",
    "UPDATE accounts_statementagreement SET wording_hash = 'x'",
    "DELETE FROM accounts_statementagreement",
)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_an_activated_rolebook_and_an_agreement_are_never_rewritten(
    user_with_totp: Person, statement: str
) -> None:
    version, book = rolebook_in_force("qpp", START)
    StatementAgreement.objects.create(
        account=user_with_totp.account,
        program_id="qpp",
        rolebook_version=version,
        wording_hash=statement_hash(book.program.statement or ""),
        agreed_at=START,
    )
    assert check_installed() == []
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="INSERT OR REPLACE is SQLite's")
def test_a_version_is_not_replaced_under_its_number() -> None:
    columns = "program_id, number, content, content_hash, effective_at, activated_at, activated_by"
    assert RolebookVersion.objects.count() == 1
    with pytest.raises(DatabaseError, match="replaced"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT OR REPLACE INTO accounts_rolebookversion ({columns}) "
            "SELECT program_id, number, '{}', 'x', effective_at, activated_at, 'x' FROM accounts_rolebookversion"
        )
