"""How many roles and accesses each organization of a campaign is asked about, apart from questions about accounts.

What a closing settled for want of an answer is left, and not settled.
"""

from django.db import migrations, models

_COUNT = """
UPDATE governance_reviewplace
SET settled = c.settled, holdings = c.holdings, holdings_settled = c.holdings_settled, removed = c.removed
FROM (
    SELECT n.now_at,
        COUNT(CASE WHEN n.outcome NOT IN ('unanswered', 'removed unanswered') THEN n.settled_at END) AS settled,
        COUNT(CASE WHEN n.about <> 'account' THEN 1 END) AS holdings,
        COUNT(CASE WHEN n.about <> 'account' AND n.outcome NOT IN ('unanswered', 'removed unanswered')
            THEN n.settled_at END) AS holdings_settled,
        COUNT(CASE WHEN n.about <> 'account' AND n.outcome = 'removed' THEN 1 END) AS removed
    FROM (
        SELECT i.about, i.settled_at, i.outcome, COALESCE(
            (SELECT m.place_id FROM governance_reviewmove m WHERE m.item_id = i.id ORDER BY m.id DESC LIMIT 1),
            i.place_id
        ) AS now_at
        FROM governance_reviewitem i
    ) n
    GROUP BY n.now_at
) c
WHERE governance_reviewplace.id = c.now_at
"""


class Migration(migrations.Migration):

    dependencies = [
        ('governance', '0018_answers_left_behind'),
    ]

    operations = [
        migrations.AddField(
            model_name='reviewplace',
            name='holdings',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='reviewplace',
            name='holdings_settled',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        # A closed campaign is counted no more: its numbers are told as those of later ones.
        migrations.RunSQL(_COUNT, migrations.RunSQL.noop),
    ]
