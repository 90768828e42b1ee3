"""Addresses of the pages of account requests."""

from django.urls import path

from rolebook.web.account_requests.attachments import (
    attachment_file,
    draft_attachment_file,
    supervisor_attachment_file,
)
from rolebook.web.account_requests.employers import (
    carry_out_checked,
    close_check,
    employer_page,
    employers_page,
)
from rolebook.web.account_requests.form import (
    account_request_page,
    check_account_request,
    choose_person,
    correct_account_request,
)
from rolebook.web.account_requests.request import go_on, remind_supervisor, review_stage
from rolebook.web.account_requests.supervising import (
    authorization_page,
    authorizations_page,
    supervisor_link,
)

_PROGRAM = "<slug:program_id>/"
_FORM = _PROGRAM + "account-request/"
_REQUEST = _PROGRAM + "requests/<uuid:request_id>/"

urlpatterns = [
    path(_FORM, account_request_page, name="account-request"),
    path(_FORM + "check/", check_account_request, name="check-account-request"),
    path(_FORM + "for/", choose_person, name="account-request-choose"),
    path(_FORM + "for/<uuid:account_id>/", account_request_page, name="account-request-for"),
    path(_FORM + "for/<uuid:account_id>/check/", check_account_request, name="check-account-request-for"),
    path(_FORM + "attachments/<uuid:attachment_id>/", draft_attachment_file, name="draft-attachment"),
    path(_REQUEST + "attachments/<uuid:attachment_id>/", attachment_file, name="attachment"),
    path(
        _PROGRAM + "supervisor/<str:token>/attachments/<uuid:attachment_id>/",
        supervisor_attachment_file,
        name="supervisor-attachment",
    ),
    path(_REQUEST + "correct/", correct_account_request, name="correct-account-request"),
    path(_REQUEST + "go-on/", go_on, name="go-on"),
    path(_REQUEST + "ask-supervisor-again/", remind_supervisor, name="ask-supervisor-again"),
    path(_PROGRAM + "stages/<uuid:stage_id>/review/", review_stage, name="review-stage"),
    path(_PROGRAM + "supervisor/<str:token>/", supervisor_link, name="supervisor-link"),
    path(_PROGRAM + "authorizations/", authorizations_page, name="authorizations"),
    path(_PROGRAM + "authorizations/<uuid:word_id>/", authorization_page, name="authorization"),
    path(_PROGRAM + "employers/", employers_page, name="employers"),
    path(_PROGRAM + "people/<uuid:account_id>/employer/", employer_page, name="employer"),
    path(_PROGRAM + "access-checks/<uuid:check_id>/close/", close_check, name="close-access-check"),
    path(_PROGRAM + "access-checks/<uuid:check_id>/remove/", carry_out_checked, name="remove-checked-codes"),
]
