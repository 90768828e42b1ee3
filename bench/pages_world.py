"""The world of the pages benchmark: the demo's organizations and people in the thousands, in QPP and in iQIES.

Organizations and people come from the demo's seeded generator, and organizations by the import that operators use. In
QPP nine tenths of all people hold a role at one practice, by a request that was approved; the last tenth waits, most of
it at that practice. Everybody holds a role at another one, a third of them its official's. In iQIES everybody holds a
role at a provider, every twentieth at a state, and the last tenth waits, half of it for one state. Holdings and
requests are made by SQL, as an earlier system's data would come (nothing of it is meant to be decided: the hashes are
made up); their events are recorded by the log's own writer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import batched
from random import Random
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - Django is set up before anything of ours is imported
from django.db import connection  # noqa: E402

from bench.bench_review import seconds  # noqa: E402
from rolebook.accounts.flows.organizations import import_organizations  # noqa: E402
from rolebook.accounts.models import Account, Organization  # noqa: E402
from rolebook.audit import clock, tags  # noqa: E402
from rolebook.audit.recording import EVENTS_A_UNIT, Origin, unit_of_work  # noqa: E402
from rolebook.cli.server.demo_world.cast import the_many  # noqa: E402
from rolebook.cli.server.demo_world.places import Place, as_file, make_places  # noqa: E402
from tests.support import grants, people  # noqa: E402

QPP, IQIES = "qpp", "iqies"
LARGE, STATE = "Lakeshore Physicians Group", "California"
START = datetime(2024, 1, 8, 15, tzinfo=UTC)
COMMAND = Origin("command")
OF_ONE_OFFICIAL, OF_ANOTHER = 40, 500
"""Practices, besides the large one, of the official of the large one; and practices of another official."""
_SPARE = 100
"""People made up besides, for those of the demo's story are left out."""


@dataclass(frozen=True, slots=True)
class World:
    """Who looks at the pages, and how long the imports took, in seconds.

    Attributes:
        steward: of both programs.
        official: of the large practice and OF_ONE_OFFICIAL others.
        lead: official of OF_ANOTHER practices.
        of_state: official of one state, in iQIES.
        ordinary: somebody who holds a role and decides nothing.
        imports: seconds of each program's import of organizations.
        events: how many the log has.
    """

    steward: Account
    official: Account
    lead: Account
    of_state: Account
    ordinary: Account
    large: Organization
    state: Organization
    imports: dict[str, float]
    events: int


def load(number: int) -> World:
    """Make the world of ``number`` people in an empty database, half as many organizations and a tenth waiting."""
    call_command("migrate", verbosity=0)
    chance = Random(1)
    places = make_places(chance, practices=number // 2)
    imports = {}
    for program_id, made in ((QPP, as_file), (IQIES, _providers)):
        people.activate(program_id, START)
        data = made(places)
        imports[program_id], _ = seconds(partial(_import, program_id, data))
    ordinary = _make_people(chance, number)
    large = Organization.objects.get(program_id=QPP, name=LARGE)
    state = Organization.objects.get(program_id=IQIES, name=STATE)
    _make_rows(number, large, state)
    world = World(
        steward=_holder("Stella Steward", "steward", [(QPP, None), (IQIES, None)]),
        official=_holder("Olga Official", "security_official", [(QPP, large), *_some(OF_ONE_OFFICIAL, 1)]),
        lead=_holder("Leo Lead", "security_official", list(_some(OF_ANOTHER, 2))),
        of_state=_holder("Stan State", "state_security_official", [(IQIES, state)]),
        ordinary=ordinary,
        large=large,
        state=state,
        imports=imports,
        events=_record_events(),
    )
    _make_notices(world.official)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return world


def _import(program_id: str, data: bytes) -> None:
    import_organizations(
        acting_user=None,
        program_id=program_id,
        data=data,
        file="organizations.csv",
        at=START,
        origin=COMMAND,
    )


def _providers(places: tuple[Place, ...]) -> bytes:
    """Return as many providers of iQIES as there are practices, dealt to the states, as a file to import."""
    of_states = Organization.objects.filter(program_id=IQIES, kind_id="state").order_by("code")
    states = list(of_states.values_list("code", flat=True))
    kinds = ("home_health_agency", "hospice", "nursing_home")
    lines = ["code,name,kind,parent,ccn"]
    for number, place in enumerate(places):
        home, turn = number % len(states), number // len(states)
        code = f"{home + 1:02}{turn:04}"
        name = f"{' '.join(place.name.split()[:2])} Home No. {number}"
        lines.append(f"{code},{name},{kinds[number % len(kinds)]},{states[home]},{code}")
    return "\n".join(lines).encode()


def _make_people(chance: Random, number: int) -> Account:
    made = the_many(chance, number + _SPARE)[:number]
    Account.objects.bulk_create(
        (
            Account(
                user_id=one.user_id,
                name=one.name,
                email=one.email,
                email_key=one.email,
                password="!",
                created_at=START,
            )
            for one in made
        ),
        batch_size=5_000,
    )
    return Account.objects.get(user_id=made[0].user_id)


def _make_rows(number: int, large: Organization, state: Organization) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        given: dict[str, Any] = {"at": START, "large": large.pk, "state": state.pk, "number": number}
        for statement in _LOADING:
            cursor.execute(statement, given if "%(" in statement else None)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("ANALYZE")


def _some(number: int, first: int) -> Iterator[tuple[str, Organization]]:
    """Yield so many practices, every third one from ``first`` on, so that those of two people are not the same."""
    found = Organization.objects.filter(program_id=QPP, kind_id="practice").exclude(name=LARGE).order_by("pk")
    yield from ((QPP, one) for one in found[first : first + 3 * number : 3])


def _holder(name: str, role_id: str, where: list[tuple[str, Organization | None]]) -> Account:
    account = people.new_user(name, at=START).account
    for program_id, place in where:
        grants.placed(account, role_id, place, program_id=program_id, at=START)
    return account


def _record_events() -> int:
    """Record that every request was submitted and every grant opened, oldest first; return how many events that is."""
    made = 0
    for some in batched(_told(), EVENTS_A_UNIT):
        with unit_of_work(at=some[-1][1], origin=COMMAND) as work:
            for tag, _, about, new in some:
                work.record(tag, **about, new=new)
                made += 1
    return made


def _told() -> Iterator[tuple[tags.Tag, datetime, dict[str, Any], dict[str, Any]]]:
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS)
        for kind, at, program_id, person, place, request, about, role_id in cursor.fetchall():
            told = {
                "program_id": program_id,
                "beneficiary_id": person,
                "organization_id": place,
                "request_id": request,
                "rolebook_version": 1,
            }
            if kind == "opened":
                yield tags.GRANT_OPENED, at, told, {"grant_id": about, "role_id": role_id, "starts_at": at}
            elif kind == "submitted":
                new = {
                    "version": 1,
                    "items": [about],
                    "organizations": [place],
                    "role_id": role_id,
                    "stages": 1,
                }
                yield tags.REQUEST_SUBMITTED, at, told, new
            else:
                yield (
                    tags.STAGE_OPENED,
                    at,
                    told,
                    {"stage_id": about, "approver_role_id": role_id, "version": 1},
                )


def _make_notices(official: Account) -> None:
    """Let a mail wait for each request that waits."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTICES, {"official": official.pk, "now": clock.now()})


_HALF_HOUR = "interval '30 minutes'"
_LOADING = (
    "CREATE TEMP TABLE person AS SELECT id, row_number() OVER (ORDER BY id) AS n FROM accounts_account",
    "CREATE TEMP TABLE place AS SELECT id, program_id, kind_id, above, row_number() OVER (PARTITION BY program_id, "
    "above ORDER BY id) - 1 AS n FROM (SELECT *, kind_id IN ('state', 'mac_jurisdiction') AS above "
    "FROM accounts_organization WHERE id <> %(large)s) AS one",
    "CREATE INDEX ON place (program_id, n, above)",
    "CREATE TEMP TABLE many AS SELECT program_id, above, count(*) AS number FROM place GROUP BY 1, 2",
    "ANALYZE",
    "INSERT INTO governance_participation (program_id, account_id, status, status_reason, fsid, last_signed_in_at, "
    "created_at) SELECT program_id, id, 'active', '', '', now() - (n %% 300) * interval '1 day', %(at)s "
    "FROM person, unnest(ARRAY['qpp', 'iqies']) program_id",
    # Who asks for what, where: approved at the large practice, or waiting.
    "CREATE TEMP TABLE asked AS SELECT 'qpp' AS program_id, person.id AS account_id, n, 'staff_user' AS role_id, "
    "'security_official' AS approver, CASE WHEN n <= 0.9 * %(number)s OR n %% 10 < 7 THEN %(large)s ELSE "
    "(SELECT place.id FROM place WHERE program_id = 'qpp' AND place.n = (person.n * 7) %% (SELECT number FROM many "
    "WHERE program_id = 'qpp')) END AS place_id, n <= 0.9 * %(number)s AS approved, "
    f"CASE WHEN n <= 0.9 * %(number)s THEN %(at)s + n * {_HALF_HOUR} / 10 ELSE "
    "now() - (%(number)s - n) * interval '1 minute' END AS at FROM person",
    "INSERT INTO asked SELECT 'iqies', person.id, n, CASE WHEN n %% 2 = 0 THEN 'state_general_user' ELSE "
    "'assessment_viewer' END, CASE WHEN n %% 2 = 0 THEN 'state_security_official' ELSE 'provider_security_official' "
    "END, CASE WHEN n %% 2 = 0 THEN %(state)s ELSE (SELECT place.id FROM place WHERE program_id = 'iqies' AND NOT "
    "above AND place.n = (person.n * 7) %% (SELECT number FROM many WHERE program_id = "
    "'iqies' AND NOT above)) END, false, now() - (%(number)s - n) * interval '1 minute' FROM person "
    "WHERE n > 0.9 * %(number)s",
    "INSERT INTO governance_request (public_id, program_id, requester_id, beneficiary_id, state, version, reason, "
    "rolebook_version_id, submitted_at, settled_at) SELECT gen_random_uuid(), asked.program_id, account_id, "
    "account_id, CASE WHEN approved THEN 'approved' ELSE 'pending' END, 1, 'I prepare the quality measures.', v.id, "
    "at, CASE WHEN approved THEN at + interval '5 hours' END FROM asked JOIN accounts_rolebookversion v "
    "ON v.program_id = asked.program_id",
    "INSERT INTO governance_requestitem (public_id, program_id, request_id, request_version, position, kind, role_id, "
    "organization_id, state) SELECT gen_random_uuid(), r.program_id, r.id, 1, 0, 'add role', a.role_id, a.place_id, "
    "r.state FROM governance_request r JOIN asked a ON a.account_id = r.beneficiary_id AND a.program_id = r.program_id",
    "INSERT INTO governance_stage (public_id, program_id, request_id, request_version, chain_id, spec_id, position, "
    "approver_role_id, organization_id, items_hash, state, opened_at, settled_at) SELECT gen_random_uuid(), "
    "r.program_id, r.id, 1, 'organization:' || a.place_id, 'official', 0, a.approver, a.place_id, "
    "encode(sha256(r.id::text::bytea), 'hex'), CASE WHEN a.approved THEN 'approved' ELSE 'open' END, r.submitted_at, "
    "r.settled_at FROM governance_request r JOIN asked a ON a.account_id = r.beneficiary_id "
    "AND a.program_id = r.program_id",
    "INSERT INTO governance_requestitem_stages (requestitem_id, stage_id) SELECT i.id, s.id "
    "FROM governance_requestitem i JOIN governance_stage s ON s.request_id = i.request_id",
    "INSERT INTO governance_outcome (program_id, request_id, request_version, chain_id, stage_id, approver_id, "
    "verdict, reason, items_hash, decided_at) SELECT s.program_id, s.request_id, 1, s.chain_id, s.id, "
    "(SELECT min(id) FROM person), 'approved', '', s.items_hash, s.settled_at FROM governance_stage s "
    "WHERE s.state = 'approved'",
    "INSERT INTO governance_grant (public_id, program_id, participation_id, account_id, role_id, organization_id, "
    "starts_at, request_item_id) SELECT gen_random_uuid(), i.program_id, p.id, p.account_id, i.role_id, "
    "i.organization_id, r.settled_at, i.id FROM governance_requestitem i JOIN governance_request r ON r.id = "
    "i.request_id JOIN governance_participation p ON p.account_id = r.beneficiary_id AND p.program_id = r.program_id "
    "WHERE i.state = 'approved'",
    # What everybody holds besides, by designation.
    "INSERT INTO governance_designation (public_id, program_id, account_id, role_id, organization_id, reason, "
    "designated_at) SELECT gen_random_uuid(), 'qpp', person.id, CASE WHEN person.n %% 3 = 0 THEN 'security_official' "
    "ELSE 'staff_user' END, place.id, '', %(at)s + person.n * interval '1 minute' FROM person JOIN place ON "
    "place.program_id = 'qpp' AND place.n = person.n %% (SELECT number FROM many WHERE program_id = 'qpp')",
    "INSERT INTO governance_designation (public_id, program_id, account_id, role_id, organization_id, reason, "
    "designated_at) SELECT gen_random_uuid(), 'iqies', person.id, CASE WHEN person.n %% 20 < 5 THEN "
    "'provider_security_official' ELSE 'assessment_viewer' END, place.id, '', %(at)s + person.n * interval '1 minute' "
    "FROM person JOIN place ON place.program_id = 'iqies' AND NOT place.above AND place.n = person.n %% (SELECT number "
    "FROM many WHERE program_id = 'iqies' AND NOT above) WHERE person.n %% 20 <> 0",
    "INSERT INTO governance_designation (public_id, program_id, account_id, role_id, organization_id, reason, "
    "designated_at) SELECT gen_random_uuid(), 'iqies', person.id, 'state_general_user', place.id, '', "
    "%(at)s + person.n * interval '1 minute' FROM person JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n "
    "FROM place WHERE kind_id = 'state') AS place ON place.n = (person.n / 20) %% 56 WHERE person.n %% 20 = 0",
    "INSERT INTO governance_grant (public_id, program_id, participation_id, account_id, role_id, organization_id, "
    "starts_at, designation_id) SELECT gen_random_uuid(), d.program_id, p.id, d.account_id, d.role_id, "
    "d.organization_id, d.designated_at, d.id FROM governance_designation d JOIN governance_participation p "
    "ON p.account_id = d.account_id AND p.program_id = d.program_id",
)
_EVENTS = (
    "SELECT 'opened', g.starts_at, g.program_id, a.public_id, o.public_id, r.public_id, g.public_id, g.role_id "
    "FROM governance_grant g JOIN accounts_account a ON a.id = g.account_id JOIN accounts_organization o "
    "ON o.id = g.organization_id LEFT JOIN governance_requestitem i ON i.id = g.request_item_id "
    "LEFT JOIN governance_request r ON r.id = i.request_id "
    "UNION ALL SELECT 'submitted', r.submitted_at, r.program_id, a.public_id, o.public_id, r.public_id, i.public_id, "
    "i.role_id FROM governance_request r JOIN accounts_account a ON a.id = r.beneficiary_id "
    "JOIN governance_requestitem i ON i.request_id = r.id JOIN accounts_organization o ON o.id = i.organization_id "
    "UNION ALL SELECT 'waits', s.opened_at, s.program_id, a.public_id, o.public_id, r.public_id, s.public_id, "
    "s.approver_role_id FROM governance_stage s JOIN governance_request r ON r.id = s.request_id "
    "JOIN accounts_account a ON a.id = r.beneficiary_id JOIN accounts_organization o ON o.id = s.organization_id "
    "ORDER BY 2"
)
_NOTICES = (
    "INSERT INTO notices_notice (event_sequence, recipient_id, name, kind, address, holds_code, subject, text, html, "
    "unsubscribe_url, message_id, state, attempts, next_attempt_at, last_error, created_at) SELECT e.sequence, "
    "%(official)s, '', 'request:waits', '', false, 'QPP: A request waits', 'It waits.', '', '', e.sequence || "
    "'@bench.example', 'waiting', 0, %(now)s + interval '1 day', '', e.occurred_at FROM audit_event e "
    "JOIN governance_request r ON r.public_id = e.request_id AND r.state = 'pending' WHERE e.tag = 'request:submitted'"
)
