"""A steward brings organizations in from a file: uploaded, shown what it would change, confirmed, done."""

import uuid
from collections.abc import Mapping, Sequence

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rolebook.accounts.identifiers import Scheme, punctuated, schemes_of
from rolebook.accounts.organization_file import LARGEST_BYTES
from rolebook.accounts.organization_models import OrganizationUpload, OrganizationUploadLine
from rolebook.governance.flows.organization_uploads import (
    confirm_upload,
    drop_upload,
    find_upload,
    upload_organizations,
    waiting_uploads,
)
from rolebook.governance.queries.closing_losses import ClosingLosses, closing_losses
from rolebook.governance.queries.steward_organizations import names_by_code
from rolebook.governance.queries.stewards import stewards_standing
from rolebook.governance.refusals import Refused
from rolebook.web.answers import asked, in_part, program_view, said_of, with_parameters
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.places.forms import show_refusal
from rolebook.web.places.pages import ENTRY
from rolebook.web.program import ProgramRequest

State = OrganizationUpload.State
LINES_A_PAGE = 100
_LOSING = "losing"
"""Narrows the lines to organizations that close and where people hold something."""
_PARENT = "parent"
"""The field of a line that says which organization another belongs to, by its code."""
_BUSY = (State.COMPARING, State.IMPORTING)


class UploadForm(forms.Form):
    """A file, and whether what it leaves out is to be closed."""

    file = forms.FileField(
        label="CSV file",
        error_messages={"required": "Choose a CSV file.", "empty": "The file is empty. Choose another."},
    )
    close_absent = forms.BooleanField(
        label="Close the organizations that the file does not name",
        required=False,
        help_text="Only for a file that names them all.",
    )


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def upload_page(request: ProgramRequest) -> HttpResponse:
    """Ask for the file, and go on to what it would change."""
    stewards_standing(request.account, request.program.id, request.at)
    setattr(request, CURRENT_ENTRY, ENTRY)
    form = UploadForm(label_suffix="")
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES, label_suffix="")
        if form.is_valid():
            given = form.cleaned_data["file"]
            try:
                upload = upload_organizations(
                    acting_user=request.account,
                    program_id=request.program.id,
                    data=given.read() if (given.size or 0) <= LARGEST_BYTES else b"",
                    file=given.name or "",
                    close_absent=form.cleaned_data["close_absent"],
                    at=request.at,
                )
            except Refused as refusal:
                show_refusal(form, refusal)
            else:
                return _to(request, upload)
    columns = ["code", "name", "kind", "parent", *schemes_of(request.rolebook)]
    shown = {
        "form": form,
        "columns": columns,
        "kinds": request.rolebook.organization_kinds,
        "waiting": waiting_uploads(request.account, request.program.id, request.at),
    }
    return render(request, "places/upload.html", shown, status=422 if form.errors else 200)


def _to(request: ProgramRequest, upload: OrganizationUpload) -> HttpResponse:
    address = reverse("organization-upload", args=[request.program.id, upload.public_id])
    return HttpResponseRedirect(address, status=303)


@program_view
@require_safe
def compared_page(request: ProgramRequest, upload_id: uuid.UUID) -> HttpResponse:
    """Show how far a file is, what it would change, or what is wrong with it."""
    upload = find_upload(request.account, request.program.id, upload_id, request.at)
    setattr(request, CURRENT_ENTRY, ENTRY)
    number = asked(request, "from")
    first = int(number) if number.isascii() and number.isdigit() and len(number) < 8 else 0
    what = asked(request, "what")
    losses = _losses(request, upload)
    people: Mapping[str, int] = {} if losses is None else losses.by_code
    lines = upload.lines.all()
    if what == _LOSING:
        lines = lines.filter(what="closed", code__in=people)
    elif what in upload.counts:
        lines = lines.filter(what=what)
    found = list(lines.filter(number__gte=first).order_by("number")[: LINES_A_PAGE + 1])
    more = len(found) > LINES_A_PAGE
    _put_in_words(request, found)
    shown = {
        "upload": upload,
        "busy": upload.state in _BUSY,
        "percent": round(100 * upload.done / upload.total) if upload.total else 0,
        "changes": sum(upload.counts.get(one, 0) for one in ("new", "changed", "moved", "closed")),
        "lines": [(line, people.get(line.code, 0)) for line in found[:LINES_A_PAGE]],
        "losses": losses,
        "what": what,
        "next_url": with_parameters(request, {"from": str(found[-1].number)}) if more else "",
        "first_url": with_parameters(request, {"from": None}) if first else "",
    }
    page = "places/upload_state.html" if in_part(request) else "places/compared.html"
    return render(request, page, shown)


def _put_in_words(request: ProgramRequest, lines: Sequence[OrganizationUploadLine]) -> None:
    """Give what lines change the titles of fields, numbers as they are written, and the names of organizations."""
    schemes = schemes_of(request.rolebook)
    codes = {code for line in lines for field, *both in line.changes if field == _PARENT for code in both}
    names = names_by_code(request.account, request.program.id, codes, request.at)

    def worded(field: str, value: str) -> str:
        if field == _PARENT and value in names:
            return f"{names[value]} ({value})"
        return punctuated(value, schemes[field].kinds[0]) if field in schemes else value

    for line in lines:
        line.changes = [
            (_title(field, schemes), worded(field, old), worded(field, new))
            for field, old, new in line.changes
        ]


def _losses(request: ProgramRequest, upload: OrganizationUpload) -> ClosingLosses | None:
    """Return who loses access when a file that waits for its confirmation is imported; None where it closes nothing."""
    if upload.state != State.COMPARED or not upload.counts.get("closed"):
        return None
    return closing_losses(request.account, upload, request.at)


def _title(field: str, schemes: Mapping[str, Scheme]) -> str:
    if field == _PARENT:
        return "Belongs to"
    return schemes[field].title if field in schemes else field[:1].upper() + field[1:]


@program_view
@require_POST
def confirm_page(request: ProgramRequest, upload_id: uuid.UUID) -> HttpResponse:
    """Bring in what was shown."""
    try:
        upload = confirm_upload(
            acting_user=request.account,
            program_id=request.program.id,
            upload_id=upload_id,
            shown=request.POST.get("shown", "").replace("\0", "")[:64],
            at=request.at,
            origin=request.origin,
        )
    except Refused as refusal:
        messages.warning(request, " ".join(said_of(refusal)))
        upload = find_upload(request.account, request.program.id, upload_id, request.at)
    if upload.state == State.IMPORTED:
        messages.success(request, "The organizations were imported.")
    return _to(request, upload)


@program_view
@require_POST
def drop_page(request: ProgramRequest, upload_id: uuid.UUID) -> HttpResponse:
    """Let the file be."""
    drop_upload(
        acting_user=request.account, program_id=request.program.id, upload_id=upload_id, at=request.at
    )
    messages.success(request, "Nothing was imported.")
    address = reverse("steward-organizations", args=[request.program.id])
    return HttpResponseRedirect(address, status=303)
