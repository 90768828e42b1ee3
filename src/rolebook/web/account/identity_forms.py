"""Forms around identities at outside providers."""

from django import forms

from rolebook.accounts.flows.registration import LONGEST_NAME
from rolebook.accounts.texts import clean_line
from rolebook.web.account.forms import Email, UserId


class RegisterWithIdentityForm(forms.Form):
    """Who registers with an identity; what the provider tells is a suggestion."""

    name = forms.CharField(
        label="Full name",
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your full name."},
    )
    user_id = UserId()
    email = Email(help_text="We mail a code to it. Decisions on your requests go there, too.")

    def clean_name(self) -> str:
        """Return the name on one line."""
        return clean_line(self.cleaned_data["name"], longest=LONGEST_NAME)
