"""The addresses of the site that show no page when they are opened; all others are looked at and counted."""

FILES = {
    "recovery-codes-download", "role-matrix-csv", "role-matrix-xlsx", "role-matrix-pdf", "calendar-feed", "people-csv",
    "organizations-csv", "review-report-csv", "then-csv", "fetch-file", "pending-csv", "organization-users-csv",
    "audit-csv", "audit-jsonl", "metrics", "attachment", "draft-attachment", "supervisor-attachment",
}  # fmt: skip
"""Addresses of files and of what machines read."""

PRESSED = {
    "confirm-email-again", "ask-passkey", "sign-out", "ask-new-passkey", "sign-out-session", "sign-out-elsewhere",
    "sign-out-everywhere", "correct-account-request", "go-on", "ask-supervisor-again", "review-stage",
    "close-access-check", "remove-checked-codes", "decide-reactivation", "calendar-address", "calendar-stop",
    "told-apart", "ask-vouch-passkey", "confirm-upload", "drop-upload", "retry-mails", "retry-mail", "run-job",
    "review-report-file", "submit-answered", "then-xlsx", "decide-selected", "decide-many", "decide", "end-absence",
    "decline-delegation", "withdraw-request", "submit-again", "ask-to-submit-again",
}  # fmt: skip
"""What only a press sends to; where it answers with a page, the walk that presses it looks at that."""

WITH_A_PROVIDER = {
    "register-with-identity", "unlinked-identity", "back-from-provider", "go-to-provider", "link-identity",
    "confirm-identity", "unlink-identity",
}  # fmt: skip
"""Pages on the way to and from an identity provider, which needs another origin: test_identity_provider.py."""
