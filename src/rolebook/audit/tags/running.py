"""What runs beside requests: reminders, mails, jobs."""

from rolebook.audit.tags.declaring import declare

# Reminders of pending requests: the beneficiary's own choice in a program.
REMINDER_CHOSEN = declare(
    "reminder:chosen",
    "A person chose how often to be reminded of pending requests",
    "cadence weekday hour way",
)
CALENDAR_ADDRESS_MADE = declare(
    "calendar-address:made", "A private address of a person's calendar was made", "replaced"
)
CALENDAR_ADDRESS_REVOKED = declare(
    "calendar-address:revoked", "The private address of a person's calendar was revoked"
)
# What runs beside requests, as far as a steward has a hand in it.
MAIL_RETRIED = declare("mail:retried", "Mails that waited or could not be sent were tried again", "mails")
MAIL_GIVEN_UP = declare("mail:given-up", "A mail that waited was given up", "mails", "reason")
JOB_HASTENED = declare("job:hastened", "A recurring job was made due at once", "job")
