"""The world of the size benchmark: a made-up iQIES in PostgreSQL, three grants an account, an organization for ten.

Homes, hospices and agencies lie under the 56 states, states under MAC jurisdictions. Of a hundred accounts one works
for CMS and holds roles that reach everywhere, five work for a state with its lower levels, the others for providers.
Rows are made by SQL, as an earlier system's data would come; `python -m bench.size_world ACCOUNTS` prints a token.
"""

import sys
from datetime import UTC, datetime

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - Django is set up before anything of ours is imported
from django.db import connection  # noqa: E402

from bench.bench_size import PROGRAM  # noqa: E402
from rolebook.accounts.flows.clients import OPERATIONS  # noqa: E402
from tests.authzen.asking import token_for  # noqa: E402
from tests.support import people  # noqa: E402

START = datetime(2025, 1, 6, 15, tzinfo=UTC)
ACCOUNTS_A_PLACE, GRANTS = 10, 3

_TEXT = "lpad(to_hex({kind}000000000000 + {n}), 12, '0') || '7' || substr(md5({n}::text), 1, 3) || '8' || "
_ID = "(" + _TEXT + "substr(md5({n}::text), 4, 15))::uuid"
_LOADING = (
    "CREATE TEMP TABLE state AS SELECT id, path, row_number() OVER (ORDER BY id) - 1 AS n "
    "FROM accounts_organization WHERE kind_id = 'state'",
    "INSERT INTO accounts_organization (id, public_id, program_id, kind_id, code, name, search_key, parent_id, path, "
    "created_at) SELECT 1000 + made.n, "
    + _ID.format(kind=1, n="made.n")
    + ", 'iqies', (ARRAY['nursing_home', 'hospice', 'home_health_agency'])[1 + made.n %% 3], 'P' || made.n, "
    "'Provider ' || made.n, 'provider ' || made.n, state.id, state.path || (1000 + made.n) || '/', %(at)s "
    "FROM generate_series(0, %(places)s - 1) AS made(n) JOIN state ON state.n = made.n %% 56",
    "INSERT INTO accounts_account (public_id, password, user_id, name, email, email_key, status, status_reason, "
    f"session_salt, last_totp_step, created_at) SELECT {_ID.format(kind=2, n='n')}, '!', 'person' || n, 'Person' || n, "
    "'p' || n || '@provider.example', 'p' || n || '@provider.example', 'active', '', 'salt' || n, 0, %(at)s "
    "FROM generate_series(1, %(accounts)s) n",
    "INSERT INTO governance_participation (program_id, account_id, status, status_reason, fsid, created_at) "
    "SELECT 'iqies', id, 'active', '', '', %(at)s FROM accounts_account WHERE user_id LIKE 'person%%'",
    "INSERT INTO governance_grant (public_id, program_id, participation_id, account_id, role_id, organization_id, "
    "starts_at, ends_at, designation_id) SELECT "
    f"{_ID.format(kind=3, n='(p.id * 3 + k)')}, 'iqies', p.id, p.account_id, "
    "CASE WHEN p.id %% 100 = 0 THEN (ARRAY['cms_general_user', 'cms_view_only_user', 'help_desk'])[1 + k] "
    "WHEN p.id %% 100 < 6 THEN (ARRAY['state_general_user', 'state_assessment_coordinator', 'state_security_official'])"
    "[1 + k] ELSE (ARRAY['assessment_submitter', 'assessment_viewer', 'provider_administrator', "
    "'assessment_coordinator', 'provider_security_official'])[1 + (p.id + k) %% 5] END, "
    "CASE WHEN p.id %% 100 = 0 THEN NULL WHEN p.id %% 100 < 6 THEN "
    "(SELECT id FROM state WHERE n = (p.id / 100) %% 56) ELSE "
    "1000 + (p.id * 2654435761 + k / 2 * 40503) %% %(places)s END, %(at)s, "
    "CASE WHEN (p.id + k) %% 10 = 0 THEN now() + interval '1 year' END, p.id * 3 + k "
    "FROM governance_participation p, generate_series(0, 2) k",
)


def load(accounts: int) -> str:
    """Load so many accounts; return the token of a client that may ask everything."""
    call_command("migrate", verbosity=0)
    people.activate(PROGRAM, START)
    places = accounts // ACCOUNTS_A_PLACE
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in _LOADING:
            cursor.execute(statement, {"accounts": accounts, "places": places, "at": START})
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('accounts_organization', 'id'), max(id)) FROM accounts_organization"
        )
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")
    return token_for(PROGRAM, operations=OPERATIONS)


if __name__ == "__main__":
    print(load(int(sys.argv[1])))
