"""Addresses of the reports of reviews."""

from django.urls import path

from rolebook.web.review_reports.pages import (
    ask_for_report_file,
    quality_page,
    report_csv,
    report_page,
    reports_page,
)

_REPORTS = "<slug:program_id>/reviews/<uuid:campaign_id>/reports/"
_REPORT = "<slug:program_id>/review-reports/<uuid:report_id>/"

program_pages = [
    path(_REPORTS, reports_page, name="review-reports"),
    path(_REPORTS + "quality/", quality_page, name="review-quality"),
    path(_REPORT, report_page, name="review-report"),
    path(_REPORT + "export.csv", report_csv, name="review-report-csv"),
    path(_REPORT + "<slug:wanted>/", ask_for_report_file, name="review-report-file"),
]
