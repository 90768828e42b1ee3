"""The form of the notice settings."""

from django import forms

from rolebook.notices.cadence import hour_in_words
from rolebook.notices.models import Reminder

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class ReminderForm(forms.Form):
    """How often, on which day, and at what hour; a choice that is none of those offered is said beside its field."""

    cadence = forms.ChoiceField(
        label="Remind me by e-mail",
        choices=Reminder.Cadence.choices,
        help_text="Working days are Monday to Friday. When nothing waits, no e-mail comes.",
    )
    weekday = forms.TypedChoiceField(
        label="Day, when once a week", coerce=int, choices=list(enumerate(_WEEKDAYS))
    )
    hour = forms.TypedChoiceField(
        label="Hour", coerce=int, choices=[(hour, hour_in_words(hour)) for hour in range(24)]
    )
