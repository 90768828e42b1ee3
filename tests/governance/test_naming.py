"""How sentences name an office: with the article that its title takes."""

import pytest

from rolebook.governance.queries.naming import another, with_article, with_the


@pytest.mark.parametrize(
    ("title", "one", "only", "other"),
    [
        (
            "Security Official",
            "a Security Official",
            "the Security Official",
            "Another Security Official",
        ),
        ("Agency Lead", "an Agency Lead", "the Agency Lead", "Another Agency Lead"),
        ("IQCS Security", "IQCS Security", "IQCS Security", "Somebody else of IQCS Security"),
        (
            "iQIES Help Desk",
            "the iQIES Help Desk",
            "the iQIES Help Desk",
            "Somebody else of the iQIES Help Desk",
        ),
    ],
)
def test_an_office_is_named_with_the_article_of_its_title(
    title: str, one: str, only: str, other: str
) -> None:
    assert (with_article(title), with_the(title), another(title)) == (one, only, other)
