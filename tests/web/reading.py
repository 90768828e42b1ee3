"""What a page says, as tests read it."""

import re

from django.test import Client

from rolebook.notices.models import Notice


def text(answer: object) -> str:
    """Return an answer's page with one space where it has any white space."""
    return " ".join(answer.content.decode().split())  # type: ignore[attr-defined]  # what clients answer has no type


def text_at(client: Client, address: str, status: int = 200) -> str:
    """Return the page at an address, as `text` does."""
    answer = client.get(address)
    assert answer.status_code == status
    return text(answer)


def mailed_code(kind: str = "") -> str:
    """Return the code in the newest mail, or in the newest of a kind."""
    mails = Notice.objects.filter(kind=kind) if kind else Notice.objects.all()
    found = re.search(r"\b\d{4} \d{4}\b", mails.latest("pk").text)
    assert found is not None
    return found.group()
