"""What the database itself refuses about reports: rewriting one that was made, or taking a final one away."""

from rolebook.audit.triggers import POSTGRESQL_REFUSE, Trigger, TriggerSet, refuse_function, register

APP = "governance"
_REPORT, _PART = "governance_reviewreport", "governance_reviewreportpart"
_MADE = "a report stays as it was made"
_FINAL = "a final report stays"
_OF_FINAL = f"(SELECT 1 FROM {_REPORT} r WHERE r.id = OLD.report_id AND r.is_final AND r.state = 'made')"  # noqa: S608  # names of ours


def register_own() -> None:
    """Register the triggers of reports and of their parts."""
    made, final = "OLD.state = 'made'", "OLD.is_final"
    register(
        TriggerSet(
            APP,
            _REPORT,
            (
                _sqlite(_REPORT, "made", "UPDATE", made, _MADE),
                _sqlite(_REPORT, "stays", "DELETE", final, _FINAL),
            ),
            (
                _postgresql(_REPORT, "made", "UPDATE", made, _MADE),
                _postgresql(_REPORT, "stays", "DELETE", final, _FINAL),
            ),
            (refuse_function(),),
        )
    )
    # PostgreSQL knows no subquery in the condition of a trigger: a function of its own asks.
    name = f"{_PART}_final"
    ask = (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "  # names of ours
        f"$$ BEGIN IF EXISTS {_OF_FINAL} THEN RAISE EXCEPTION '{_FINAL}' USING ERRCODE = 'restrict_violation'; "
        f"END IF; RETURN OLD; END $$"
    )
    register(
        TriggerSet(
            APP,
            _PART,
            (
                _sqlite(_PART, "made", "UPDATE", "1 = 1", _MADE),
                _sqlite(_PART, "stays", "DELETE", f"EXISTS {_OF_FINAL}", _FINAL),
            ),
            (
                _postgresql(_PART, "made", "UPDATE", "TRUE", _MADE),
                Trigger(
                    f"{_PART}_stays",
                    f"CREATE TRIGGER {_PART}_stays BEFORE DELETE ON {_PART} FOR EACH ROW EXECUTE FUNCTION {name}()",
                ),
            ),
            (refuse_function(), (name, ask)),
        )
    )


def _sqlite(table: str, name: str, act: str, when: str, why: str) -> Trigger:
    return Trigger(
        f"{table}_{name}",
        f"CREATE TRIGGER {table}_{name} BEFORE {act} ON {table} WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{why}'); END",
    )


def _postgresql(table: str, name: str, act: str, when: str, why: str) -> Trigger:
    return Trigger(
        f"{table}_{name}",
        f"CREATE TRIGGER {table}_{name} BEFORE {act} ON {table} FOR EACH ROW "
        f"WHEN ({when}) EXECUTE FUNCTION {POSTGRESQL_REFUSE}('{why}')",
    )
