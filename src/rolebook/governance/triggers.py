"""What the database itself refuses, on both kinds: rewriting grants, outcomes and what was asked, and mixing programs.

A grant changes once in its life: ``closed_at`` from null to an instant. Outcomes, designations and imports never
change. What an item asks and what a stage is bound to are as they were submitted (I5). Rows that point at each other
are of one program (design: "`program_id` on every governance row, held by constraint").
"""

from collections.abc import Mapping, Sequence

from rolebook.audit.triggers import (
    POSTGRESQL_REFUSE,
    Trigger,
    TriggerSet,
    append_only,
    refuse_function,
    register,
)

APP = "governance"

_MUTABLE: Mapping[str, tuple[str, Sequence[str], str]] = {
    # table: (why refused, columns that never change, what else must be true of a change)
    "governance_grant": (
        "a grant changes only once: when it is closed",
        (
            "id", "public_id", "program_id", "participation_id", "account_id", "role_id", "organization_id",
            "starts_at", "ends_at", "request_item_id", "designation_id", "imported_id", "moved_from_id",
            "registration_id", "record_id",
        ),
        "OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL",
    ),
    "governance_registration": (
        "a registration is confirmed, refused or over once, and names one record",
        ("id", "public_id", "program_id", "account_id", "record_id", "way", "proof_id", "asked_at", "expires_at"),
        "OLD.state = 'asked'",
    ),
    "governance_responderrecord": (
        "a record keeps its identifier and its program",
        ("id", "public_id", "program_id", "identifier", "imported_at"),
        "1 = 1",
    ),
    "governance_accountform_attachments": (
        "a form keeps the attachments it was sent with", ("id", "accountform_id", "attachment_id"), "1 = 1",
    ),
    "governance_access": (
        "access changes only once: when it is closed",
        (
            "id", "public_id", "program_id", "participation_id", "account_id", "organization_id", "lower_levels",
            "starts_at", "ends_at", "request_item_id", "designation_id", "imported_id", "moved_from_id",
        ),
        "OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL",
    ),
    "governance_absence": (
        "an absence changes only once: when it is ended early",
        ("id", "public_id", "program_id", "account_id", "starts_at", "ends_at", "recorded_by_id", "recorded_at"),
        "OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL",
    ),
    "governance_delegation": (
        "a delegation changes only once: when it is declined",
        ("id", "public_id", "program_id", "absence_id", "role_id", "delegate_id"),
        "OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL",
    ),
    "governance_accesscheckanswer": (
        "an answer changes only once: when it is carried out",
        ("id", "program_id", "access_check_id", "access_id", "keep", "answered_by_id", "answered_at"),
        "OLD.carried_out_at IS NULL AND NEW.carried_out_at IS NOT NULL",
    ),
    "governance_accesscheck": (
        "a check of codes changes only once: when it is closed",
        ("id", "public_id", "program_id", "employment_id", "opened_at"),
        "OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL",
    ),
    "governance_supervisorword": (
        "the word of a supervisor is given or refused once",
        ("id", "public_id", "program_id", "form_id", "asked_at"),
        "OLD.state = 'asked'",
    ),
    "governance_request": (
        "who asks for whom never changes, nor does a settled request",
        (
            "id", "public_id", "program_id", "requester_id", "beneficiary_id", "resubmission_of_id", "reason",
            "submitted_at",
        ),
        "OLD.settled_at IS NULL",
    ),
    "governance_requestitem": (
        "what an item asks never changes",
        (
            "id", "public_id", "program_id", "request_id", "request_version", "position", "kind", "role_id",
            "organization_id", "lower_levels", "starts_at", "ends_at",
        ),
        "OLD.state = 'pending'",
    ),
    "governance_stage": (
        "a stage is bound to what was submitted, and is settled once",
        (
            "id", "public_id", "program_id", "request_id", "request_version", "chain_id", "spec_id", "position",
            "approver_role_id", "organization_id", "is_foreign", "items_hash",
        ),
        "OLD.state IN ('waiting', 'open')",
    ),
}  # fmt: skip

_SAME_PROGRAM: Mapping[str, Mapping[str, str]] = {
    # table: {column: table that it points at}
    "governance_grant": {
        "participation_id": "governance_participation",
        "organization_id": "accounts_organization",
        "request_item_id": "governance_requestitem",
        "designation_id": "governance_designation",
        "imported_id": "governance_importedapproval",
        "moved_from_id": "governance_grant",
        "registration_id": "governance_registration",
        "record_id": "governance_responderrecord",
    },
    "governance_registration": {"record_id": "governance_responderrecord"},
    "governance_responderrecord": {"organization_id": "accounts_organization"},
    "governance_access": {
        "participation_id": "governance_participation",
        "organization_id": "accounts_organization",
        "request_item_id": "governance_requestitem",
        "designation_id": "governance_designation",
        "imported_id": "governance_importedapproval",
        "moved_from_id": "governance_access",
    },
    "governance_accesscheck": {"employment_id": "governance_employment"},
    "governance_accesscheckanswer": {
        "access_check_id": "governance_accesscheck",
        "access_id": "governance_access",
    },
    "governance_delegation": {"absence_id": "governance_absence"},
    "governance_accountform": {
        "request_id": "governance_request",
        "employing_organization_id": "accounts_organization",
    },
    "governance_employment": {
        "participation_id": "governance_participation",
        "organization_id": "accounts_organization",
    },
    "governance_reviewmove": {
        "campaign_id": "governance_reviewcampaign",
        "item_id": "governance_reviewitem",
        "from_place_id": "governance_reviewplace",
        "place_id": "governance_reviewplace",
        "employment_id": "governance_employment",
    },
    "governance_supervisorword": {"form_id": "governance_accountform"},
    "governance_import": {},
    "governance_importedapproval": {"imported_id": "governance_import"},
    "governance_designation": {"organization_id": "accounts_organization"},
    "governance_request": {
        "rolebook_version_id": "accounts_rolebookversion",
        "resubmission_of_id": "governance_request",
    },
    "governance_requestitem": {
        "request_id": "governance_request",
        "organization_id": "accounts_organization",
    },
    "governance_stage": {"request_id": "governance_request", "organization_id": "accounts_organization"},
    "governance_outcome": {"request_id": "governance_request", "stage_id": "governance_stage"},
}

_SAME_PERSON = frozenset({"governance_grant", "governance_access"})
_NEVER_CHANGE: Mapping[str, Sequence[str | tuple[str, ...]]] = {
    # table: its unique columns
    "governance_outcome": ("id", "stage_id"),
    "governance_designation": ("id", "public_id"),
    "governance_employment": ("id", "public_id"),
    "governance_accountform": ("id", ("request_id", "request_version")),
    "governance_reviewmove": ("id", ("item_id", "employment_id")),
    "governance_import": ("id", "public_id"),
    "governance_importedapproval": ("id", "public_id"),
}


def register_own() -> None:
    """Register every trigger of the governance tables."""
    for table in sorted({*_MUTABLE, *_SAME_PROGRAM}):
        kept = append_only(APP, table, _NEVER_CHANGE[table]) if table in _NEVER_CHANGE else _kept(table)
        parts = (kept, _of_one_program(table)) if _SAME_PROGRAM.get(table) else (kept,)
        register(_joined(table, *parts))


def _joined(table: str, *sets: TriggerSet) -> TriggerSet:
    """Return the triggers of several sets on one table as one set."""
    functions = {name: create for one in sets for name, create in one.postgresql_functions}
    return TriggerSet(
        APP,
        table,
        tuple(trigger for one in sets for trigger in one.sqlite),
        tuple(trigger for one in sets for trigger in one.postgresql),
        tuple(functions.items()),
    )


def _kept(table: str) -> TriggerSet:
    """Return the triggers that keep rows of ``table``, and their fixed columns, as they were written."""
    no_delete = f"{table} keeps its rows"
    sqlite = [
        Trigger(
            f"{table}_no_delete",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{no_delete}'); END",
        )
    ]
    postgresql = [
        Trigger(
            f"{table}_no_{verb}",
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {POSTGRESQL_REFUSE}('{no_delete}')",
        )
        for verb in ("delete", "truncate")
    ]
    if table in _MUTABLE:
        why, fixed, allowed = _MUTABLE[table]
        name = f"{table}_fixed"
        # Comparing with IS treats two nulls as equal on SQLite; PostgreSQL says IS NOT DISTINCT FROM.
        same_sqlite = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in fixed)
        same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in fixed)
        sqlite.append(
            Trigger(
                name,
                f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} WHEN NOT ({same_sqlite} AND {allowed}) "
                f"BEGIN SELECT RAISE(ABORT, '{why}'); END",
            )
        )
        postgresql.append(
            Trigger(
                name,
                f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW "
                f"WHEN (NOT ({same} AND {allowed})) EXECUTE FUNCTION {POSTGRESQL_REFUSE}('{why}')",
            )
        )
    return TriggerSet(APP, table, tuple(sqlite), tuple(postgresql), (refuse_function(),))


def _of_one_program(table: str) -> TriggerSet:
    """Return the triggers that refuse a row which points into another program."""
    conditions = [
        f"EXISTS (SELECT 1 FROM {other} o WHERE o.id = NEW.{column} AND o.program_id <> NEW.program_id)"  # noqa: S608  # names of ours
        for column, other in _SAME_PROGRAM.get(table, {}).items()
    ]
    if table in _SAME_PERSON:
        conditions.append(
            "EXISTS (SELECT 1 FROM governance_participation o "
            "WHERE o.id = NEW.participation_id AND o.account_id <> NEW.account_id)"
        )
    condition = " OR ".join(conditions)
    why = f"{table} points into another program"
    function = f"{table}_of_one_program"
    sqlite = tuple(
        Trigger(
            f"{function}_{verb}",
            f"CREATE TRIGGER {function}_{verb} BEFORE {verb.upper()} ON {table} WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END",
        )
        for verb in ("insert", "update")
    )
    create = (
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {condition} THEN RAISE EXCEPTION '{why}' USING ERRCODE = 'restrict_violation'; END IF; "
        "RETURN NEW; END $$"
    )
    postgresql = (
        Trigger(
            function,
            f"CREATE TRIGGER {function} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW "
            f"EXECUTE FUNCTION {function}()",
        ),
    )
    return TriggerSet(APP, table, sqlite, postgresql, ((function, create),))
