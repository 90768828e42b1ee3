"""Addresses of the pages about one's own record."""

from django.urls import path

from rolebook.web.own_record.confirming import answer_page, registrations_page
from rolebook.web.own_record.registering import code_page, own_record_page

_PROGRAM = "<slug:program_id>/"

urlpatterns = [
    path(_PROGRAM + "own-record/", own_record_page, name="own-record"),
    path(_PROGRAM + "own-record/<uuid:registration_id>/", code_page, name="own-record-code"),
    path(_PROGRAM + "registrations/", registrations_page, name="registrations"),
    path(_PROGRAM + "registrations/<uuid:registration_id>/", answer_page, name="registration"),
]
