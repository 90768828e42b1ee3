"""What another database cannot change is asked once: in the SQLite pass, and not again in the one on PostgreSQL.

That is what asks for no database (commands run as people run them make a SQLite file of their own), and what the mark
`once` says of itself: mutants, which show that a test finds them, and the long form of tests whose short form runs on
both. It is also what pages say in their words, where their lists and their statements are tested on both: every page is
opened there as everybody (test_permissions, test_every_address).
"""

import os

import pytest

WORDS = tuple(
    f"tests/web/test_{name}"
    for name in (
        "account_",
        "applications",
        "asking",
        "error_pages",
        "identity_providers",
        "last_days",
        "linking_identities",
        "matrix_",
        "notice_settings",
        "pages_apart",
        "pages_say",
        "real_identity",
        "reasons_kept",
        "recovery",
        "tokens_at_pages",
        "who_has_to_act",
        "wrong_identity",
    )
)
"""Files of tests of what pages say."""
DATABASES = frozenset({"db", "transactional_db", "committed_db"})


def touches_a_database(item: pytest.Item) -> bool:
    """Return whether a test may come to something else on another database."""
    if item.get_closest_marker("once") is not None:
        return False
    if item.nodeid.startswith(WORDS):
        return item.get_closest_marker("postgres") is not None
    marked = any(item.get_closest_marker(mark) is not None for mark in ("django_db", "postgres"))
    return marked or not DATABASES.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the SQLite pass has asked already."""
    if os.environ.get("ROLEBOOK_TEST_DATABASE") != "postgres":
        return
    asked = [item for item in items if not touches_a_database(item)]
    if asked:
        config.hook.pytest_deselected(items=asked)
        items[:] = [item for item in items if touches_a_database(item)]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Take it as well that nothing was left to ask; where nothing was meant at all, the SQLite pass says so."""
    nothing = exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED
    if nothing and os.environ.get("ROLEBOOK_TEST_DATABASE") == "postgres":
        session.exitstatus = pytest.ExitCode.OK
