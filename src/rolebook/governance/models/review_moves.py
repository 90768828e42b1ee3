"""Where questions of a review went whose person another organization employs meanwhile (IQCS-12)."""

from django.db import models

from rolebook.accounts.models import Account, Program
from rolebook.governance.models.account_requests import Employment
from rolebook.governance.models.reviews import ReviewCampaign, ReviewItem, ReviewPlace


class ReviewMove(models.Model):
    """That a question that was not submitted went from one organization to another; the newest of an item counts.

    The item itself stays as it was asked, as the opening's digest has it. An answer that was saved at the former
    organization goes no further than this row: there it is found again, and it counts for nothing.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(ReviewCampaign, on_delete=models.PROTECT, related_name="moves")
    item = models.ForeignKey(ReviewItem, on_delete=models.PROTECT, related_name="moves")
    from_place = models.ForeignKey(ReviewPlace, on_delete=models.PROTECT, related_name="+")
    place = models.ForeignKey(ReviewPlace, on_delete=models.PROTECT, related_name="+")
    employment = models.ForeignKey(Employment, on_delete=models.PROTECT, related_name="+")
    """The record by which another organization employs the person."""
    moved_at = models.DateTimeField()
    """When the campaign was brought up to date with it."""
    answer = models.CharField(max_length=10, choices=ReviewItem.Answer, blank=True, default="", db_default="")
    """What had been saved at the organization that it left, and was not submitted."""
    answered_by = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "employment"], name="one_review_move_an_employment"),
            models.CheckConstraint(
                condition=~models.Q(from_place=models.F("place")), name="review_move_goes_elsewhere"
            ),
        ]
