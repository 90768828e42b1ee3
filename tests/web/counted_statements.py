"""How many statements pages make, and which addresses show a list whose statements are counted."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

MOST = 12
"""Statements that a listing page may make, its session and account included."""

OF_AN_OFFICIAL = {
    "home", "manage-access", "my-requests", "my-access", "audit", "request-a-role", "which-role", "organization-users",
    "request-role",
}  # fmt: skip
OF_A_STEWARD = {"home", "manage-access", "my-requests", "my-access", "officials-report"}
MORE_OF_AN_OFFICIAL = {
    "organization", "request", "request-history", "my-history", "person-history", "review-request", "can-they",
    "security", "reports", "then", "made-file", "role-matrix", "notice-settings",
}  # fmt: skip
MORE_OF_A_STEWARD = {
    "steward-person", "person-status", "duplicates", "designate", "import-organizations",
    "organization-upload", "steward-people", "steward-organizations", "close-organization",
}  # fmt: skip
OF_A_REVIEWS_LEAD = {
    "home", "reviews", "review", "review-account", "review-alike", "review-reports", "review-report", "then-users",
    "then-person", "then-who-could", "organization-users", "authorizations", "employers", "reactivations",
    "out-of-office",
}  # fmt: skip
OF_A_REVIEWS_STEWARD = {
    "home", "reviews", "review-progress", "review-reports", "review-quality", "then", "then-person", "applications",
    "inactivity", "mail-queue", "jobs", "steward-people", "steward-organizations", "audit",
}  # fmt: skip
OF_ACCOUNTS = {
    "authorizations", "employers", "employer", "registrations", "reactivations", "my-access", "move-organization",
    "steward-person",
}  # fmt: skip
LISTS = set[str]().union(
    OF_AN_OFFICIAL, OF_A_STEWARD, MORE_OF_AN_OFFICIAL, MORE_OF_A_STEWARD, OF_A_REVIEWS_LEAD, OF_A_REVIEWS_STEWARD,
    OF_ACCOUNTS,
)  # fmt: skip
"""The addresses that list something; each set is what one test opens."""

NO_LISTS = {
    # Before and about signing in, and changing what one signs in with.
    "start", "choose-program", "signed-out", "new-second-factor", "not-me", "forgotten-password", "new-password",
    "register", "confirm-email", "second-factor", "recovery-codes", "statement", "sign-in", "sign-in-code",
    "lost-second-factor", "lost-second-factor-code", "lost-second-factor-asked", "stop-reminders", "change-password",
    "prove-address", "new-recovery-codes", "rejected-address", "declare-other-account", "remove-app",
    "rename-passkey", "remove-passkey", "new-passkey", "change-email", "confirm-new-email", "new-token",
    "take-back-token",
    # One question about one thing.
    "remove-access", "effect", "help", "other-account", "end-token", "vouch", "refuse-recovery", "revoke-application",
    "end-designation", "give-up-mail", "close-review", "open-review", "add-organization", "edit-organization",
    "reopen-organization", "confirm-closings", "person-fsid", "reactivate", "registration", "authorization",
    "supervisor-link", "own-record", "own-record-code",
    # What two accounts hold is judged thing by thing, as the merge will: no list, but it grows with what they hold.
    "merge",
    # The form of an account request, as long as what is typed in it.
    "account-request", "check-account-request", "account-request-choose", "account-request-for",
    "check-account-request-for",
}  # fmt: skip
"""Pages that are no lists."""


def statements(client: Client, address: str) -> int:
    """Return how many statements a page makes, which has to be there.

    That a session was seen is noted every minute or so, whatever page that is: those statements are not the page's.
    """
    with CaptureQueriesContext(connection) as made:
        answer = client.get(address)
    assert answer.status_code == 200, f"{address}: {answer.status_code}"
    noted = ("SAVEPOINT", "RELEASE SAVEPOINT", 'UPDATE "django_session"')
    return sum(not one["sql"].startswith(noted) for one in made)


def names(addresses: Iterable[str]) -> set[str]:
    """Return what addresses are called."""
    return {str(resolve(urlsplit(one).path).url_name) for one in addresses}
