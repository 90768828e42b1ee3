"""Where questions of a review went whose person another organization employs meanwhile (IQCS-12)."""

from django.db import models

from rolebook.accounts.models import Program
from rolebook.governance.models.account_requests import Employment
from rolebook.governance.models.reviews import ReviewCampaign, ReviewItem, ReviewPlace


class ReviewMove(models.Model):
    """That a question without an answer went from one organization to another; the newest of an item counts.

    The item itself stays as it was asked, as the opening's digest has it. No event tells of a move: it follows from the
    record of who employs the person, which has one.
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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "employment"], name="one_review_move_an_employment"),
            models.CheckConstraint(
                condition=~models.Q(from_place=models.F("place")), name="review_move_goes_elsewhere"
            ),
        ]
