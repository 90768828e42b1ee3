"""What happens while people are away or do not answer: absences, delegates, reminders, escalation, codes looked at."""

from rolebook.audit.tags.declaring import declare

# Absences: the beneficiary is who is away; ``delegates`` lists [role id, account's public id].
ABSENCE_RECORDED = declare(
    "absence:recorded",
    "Somebody who decides requests will be out of office",
    "absence_id starts_at ends_at delegates",
)
ABSENCE_ENDED = declare(
    "absence:ended", "An absence was ended early, or withdrawn before it began", "absence_id delegates"
)
DELEGATION_DECLINED = declare(
    "delegation:declined",
    "Somebody declined to decide for an absent person",
    "absence_id delegation_id role_id",
)
ATTEMPT_REFUSED_ABSENCE = declare(
    "attempt:refused:absence",
    "Recording an absence or a delegate was refused",
    "codes role_id stage_id verdict",
)
# Stages that nobody answers.
_STAGE = "stage_id version approver_role_id"
STAGE_REMINDED = declare("stage:reminded", "Who can decide a stage was reminded", f"{_STAGE} working_days")
STAGE_ESCALATED = declare(
    "stage:escalated", "A stage came to the steward as well", f"{_STAGE} why late working_days"
)
STAGE_BACK = declare(
    "stage:came-back", "Somebody in office can decide a stage again, which had come to the steward", _STAGE
)
STAGE_STUCK = declare(
    "stage:stuck", "Nobody can decide a stage, not even a steward: another one is needed", _STAGE
)
STAGE_UNSTUCK = declare("stage:unstuck", "Somebody can decide a stage again that nobody could", _STAGE)
# The check of codes after a change of employer: the beneficiary is whose codes they are.
ACCESS_CHECK_CARRIED_OUT = declare(
    "access-check:carried-out",
    "Codes that were found to be no longer needed were removed",
    "access_check_id accesses",
)
