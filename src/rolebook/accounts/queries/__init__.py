"""What may be read of accounts: rolebooks in force, organizations, people and their credentials."""

from rolebook.accounts.queries.rolebooks import (
    NoRolebook,
    book_of_version,
    programs_in_force,
    rolebook_in_force,
    rolebooks_in_force,
    statement_hash,
)

__all__ = [
    "NoRolebook",
    "book_of_version",
    "programs_in_force",
    "rolebook_in_force",
    "rolebooks_in_force",
    "statement_hash",
]
