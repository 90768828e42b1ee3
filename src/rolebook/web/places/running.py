"""What runs beside requests, for stewards: mails that wait or could not be sent, and the recurring jobs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rolebook.accounts.models import Account
from rolebook.audit.recording import Origin
from rolebook.governance.refusals import Refused
from rolebook.notices.bounce_list import bounces_of_program
from rolebook.notices.tending import (
    Shown,
    WaitingMail,
    give_up_mail,
    mail_overview,
    mails,
    one_mail,
    retry_mail,
)
from rolebook.web.answers import asked, first_address, next_address, program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.program import ProgramRequest


class Jobs(Protocol):
    """The recurring jobs, which live beside these pages and not below them; the server brings the two together."""

    def jobs_for(self, viewer: Account, program_id: str, at: datetime) -> Sequence[object]:
        """Return every job as the page shows it. Raises NotFound for who does not administer the program."""
        ...

    def run_now(
        self, *, acting_user: Account, program_id: str, name: str, at: datetime, origin: Origin
    ) -> bool:
        """Make a job due at once; return whether it was not already."""
        ...


_bound: list[Jobs] = []


def bind_jobs(jobs: Jobs) -> None:
    """Say whose jobs the page shows; the server does at its start."""
    _bound[:] = [jobs]


class GiveUpForm(forms.Form):
    """Why a mail is given up."""

    reason = forms.CharField(
        label="Reason",
        max_length=200,
        help_text="Kept on record",
        error_messages={"required": "Say why it is given up."},
    )


@program_view
@require_safe
def mail_queue_page(request: ProgramRequest) -> HttpResponse:
    """Show what mail waits, since when, what could not be sent and why, and what was rejected."""
    if asked(request, "show") == "rejected":
        return _rejected(request)
    shown: Shown = "failed" if asked(request, "show") == "failed" else "waiting"
    viewer, program_id = request.account, request.program.id
    page = mails(viewer, program_id, request.at, shown=shown, after=asked(request, "after"))
    return render(
        request,
        "places/mail_queue.html",
        {
            "overview": mail_overview(viewer, program_id, request.at),
            "shown": shown,
            "rows": page.rows,
            "next_url": next_address(request, "after", page.next_after),
            "first_url": first_address(request, "after"),
        },
    )


def _rejected(request: ProgramRequest) -> HttpResponse:
    viewer, program_id = request.account, request.program.id
    page = bounces_of_program(viewer, program_id, request.at, after=asked(request, "after"))
    return render(
        request,
        "places/mail_queue.html",
        {
            "overview": mail_overview(viewer, program_id, request.at),
            "shown": "rejected",
            "rows": page.rows,
            "next_url": next_address(request, "after", page.next_after),
            "first_url": first_address(request, "after"),
        },
    )


@program_view
@require_POST
def retry_page(request: ProgramRequest, notice_id: int | None = None) -> HttpResponse:
    """Let one mail, or all that could not be sent, be tried at once."""
    again = retry_mail(
        acting_user=request.account,
        program_id=request.program.id,
        notice_id=notice_id,
        at=request.at,
        origin=request.origin,
    )
    if again:
        messages.success(request, "1 mail is tried now." if again == 1 else f"{again:,} mails are tried now.")
    else:
        messages.warning(request, "No mail could be tried again.")
    return HttpResponseRedirect(reverse("mail-queue", args=[request.program.id]), status=303)


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def give_up_page(request: ProgramRequest, notice_id: int) -> HttpResponse:
    """Ask why a waiting mail is to be given up, and give it up."""
    mail = one_mail(request.account, request.program.id, notice_id, request.at)
    form = GiveUpForm(request.POST if request.method == "POST" else None, label_suffix="")
    problems: tuple[str, ...] = ()
    if request.method == "POST" and form.is_valid():
        try:
            give_up_mail(
                acting_user=request.account,
                program_id=request.program.id,
                notice_id=notice_id,
                reason=form.cleaned_data["reason"],
                at=request.at,
                origin=request.origin,
            )
        except Refused as refusal:
            problems = said_of(refusal)
        else:
            messages.success(request, "The mail was given up.")
            return HttpResponseRedirect(reverse("mail-queue", args=[request.program.id]), status=303)
    return _give_up(request, mail, form, problems)


def _give_up(
    request: ProgramRequest, mail: WaitingMail, form: GiveUpForm, problems: tuple[str, ...]
) -> HttpResponse:
    setattr(request, CURRENT_ENTRY, "mail-queue")
    shown = {"mail": mail, "form": form, "problems": problems, "summary_title": "It was not given up"}
    status = 409 if problems else 422 if form.errors else 200
    return render(request, "places/give_up_mail.html", shown, status=status)


@program_view
@require_safe
def jobs_page(request: ProgramRequest) -> HttpResponse:
    """Show the recurring jobs: what each does, when it ran, when it runs next, and how it ended."""
    lines = _jobs().jobs_for(request.account, request.program.id, request.at)
    return render(request, "places/jobs.html", {"jobs": lines})


@program_view
@require_POST
def run_job_page(request: ProgramRequest, name: str) -> HttpResponse:
    """Make a job due at once."""
    _jobs().run_now(
        acting_user=request.account,
        program_id=request.program.id,
        name=name,
        at=request.at,
        origin=request.origin,
    )
    messages.success(request, "It is due now: a worker runs it within seconds.")
    return HttpResponseRedirect(reverse("jobs", args=[request.program.id]), status=303)


def _jobs() -> Jobs:
    if not _bound:
        raise Http404
    return _bound[0]
