"""What is asked about an earlier day, as forms and addresses have it."""

from datetime import UTC, date, datetime, time
from typing import cast
from zoneinfo import ZoneInfo

from django import forms

from rolebook.governance.instants import date_in_words, day_in_words, instant_in_words
from rolebook.governance.past.days import FIRST_DAY, Moment, NotYet, moment_of
from rolebook.governance.queries.then_lists import WantedThen
from rolebook.governance.queries.then_rows import book_then
from rolebook.web.answers import asked
from rolebook.web.program import ProgramRequest

_UNREADABLE = "Write the day as year-month-day, such as 2026-03-03."
_UNREADABLE_MINUTE = "Write the time as hours and minutes, such as 14:30."
_AHEAD = "That has not come yet. Choose an earlier one."


class Day(forms.Form):
    """A day, and perhaps a minute of it; nothing chosen is today."""

    day = forms.DateField(
        label="Day",
        help_text="Its end counts; today means now",
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _UNREADABLE},
    )
    minute = forms.TimeField(
        label="At what time",
        help_text="Empty: the end of the day",
        required=False,
        input_formats=["%H:%M", "%H:%M:%S"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"invalid": _UNREADABLE_MINUTE},
    )

    def __init__(self, request: ProgramRequest) -> None:
        """Read the address."""
        given = {name: asked(request, name) for name in self.base_fields}
        if not given["day"]:
            given["day"] = _today(request).isoformat()
        super().__init__(given, label_suffix="")
        self.request = request
        self.moment: Moment | None = None

    def clean(self) -> dict[str, object]:
        """Find the instant that is meant."""
        told = super().clean() or {}
        day, minute = told.get("day"), told.get("minute")
        if not isinstance(day, date) or "minute" in self.errors:
            return told
        request = self.request
        if day < FIRST_DAY:
            self.add_error("day", f"Nothing is on record of that day. {_since(request)}")
            return told
        try:
            self.moment = moment_of(day, cast("time | None", minute), request.rolebook, request.at)
        except NotYet:
            self.add_error("minute" if minute and day == _today(request) else "day", _AHEAD)
        return told

    @property
    def wanted(self) -> WantedThen:
        """What the list is narrowed to; a form without such fields narrows to nothing."""
        told = self.cleaned_data
        return WantedThen(told.get("search", ""), told.get("role", ""), told.get("organization", ""))


class DayAndSearch(Day):
    """A day, and what a list of people is narrowed to."""

    search = forms.CharField(
        label="Person", help_text="Name, user ID or e-mail", required=False, max_length=200
    )
    role = forms.ChoiceField(label="Role", required=False)

    def __init__(self, request: ProgramRequest) -> None:
        """Read the address; roles are those of the rolebook now in force, and any that the address names."""
        super().__init__(request)
        book = request.rolebook
        roles = {role.id: role.title for role in (*book.roles, book.steward)}
        named = asked(request, "role")[:80]
        if named:
            roles.setdefault(named, named)
        cast("forms.ChoiceField", self.fields["role"]).choices = [("", "Any"), *roles.items()]


class DaySearchAndPlace(DayAndSearch):
    """A day, and what the list of everybody is narrowed to."""

    organization = forms.CharField(
        label="Organization", help_text="Name, code or number, as it is now", required=False, max_length=200
    )


def _since(request: ProgramRequest) -> str:
    """Say since when there is anything on record, apart from what imports told of the time before."""
    version, _, _ = book_then(request.program.id, datetime.combine(FIRST_DAY, time.min, UTC))
    first = day_in_words(version.effective_at, request.program.zone)
    return f"The log of {request.program.short_name} begins on {first}: choose that day or a later one."


def _today(request: ProgramRequest) -> date:
    return request.at.astimezone(ZoneInfo(request.program.zone)).date()


def moment_in_words(moment: Moment, request: ProgramRequest) -> str:
    """Return the instant as pages say it."""
    if moment.is_now:
        return "now"
    at: datetime = moment.at
    if moment.minute is None:
        return f"the end of {date_in_words(moment.day)}"
    return instant_in_words(at, request.program.zone)
