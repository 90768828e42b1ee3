"""Operations: what a privilege does to its object, told by the verb of its title."""

OPERATIONS: dict[str, str] = {
    "view": "looks at it",
    "search": "finds it",
    "create": "makes a new one",
    "edit": "changes it",
    "delete": "removes it for good",
    "archive": "puts it away",
    "inactivate": "makes it count no more",
    "submit": "hands it in",
    "approve": "decides about it",
    "manage": "does whatever its upkeep needs",
    "run": "makes it run, as a report",
    "certify": "vouches for it",
}

VERBS: dict[str, str] = {
    **{verb: verb for verb in OPERATIONS},
    "read": "view",
    "display": "view",
    "see": "view",
    "open": "view",
    "list": "search",
    "find": "search",
    "add": "create",
    "enter": "create",
    "register": "create",
    "change": "edit",
    "modify": "edit",
    "update": "edit",
    "correct": "edit",
    "remove": "delete",
    "approve/reject": "approve",
    "deny": "approve",
    "generate": "run",
    "print": "run",
    "export": "run",
    "nominate": "submit",
}

READ_ONLY = frozenset({"view", "search", "run"})
CHANGING = frozenset(OPERATIONS) - READ_ONLY


def operation_of(title: str) -> str | None:
    """The operation that the first word of a title tells, or None: then the rolebook must say it."""
    first = title.split(maxsplit=1)[0].casefold() if title.strip() else ""
    return VERBS.get(first)
