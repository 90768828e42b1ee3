"""Addresses of the pages about people of a program."""

from django.urls import path

from rolebook.web.people.duplicates import duplicates_page, merge_page, other_account, told_apart
from rolebook.web.people.fsid import fsid_page
from rolebook.web.people.pages import export_people, people_page, person_page
from rolebook.web.people.status import status_page
from rolebook.web.people.tokens import end_token_page
from rolebook.web.people.vouching import ask_vouch_passkey, refuse_page, vouch_page

_PEOPLE = "<slug:program_id>/people/"
_PERSON = _PEOPLE + "<uuid:account_id>/"

program_pages = [
    path(_PEOPLE, people_page, name="steward-people"),
    path(_PEOPLE + "export.csv", export_people, name="people-csv"),
    path(_PERSON, person_page, name="steward-person"),
    path(_PEOPLE + "duplicates/", duplicates_page, name="duplicates"),
    path(_PEOPLE + "duplicates/<uuid:kept_id>/<uuid:closed_id>/", merge_page, name="merge"),
    path(
        _PEOPLE + "duplicates/<uuid:kept_id>/<uuid:closed_id>/different/",
        told_apart,
        name="told-apart",
    ),
    path("<slug:program_id>/recoveries/<uuid:recovery_id>/", vouch_page, name="vouch"),
    path(
        "<slug:program_id>/recoveries/<uuid:recovery_id>/passkey/",
        ask_vouch_passkey,
        name="ask-vouch-passkey",
    ),
    path("<slug:program_id>/recoveries/<uuid:recovery_id>/stop/", refuse_page, name="refuse-recovery"),
    path(_PERSON + "other-account/", other_account, name="other-account"),
    path(_PERSON + "fsid/", fsid_page, name="person-fsid"),
    path(_PERSON + "tokens/<uuid:token_id>/end/", end_token_page, name="end-token"),
    path(_PERSON + "status/<slug:act>/", status_page, name="person-status"),
]
