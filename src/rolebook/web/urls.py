"""Addresses of the program pages; the account pages have their own list."""

from django.urls import path

from rolebook.web.account_requests.urls import urlpatterns as account_request_pages
from rolebook.web.applications.urls import program_pages as application_pages
from rolebook.web.effects import effect_page
from rolebook.web.inactivity.urls import urlpatterns as inactivity_pages
from rolebook.web.matrix.urls import urlpatterns as matrix_pages
from rolebook.web.notices.urls import program_pages as notice_pages
from rolebook.web.own_record.urls import urlpatterns as own_record_pages
from rolebook.web.pages.audit import (
    audit_page,
    export_csv,
    export_json,
    own_history_page,
    person_history_page,
    request_history_page,
)
from rolebook.web.pages.decide import decide
from rolebook.web.pages.decide_many import decide_many, decide_selected
from rolebook.web.pages.exports import organization_users_csv, pending_csv
from rolebook.web.pages.help import help_page
from rolebook.web.pages.home import home, start
from rolebook.web.pages.manage_access import manage_access, organization_users
from rolebook.web.pages.my_access import show_my_access
from rolebook.web.pages.officials import officials_report
from rolebook.web.pages.out_of_office import decline_page, end_absence_page, out_of_office_page
from rolebook.web.pages.removal import remove_access_page
from rolebook.web.pages.reports import reports_page
from rolebook.web.pages.request_places import choose_organization
from rolebook.web.pages.request_review import review_request
from rolebook.web.pages.request_role import choose_role
from rolebook.web.pages.requests import ask_again, my_requests_page, request_page, submit_again, withdraw
from rolebook.web.people.urls import program_pages as people_pages
from rolebook.web.places.urls import program_pages as places_pages
from rolebook.web.review_reports.urls import program_pages as report_pages
from rolebook.web.reviews.urls import program_pages as review_pages
from rolebook.web.then.urls import program_pages as then_pages

_PROGRAM = "<slug:program_id>/"
_REQUEST = _PROGRAM + "requests/<uuid:request_id>/"
_USERS = _PROGRAM + "organizations/<uuid:organization_id>/users/"
_AUDIT = _PROGRAM + "audit/"
_ASK = _PROGRAM + "request-a-role/"

urlpatterns = [
    *account_request_pages,
    *application_pages,
    *inactivity_pages,
    *matrix_pages,
    *notice_pages,
    *own_record_pages,
    *people_pages,
    *places_pages,
    *report_pages,
    *review_pages,
    *then_pages,
    path("", start, name="start"),
    path(_PROGRAM, home, name="home"),
    path(_PROGRAM + "manage-access/", manage_access, name="manage-access"),
    path(_PROGRAM + "manage-access/pending.csv", pending_csv, name="pending-csv"),
    path(_PROGRAM + "manage-access/selected/", decide_selected, name="decide-selected"),
    path(_PROGRAM + "manage-access/decide/", decide_many, name="decide-many"),
    path(_PROGRAM + "stages/<uuid:stage_id>/decide/", decide, name="decide"),
    path(_PROGRAM + "out-of-office/", out_of_office_page, name="out-of-office"),
    path(_PROGRAM + "absences/<uuid:absence_id>/end/", end_absence_page, name="end-absence"),
    path(_PROGRAM + "delegations/<uuid:delegation_id>/decline/", decline_page, name="decline-delegation"),
    path(_USERS, organization_users, name="organization-users"),
    path(_USERS + "users.csv", organization_users_csv, name="organization-users-csv"),
    path(_USERS + "<uuid:account_id>/remove/", remove_access_page, name="remove-access"),
    path(_PROGRAM + "effects/<int:sequence>/", effect_page, name="effect"),
    path(_ASK, choose_role, name="request-a-role"),
    path(_ASK + "<slug:role_id>/", choose_organization, name="request-role"),
    path(_ASK + "<slug:role_id>/check/", review_request, name="review-request"),
    path(_PROGRAM + "requests/", my_requests_page, name="my-requests"),
    path(_REQUEST, request_page, name="request"),
    path(_REQUEST + "history/", request_history_page, name="request-history"),
    path(_REQUEST + "withdraw/", withdraw, name="withdraw-request"),
    path(_REQUEST + "submit-again/", submit_again, name="submit-again"),
    path(_REQUEST + "ask-to-submit-again/", ask_again, name="ask-to-submit-again"),
    path(_PROGRAM + "my-access/", show_my_access, name="my-access"),
    path(_PROGRAM + "my-access/history/", own_history_page, name="my-history"),
    path(_PROGRAM + "reports/", reports_page, name="reports"),
    path(_AUDIT, audit_page, name="audit"),
    path(_AUDIT + "people/<uuid:account_id>/", person_history_page, name="person-history"),
    path(_AUDIT + "export.csv", export_csv, name="audit-csv"),
    path(_AUDIT + "export.jsonl", export_json, name="audit-jsonl"),
    path(_PROGRAM + "help/", help_page, name="help"),
    path(_PROGRAM + "officials/", officials_report, name="officials-report"),
]
