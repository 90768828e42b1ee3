"""What the database itself refuses about reviews: rewriting what was asked or settled, and rows that do not belong
together.

A campaign opens with a million rows in one statement. What a row points at is therefore judged once a statement on
PostgreSQL, over all rows that it brought, and a row at a time on SQLite.
"""

from collections.abc import Mapping, Sequence

from rolebook.audit.triggers import POSTGRESQL_REFUSE, Trigger, TriggerSet, refuse_function, register

APP = "governance"

_FIXED: Mapping[str, tuple[str, Sequence[str], str]] = {
    # table: (why refused, columns that never change, what else must be true of a change)
    "governance_reviewcampaign": (
        "a campaign stays as it opened, and closes once",
        (
            "id", "public_id", "program_id", "review_id", "rolebook_version_id", "title", "opened_on", "opened_at",
            "opened_by_id", "due_at", "closes_at",
        ),
        "OLD.closed_at IS NULL AND (OLD.items_hash = '' OR (NEW.items_hash = OLD.items_hash "
        "AND NEW.items = OLD.items AND NEW.accounts = OLD.accounts))",
    ),
    "governance_reviewplace": (
        "who answers in a campaign never changes",
        ("id", "program_id", "campaign_id", "organization_id"),
        "1 = 1",
    ),
    "governance_reviewedaccount": (
        "whom a campaign asks about never changes",
        ("id", "program_id", "campaign_id", "participation_id", "account_id", "place_id"),
        "1 = 1",
    ),
    "governance_reviewitem": (
        "what is asked never changes, and is settled once",
        (
            "id", "program_id", "campaign_id", "reviewed_id", "place_id", "about", "grant_id", "access_id",
            "added_at",
        ),
        "OLD.settled_at IS NULL",
    ),
}  # fmt: skip

_APART: Mapping[str, tuple[str, str]] = {
    # table: (what stands behind the new rows "n", when they do not belong together or point at nothing)
    "governance_reviewcampaign": (
        "JOIN accounts_rolebookversion v ON v.id = n.rolebook_version_id",
        "v.program_id <> n.program_id",
    ),
    "governance_reviewplace": (
        "JOIN governance_reviewcampaign c ON c.id = n.campaign_id "
        "LEFT JOIN accounts_organization o ON o.id = n.organization_id",
        "c.program_id <> n.program_id OR o.program_id <> n.program_id",
    ),
    "governance_reviewedaccount": (
        "LEFT JOIN governance_reviewplace p ON p.id = n.place_id "
        "LEFT JOIN governance_participation a ON a.id = n.participation_id",
        "COALESCE(p.campaign_id, 0) <> n.campaign_id OR COALESCE(p.program_id, '') <> n.program_id "
        "OR COALESCE(a.program_id, '') <> n.program_id OR COALESCE(a.account_id, 0) <> n.account_id",
    ),
    "governance_reviewitem": (
        "LEFT JOIN governance_reviewedaccount r ON r.id = n.reviewed_id "
        "LEFT JOIN governance_reviewplace p ON p.id = n.place_id "
        "LEFT JOIN governance_grant g ON g.id = n.grant_id "
        "LEFT JOIN governance_access a ON a.id = n.access_id",
        "COALESCE(r.campaign_id, 0) <> n.campaign_id OR COALESCE(p.campaign_id, 0) <> n.campaign_id "
        "OR COALESCE(r.program_id, '') <> n.program_id "
        "OR (n.grant_id IS NOT NULL AND COALESCE(g.participation_id, 0) <> r.participation_id) "
        "OR (n.access_id IS NOT NULL AND COALESCE(a.participation_id, 0) <> r.participation_id)",
    ),
}


def register_own() -> None:
    """Register the triggers of the tables of reviews."""
    for table in _FIXED:
        kept, together = _kept(table), _together(table)
        register(
            TriggerSet(
                APP,
                table,
                (*kept[0], *together[0]),
                (*kept[1], *together[1]),
                (refuse_function(), together[2]),
            )
        )


def _kept(table: str) -> tuple[Sequence[Trigger], Sequence[Trigger]]:
    why, fixed, allowed = _FIXED[table]
    gone = f"{table} keeps its rows"
    same_sqlite = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in fixed)
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in fixed)
    sqlite = (
        Trigger(
            f"{table}_no_delete",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{gone}'); END",
        ),
        Trigger(
            f"{table}_fixed",
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE ON {table} WHEN NOT ({same_sqlite} AND {allowed}) "
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END",
        ),
    )
    postgresql = (
        *(
            Trigger(
                f"{table}_no_{verb}",
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {POSTGRESQL_REFUSE}('{gone}')",
            )
            for verb in ("delete", "truncate")
        ),
        Trigger(
            f"{table}_fixed",
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN (NOT ({same} AND {allowed})) EXECUTE FUNCTION {POSTGRESQL_REFUSE}('{why}')",
        ),
    )
    return sqlite, postgresql


def _together(table: str) -> tuple[Sequence[Trigger], Sequence[Trigger], tuple[str, str]]:
    behind, apart = _APART[table]
    name = f"{table}_together"
    why = f"{table} points at what does not belong together"
    sqlite = Trigger(
        name,
        f"CREATE TRIGGER {name} AFTER INSERT ON {table} WHEN EXISTS "  # noqa: S608  # names of ours
        f"(SELECT 1 FROM {table} n {behind} WHERE n.id = NEW.id AND ({apart})) "
        f"BEGIN SELECT RAISE(ABORT, '{why}'); END",
    )
    create = (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "  # noqa: S608  # names of ours
        f"$$ BEGIN IF EXISTS (SELECT 1 FROM added n {behind} WHERE {apart}) "
        f"THEN RAISE EXCEPTION '{why}' USING ERRCODE = 'restrict_violation'; END IF; RETURN NULL; END $$"
    )
    postgresql = Trigger(
        name,
        f"CREATE TRIGGER {name} AFTER INSERT ON {table} REFERENCING NEW TABLE AS added "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    )
    return (sqlite,), (postgresql,), (name, create)
