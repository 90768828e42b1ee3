"""Addresses of the pages of reviews."""

from django.urls import path

from rolebook.web.reviews.alike import alike_page
from rolebook.web.reviews.answering import account_answers, submit_answered, worklist_page
from rolebook.web.reviews.campaigns import campaign_page, campaigns_page, close_page, open_page

_REVIEWS = "<slug:program_id>/reviews/"
_CAMPAIGN = _REVIEWS + "<uuid:campaign_id>/"

program_pages = [
    path(_REVIEWS, campaigns_page, name="reviews"),
    path(_REVIEWS + "open/<slug:review_id>/", open_page, name="open-review"),
    path(_CAMPAIGN, worklist_page, name="review"),
    path(_CAMPAIGN + "progress/", campaign_page, name="review-progress"),
    path(_CAMPAIGN + "close/", close_page, name="close-review"),
    path(_CAMPAIGN + "alike/", alike_page, name="review-alike"),
    path(_CAMPAIGN + "submit/", submit_answered, name="submit-answered"),
    path(_CAMPAIGN + "accounts/<uuid:account_id>/", account_answers, name="review-account"),
]
