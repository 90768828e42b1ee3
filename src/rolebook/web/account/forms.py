"""Forms of the account pages. They judge shape; what a flow refuses is put beside the field by ``say``."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from rolebook.accounts.flows.passkeys import checked_name
from rolebook.accounts.flows.registration import LONGEST_NAME
from rolebook.accounts.passwords import LONGEST
from rolebook.accounts.texts import clean_email, clean_line, clean_user_id

HINT = "At least 12 characters. A few words that have nothing to do with each other work well."


def say(form: forms.Form, field: str | None, sentences: str | Iterable[str]) -> None:
    """Put what a flow refused beside a field of a form that was valid in itself (None: above all fields)."""
    form.add_error(field, [sentences] if isinstance(sentences, str) else list(sentences))


class Password(forms.CharField):
    """A password: kept as typed, never shown again."""

    def __init__(self, label: str, *, new: bool = False, help_text: str = "") -> None:
        """Make the field; ``new`` tells password managers to offer one."""
        completion = "new-password" if new else "current-password"
        required = "Type the new password." if new else "Enter your password."
        super().__init__(
            label=label,
            max_length=LONGEST,
            strip=False,
            help_text=help_text,
            widget=forms.PasswordInput(attrs={"autocomplete": completion}),
            error_messages={"required": required},
        )


class Code(forms.CharField):
    """A code of digits; spaces and hyphens are fine."""

    def __init__(self, label: str, *, help_text: str = "", autofocus: bool = True) -> None:
        """Make the field; phones offer their digits, and the code from a message."""
        attributes: dict[str, Any] = {
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "spellcheck": "false",
        }
        if autofocus:
            attributes["autofocus"] = True
        super().__init__(
            label=label,
            max_length=40,
            help_text=help_text,
            widget=forms.TextInput(attrs=attributes),
            error_messages={"required": "Enter the code."},
        )


class UserId(forms.CharField):
    """A user ID that is to be a new one."""

    def __init__(self) -> None:
        """Make the field."""
        super().__init__(
            label="User ID",
            max_length=60,
            help_text="You sign in with it. 4 to 60 letters, digits, periods, hyphens or underscores.",
            widget=forms.TextInput(
                attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
            ),
            error_messages={"required": "Choose a user ID."},
        )

    def clean(self, value: str | None) -> str:
        """Return the user ID as it is stored."""
        return clean_user_id(super().clean(value))


class Email(forms.CharField):
    """An e-mail address."""

    def __init__(self, label: str = "E-mail address", help_text: str = "") -> None:
        """Make the field."""
        super().__init__(
            label=label,
            max_length=254,
            help_text=help_text,
            widget=forms.EmailInput(attrs={"autocomplete": "email"}),
            error_messages={"required": "Enter your e-mail address."},
        )

    def clean(self, value: str | None) -> str:
        """Return the address as it is mailed to."""
        return clean_email(super().clean(value))


class TwicePasswordForm(forms.Form):
    """A new password, typed twice; subclasses place its two fields."""

    def clean(self) -> dict[str, Any] | None:
        """Compare the two."""
        cleaned = super().clean()
        first, second = self.cleaned_data.get("password"), self.cleaned_data.get("password_again")
        if first and second and first != second:
            self.add_error("password_again", "The two passwords differ. Type the same one twice.")
        return cleaned


class RegisterForm(TwicePasswordForm):
    """Who registers, and with which password."""

    name = forms.CharField(
        label="Full name",
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your full name."},
    )
    user_id = UserId()
    email = Email(help_text="We mail a code to it. Decisions on your requests go there, too.")
    password = Password("Password", new=True, help_text=HINT)
    password_again = Password("Password, once more", new=True)

    def clean_name(self) -> str:
        """Return the name on one line."""
        return clean_line(self.cleaned_data["name"], longest=LONGEST_NAME)


class ConfirmEmailForm(forms.Form):
    """The mailed code; another user ID where the first choice was taken."""

    code = Code("Code from the mail", help_text="Eight digits. It is good for 15 minutes.")

    def offer_user_id(self) -> None:
        """Ask for another user ID."""
        self.fields["user_id"] = UserId()


class SignInForm(forms.Form):
    """User ID, password and agreement to the program's statement on one form (QPP-01)."""

    user_id = forms.CharField(
        label="User ID",
        max_length=200,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"required": "Enter your user ID."},
    )
    password = Password("Password")

    def __init__(self, *args: Any, statement: bool, **kwargs: Any) -> None:
        """Add the agreement where the program has a statement."""
        super().__init__(*args, **kwargs)
        if statement:
            self.fields["agree"] = agreement_field()


class StatementForm(forms.Form):
    """The agreement alone, for who comes from another program."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Add the agreement."""
        super().__init__(*args, **kwargs)
        self.fields["agree"] = agreement_field()


def agreement_field() -> forms.BooleanField:
    """Return the check box that must be ticked."""
    return forms.BooleanField(
        label="I agree to the Statement of Truth",
        error_messages={"required": "Agree to the Statement of Truth to go on."},
    )


class CodeForm(forms.Form):
    """A security code."""

    code = Code(
        "Security code",
        help_text="The six digits that your authenticator app shows now, or one of your recovery codes.",
    )


class RecoveryCodeForm(forms.Form):
    """A recovery code, for who has passkeys and no authenticator app."""

    code = Code(
        "Recovery code", help_text="One of the codes that you kept. Each is good once.", autofocus=False
    )


class MailedCodeForm(forms.Form):
    """A mailed code, for who has no authenticator app yet."""

    code = Code("Code from the mail", help_text="Eight digits. It is good for 15 minutes.")


class SetUpForm(forms.Form):
    """The first code of an authenticator app that is being set up."""

    code = Code(
        "Code that the app shows", help_text="Six digits. A new one comes every 30 seconds.", autofocus=False
    )


class AddAppForm(SetUpForm):
    """An authenticator app beside a passkey: the password proves that it is the person."""

    password = Password("Your password")
    field_order = ("password", "code")


class ReplaceForm(SetUpForm):
    """Replacing an authenticator app: what proves that it is the person."""

    code = Code(
        "Code that the new app shows",
        help_text="Six digits. A new one comes every 30 seconds.",
        autofocus=False,
    )
    password = Password("Your password")
    present_code = Code(
        "Code of your present authenticator app",
        help_text="Or one of your recovery codes, if you no longer have the app.",
        autofocus=False,
    )
    field_order = ("password", "present_code", "code")


class ConfirmPasswordForm(forms.Form):
    """The password, before something is changed."""

    password = Password("Your password")


class NewPasskeyForm(forms.Form):
    """What a new passkey is called, and the password where a second factor is there already."""

    name = forms.CharField(
        label="Name of the passkey",
        max_length=200,
        help_text="So that you know it again: “Work laptop”, “My phone”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give it a name."},
    )
    password = Password("Your password")

    def __init__(self, *args: Any, first: bool, **kwargs: Any) -> None:
        """Leave the password out for who has just typed it, to set up the first factor."""
        super().__init__(*args, **kwargs)
        if first:
            del self.fields["password"]

    def clean_name(self) -> str:
        """Return the name on one line."""
        return checked_name(self.cleaned_data["name"])


class PasskeyNameForm(forms.Form):
    """Another name of a passkey."""

    name = forms.CharField(
        label="Name of the passkey",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give it a name."},
    )

    def clean_name(self) -> str:
        """Return the name on one line."""
        return checked_name(self.cleaned_data["name"])


class ChangePasswordForm(TwicePasswordForm):
    """The present password, and a new one twice."""

    old = Password("Present password")
    password = Password("New password", new=True, help_text=HINT)
    password_again = Password("New password, once more", new=True)


class ForgottenPasswordForm(forms.Form):
    """Whose password was forgotten."""

    named = forms.CharField(
        label="User ID or e-mail address",
        max_length=254,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"required": "Enter your user ID or your e-mail address."},
    )

    def clean_named(self) -> str:
        """Return one line."""
        try:
            return clean_line(self.cleaned_data["named"], longest=254)
        except ValidationError as wrong:
            raise ValidationError("Enter your user ID or your e-mail address.") from wrong


class ResetPasswordForm(TwicePasswordForm):
    """The mailed code, and a new password twice."""

    code = Code("Code from the mail", help_text="Eight digits. It is good for 15 minutes.")
    password = Password("New password", new=True, help_text=HINT)
    password_again = Password("New password, once more", new=True)


class ChangeEmailForm(forms.Form):
    """A new e-mail address, and the password."""

    email = Email(
        "New e-mail address",
        help_text="We mail a code to it. The present address stays until you enter the code.",
    )
    password = Password("Your password")


class TokenForm(forms.Form):
    """What an access token is for, where and how long it counts, and the password."""

    name = forms.CharField(
        label="Name of the token",
        max_length=200,
        help_text="What will use it, so that you know it again: “Monthly report”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give it a name."},
    )
    program = forms.ChoiceField(
        label="Program", error_messages={"invalid_choice": "Choose one of the programs."}
    )
    may_act = forms.BooleanField(
        label="It may also change things, as you",
        required=False,
        help_text="Without this it only reads what you may read",
    )
    ends_on = forms.DateField(
        label="Last day",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={
            "required": "Enter the last day on which it is to count.",
            "invalid": "Enter a day, such as 2027-06-30.",
        },
    )
    password = Password("Your password")

    def __init__(self, *args: Any, programs: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        """Offer the programs, each as (id, name)."""
        super().__init__(*args, **kwargs)
        field = self.fields["program"]
        if isinstance(field, forms.ChoiceField):
            field.choices = list(programs)

    def clean_name(self) -> str:
        """Return the name on one line."""
        return clean_line(self.cleaned_data["name"], longest=60)
