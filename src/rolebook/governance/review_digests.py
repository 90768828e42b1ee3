"""The digests of a campaign: over what it asked about when it opened, and over what became of it when it closed.

A digest is read from a million rows inside the transaction that writes it, so PostgreSQL makes the lines and copies
them out in one stream; nothing of them is kept.
"""

import hashlib
from collections.abc import Iterator

from django.db import connection
from django.db.models import Count, Q

from rolebook.governance.models import ReviewCampaign, ReviewItem

_ROWS_AT_ONCE = 20_000


def items_hash(campaign: ReviewCampaign) -> tuple[int, int, str]:
    """Return (accounts, grants and access, SHA-256) of what a campaign asked about when it opened.

    The digest is over one line an item in the order of the items: what it is about, the account's, the grant's or
    access's and the answering organization's public id, without hyphens. What was added later is left out.
    """
    digest = _digest(campaign, "i.added_at = c.opened_at")
    numbers = ReviewItem.objects.filter(campaign=campaign, added_at=campaign.opened_at).aggregate(
        accounts=Count("reviewed", distinct=True),
        items=Count("pk", filter=~Q(about=ReviewItem.About.ACCOUNT)),
    )
    return numbers["accounts"], numbers["items"], digest


def answers_hash(campaign: ReviewCampaign, *, who: bool = True) -> str:
    """Return a SHA-256 over what became of every item: the lines of `items_hash`, each with answer, outcome and who.

    Who is the public id of the account that gave the answer; campaigns once closed without it (``who`` False).
    """
    more, join = " || ' ' || i.answer || ' ' || i.outcome", ""
    if who:
        more += f" || ' ' || COALESCE({_hex('b.public_id')}, '')"
        join = "LEFT JOIN accounts_account b ON b.id = i.answered_by_id "
    return _digest(campaign, "1 = 1", more, join)


def _hex(column: str) -> str:
    return f"REPLACE(CAST({column} AS text), '-', '')"


def _digest(campaign: ReviewCampaign, condition: str, more: str = "", join: str = "") -> str:
    account, grant, access, place = (_hex(f"{table}.public_id") for table in "agxo")
    sql = (
        f"SELECT i.about || ' ' || {account} || ' ' || COALESCE({grant}, {access}, '') || ' ' || "  # noqa: S608
        f"COALESCE({place}, ''){more} FROM governance_reviewitem i "
        "JOIN governance_reviewedaccount r ON r.id = i.reviewed_id "
        "JOIN governance_reviewcampaign c ON c.id = r.campaign_id "
        "JOIN accounts_account a ON a.id = r.account_id "
        "JOIN governance_reviewplace l ON l.id = i.place_id "
        "LEFT JOIN accounts_organization o ON o.id = l.organization_id "
        "LEFT JOIN governance_grant g ON g.id = i.grant_id "
        "LEFT JOIN governance_access x ON x.id = i.access_id "
        f"{join}WHERE i.campaign_id = %s AND {condition} ORDER BY i.id"
    )
    digest = hashlib.sha256()
    blocks = _copied if connection.vendor == "postgresql" else _fetched
    for block in blocks(sql, campaign.pk):
        digest.update(block)
    return digest.hexdigest()


def _copied(sql: str, campaign_pk: int) -> Iterator[bytes]:
    """Yield the lines, each ended by a newline: they hold words of ours and hexadecimal digits, nothing is escaped.

    A cursor would plan for its first rows and on one processor, and look up a million rows one by one.
    """
    with connection.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT", [campaign_pk]) as copy:
        yield from map(bytes, copy)


def _fetched(sql: str, campaign_pk: int) -> Iterator[bytes]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, [campaign_pk])
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            yield "".join(f"{line}\n" for (line,) in rows).encode()
