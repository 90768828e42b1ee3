"""What the recurring jobs do, in words: for the steward's page about them, and for events that name one."""

from collections.abc import Mapping

JOB_TITLES: Mapping[str, str] = {
    "prune-sessions": "Delete sessions that have ended",
    "forget-codes": "Delete mailed codes that cannot be used any more",
    "forget-dead-followers": "Forget decision points that ended without saying so",
    "remind-of-pending": "Remind officials of pending requests",
    "tell-of-few-officials": "Tell organizations that they have few officials",
    "erase-old-mail": "Erase the words of mails that were sent long ago",
    "work-on-uploads": "Compare large files of organizations, and bring them in once confirmed",
    "make-files": "Make the files that take long",
    "make-reports": "Make the reports of reviews",
    "read-reports": "Read the mailbox of reports of rejected mail",
    "settle-bounces": "Carry out what follows of rejected mail",
    "give-up-held-mail": "Give up mail held for addresses that reject it, after 30 days",
    "settle-what-was-left": "Settle the requests and roles of people who are not active any more",
    "close-quiet": "Warn of inactivity, and close who did not sign in for too long",
    "delete-attachments-of-nothing": "Delete files that belong to no draft and no request",
    "end-old-registrations": "End registrations that nobody answered in time",
    "escalate-stages": "Bring to the steward what nobody can decide, or what has waited too long",
    "remind-approvers": "Remind who can decide of what has waited some working days",
    "tend-reviews": "Open reviews on their day, remind and escalate, and close them",
    "warn-of-ends": "Warn people of roles and access that end soon",
    "return-stranded-requests": "Send back requests that wait where an organization moved or closed",
}
"""By the job's name."""
