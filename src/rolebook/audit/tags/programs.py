"""What happens to programs, their organizations and clients, and what is imported."""

from rolebook.audit.tags.declaring import declare

# Programs and their organizations.
ROLEBOOK_ACTIVATED = declare(
    "rolebook:activated",
    "A version of a program's rolebook was activated",
    "number content_hash effective_at",
)
ORGANIZATION_FILE_CONFIRMED = declare(
    "organization:file-confirmed",
    "A steward confirmed what a file of organizations would change",
    "source_hash",
)
ORGANIZATION_IMPORTED = declare(
    "organization:imported",
    "Organizations were imported from a file",
    "source_hash created changed closed unchanged",
)
ORGANIZATION_CHANGED = declare(
    "organization:changed",
    "An organization was added, changed, moved or closed",
    "code kind_id parent_id closed_at name",
)
ORGANIZATION_ADDED = declare(
    "organization:added", "An organization was added by hand", "code kind_id parent_id name identifiers"
)
ORGANIZATION_EDITED = declare(
    "organization:edited",
    "An organization's name, code, identifiers or contacts were changed by hand",
    "code name identifiers contact_purposes",
    "contacts",
)
ORGANIZATION_MOVED = declare(
    "organization:moved",
    "An organization was moved, with everything below it, to another place in the tree",
    "code parent_id organizations_moved requests_returned",
    "reason",
)
ORGANIZATION_CLOSED = declare(
    "organization:closed",
    "An organization was closed: what is held there answers no, and nobody asks there",
    "code closed_at requests_returned",
    "reason",
)
ORGANIZATION_REOPENED = declare(
    "organization:reopened",
    "A closed organization was opened again, with what is held there",
    "code closed_at",
    "reason",
)
# What came in from an earlier system: one event for each file, whose rows stand in the tables (decision 17).
ACCOUNTS_IMPORTED = declare(
    "accounts:imported",
    "Accounts were imported from a file",
    "import_id source_hash rows_hash accounts_created accounts_joined",
)
GRANTS_IMPORTED = declare(
    "grants:imported",
    "Grants were imported from a file",
    "import_id source_hash rows_hash grants_opened",
    "reason",
)
# Clients of the decision point.
CLIENT_ADDED = declare(
    "client:added",
    "An application was given a token to ask the decision point",
    "client_id name prefix operations reasons ends_at",
)
CLIENT_REVOKED = declare("client:revoked", "An application's token was revoked", "client_id name prefix")
