"""What happens to mail that was rejected, and to the addresses that reject it."""

from rolebook.audit.tags.declaring import declare

# ``rejection`` is hard (rejected for good), soft (delayed, or refused for now) or blocked (refused for what it said, or
# for who sent it); ``status`` the code of RFC 3463; ``reported_by`` mailbox, command or webhook.
MAIL_BOUNCED = declare(
    "mail:bounced",
    "A report came that a mail to a person was rejected or delayed",
    "rejection status reported_by",
    "email diagnostic",
)
ACCOUNT_EMAIL_REJECTED = declare(
    "account:email-rejected", "An account's e-mail address was found to reject mail", personal="email"
)
ACCOUNT_EMAIL_WORKS = declare(
    "account:email-works",
    "The holder of an account proved that mail reaches it again",
    personal="email",
)
