"""Addresses of the pages about applications and their tokens."""

from django.urls import path

from rolebook.web.applications.pages import applications_page, revoke_page

_APPLICATIONS = "<slug:program_id>/applications/"

program_pages = [
    path(_APPLICATIONS, applications_page, name="applications"),
    path(_APPLICATIONS + "<uuid:client_id>/revoke/", revoke_page, name="revoke-application"),
]
