"""Addresses of the pages about organizations, and of the steward's pages about designations, mail and jobs."""

from django.urls import path

from rolebook.web.places.changing import (
    add_page,
    edit_page,
    move_page,
    standing_page,
)
from rolebook.web.places.designating import designate_page, end_page
from rolebook.web.places.pages import export_organizations, organization_view, stewards_list
from rolebook.web.places.running import (
    give_up_page,
    jobs_page,
    mail_queue_page,
    retry_page,
    run_job_page,
)
from rolebook.web.places.uploading import compared_page, confirm_page, drop_page, upload_page

_ORGANIZATIONS = "<slug:program_id>/organizations/"
_MAIL = "<slug:program_id>/mail-queue/"
_JOBS = "<slug:program_id>/jobs/"
_DESIGNATE = "<slug:program_id>/designate/"
_ORGANIZATION = _ORGANIZATIONS + "<uuid:organization_id>/"

program_pages = [
    path(_ORGANIZATIONS, stewards_list, name="steward-organizations"),
    path(_ORGANIZATIONS + "export.csv", export_organizations, name="organizations-csv"),
    path(_ORGANIZATIONS + "add/", add_page, name="add-organization"),
    path(_ORGANIZATIONS + "import/", upload_page, name="import-organizations"),
    path(_ORGANIZATIONS + "import/<uuid:upload_id>/", compared_page, name="organization-upload"),
    path(_ORGANIZATIONS + "import/<uuid:upload_id>/confirm/", confirm_page, name="confirm-upload"),
    path(_ORGANIZATIONS + "import/<uuid:upload_id>/drop/", drop_page, name="drop-upload"),
    path(_ORGANIZATION, organization_view, name="organization"),
    path(_ORGANIZATION + "edit/", edit_page, name="edit-organization"),
    path(_ORGANIZATION + "move/", move_page, name="move-organization"),
    path(_ORGANIZATION + "close/", standing_page, {"act": "close"}, name="close-organization"),
    path(_ORGANIZATION + "reopen/", standing_page, {"act": "reopen"}, name="reopen-organization"),
    path(_DESIGNATE, designate_page, name="designate"),
    path(_DESIGNATE + "<uuid:grant_id>/end/", end_page, name="end-designation"),
    path(_MAIL, mail_queue_page, name="mail-queue"),
    path(_MAIL + "retry/", retry_page, name="retry-mails"),
    path(_MAIL + "<int:notice_id>/retry/", retry_page, name="retry-mail"),
    path(_MAIL + "<int:notice_id>/give-up/", give_up_page, name="give-up-mail"),
    path(_JOBS, jobs_page, name="jobs"),
    path(_JOBS + "<slug:name>/run/", run_job_page, name="run-job"),
]
