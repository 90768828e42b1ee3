"""Addresses of the pages "On that day", and of files that are made in the background."""

from django.urls import path

from rolebook.web.then.pages import (
    ask_for_workbook,
    csv_file,
    day_page,
    fetch_file,
    file_page,
    person_page,
    users_page,
    who_could_page,
)

_DAY = "<slug:program_id>/on-that-day/"
_FILE = "<slug:program_id>/files/<uuid:file_id>/"

program_pages = [
    path(_DAY, day_page, name="then"),
    path(_DAY + "organizations/<uuid:organization_id>/", users_page, name="then-users"),
    path(_DAY + "people/<uuid:account_id>/", person_page, name="then-person"),
    path(_DAY + "who-could/", who_could_page, name="then-who-could"),
    path(_DAY + "export.csv", csv_file, name="then-csv"),
    path(_DAY + "export.xlsx", ask_for_workbook, name="then-xlsx"),
    path(_FILE, file_page, name="made-file"),
    path(_FILE + "fetch/", fetch_file, name="fetch-file"),
]
