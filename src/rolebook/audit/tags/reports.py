"""The final report of a review campaign, which stays as it was made (IQCS-13)."""

from rolebook.audit.tags.declaring import declare

REVIEW_REPORTED = declare(
    "review:reported",
    "The final report of a review campaign was made, for an organization or for all",
    "campaign_id report_id accounts digest",
)
