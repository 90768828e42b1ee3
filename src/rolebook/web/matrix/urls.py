"""Addresses of the pages about what roles may do."""

from django.urls import path

from rolebook.web.matrix.can_they import can_they
from rolebook.web.matrix.pages import export_csv, export_pdf, export_xlsx, role_matrix
from rolebook.web.matrix.which_role import which_role_page

_MATRIX = "<slug:program_id>/role-matrix/"

urlpatterns = [
    path(_MATRIX, role_matrix, name="role-matrix"),
    path(_MATRIX + "matrix.csv", export_csv, name="role-matrix-csv"),
    path(_MATRIX + "matrix.xlsx", export_xlsx, name="role-matrix-xlsx"),
    path(_MATRIX + "matrix.pdf", export_pdf, name="role-matrix-pdf"),
    path("<slug:program_id>/which-role/", which_role_page, name="which-role"),
    path("<slug:program_id>/can-they/", can_they, name="can-they"),
]
