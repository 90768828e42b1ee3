"""Addresses of the pages about inactivity and reactivation."""

from django.urls import path

from rolebook.web.inactivity.pages import (
    confirm_page,
    decide_reactivation,
    inactivity_page,
    reactivate_page,
    reactivations_page,
)

_PROGRAM = "<slug:program_id>/"

urlpatterns = [
    path(_PROGRAM + "inactivity/", inactivity_page, name="inactivity"),
    path(_PROGRAM + "inactivity/go-on/", confirm_page, name="confirm-closings"),
    path(_PROGRAM + "reactivations/", reactivations_page, name="reactivations"),
    path(_PROGRAM + "reactivations/<uuid:account_id>/", reactivate_page, name="reactivate"),
    path(_PROGRAM + "reactivations/stages/<uuid:stage_id>/", decide_reactivation, name="decide-reactivation"),
]
