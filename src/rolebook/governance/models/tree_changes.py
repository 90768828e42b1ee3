"""That the tree of organizations changed, and how far the requests waiting there have been looked at again."""

from django.db import models

from rolebook.accounts.models import Organization, Program


class TreeChange(models.Model):
    """A move or a closing, with what is left to do about requests at the organization and below it.

    Nothing here decides anything: a decision lays the request out anew anyway. It only keeps people from waiting for
    a decision that cannot be had any more.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()
    after_request = models.BigIntegerField(default=0)
    """Internal id of the last request that was looked at."""
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"], name="tree_change_unfinished", condition=models.Q(finished_at__isnull=True)
            )
        ]
