"""What a steward types about an organization; the flows check it, and say which field is wrong."""

from collections.abc import Mapping

from django import forms
from django.utils.text import capfirst

from rolebook.accounts.identifiers import Scheme, punctuated, schemes_of
from rolebook.accounts.models import Organization
from rolebook.governance.flows.attempt import LONGEST_TEXT
from rolebook.governance.organization_record import Typed
from rolebook.governance.refusals import Refused
from rolebook.policy.model import Rolebook
from rolebook.policy.words import sentence

CONTACTS = 3
"""Rows for contacts beyond those that there are."""
_CODE_OF_A_NEW_ONE = (
    "What people and files find it by; unique in the program. Left empty, it is its number from above."
)
_LABELS = {"purpose": "What for", "name": "Name", "email": "E-mail", "phone": "Telephone"}


class RecordForm(forms.Form):
    """Name, code, identifiers and contacts. Nothing is required here: the flow says what is."""

    name = forms.CharField(label="Name", max_length=1_000, required=False)
    code = forms.CharField(
        label="Code",
        max_length=1_000,
        required=False,
        help_text="What people and files find it by; unique in the program. The one before still finds it.",
    )

    def __init__(
        self,
        book: Rolebook,
        rows: int,
        data: Mapping[str, str] | None = None,
        initial: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}), label_suffix="")
        self.schemes: Mapping[str, Scheme] = schemes_of(book)
        self.rows = rows
        for scheme in self.schemes.values():
            self.fields[scheme.id] = forms.CharField(
                label=capfirst(scheme.title), max_length=1_000, required=False, help_text=_example(scheme)
            )
        for number in range(rows):
            for name, label in _LABELS.items():
                self.fields[f"contact-{number}-{name}"] = forms.CharField(
                    label=label, max_length=1_000, required=False
                )

    def typed(self) -> Typed:
        """Return what was typed, unchecked."""
        told = self.cleaned_data
        return Typed(
            name=told["name"],
            code=told["code"],
            identifiers={scheme: told[scheme] for scheme in self.schemes},
            contacts=[
                {name: told[f"contact-{number}-{name}"] for name in _LABELS} for number in range(self.rows)
            ],
        )

    @property
    def facts(self) -> list[forms.BoundField]:
        """The fields about the organization itself."""
        return [self[name] for name in ("name", "code", *self.schemes)]

    @property
    def contacts(self) -> list[list[forms.BoundField]]:
        """The fields of each contact."""
        return [[self[f"contact-{number}-{name}"] for name in _LABELS] for number in range(self.rows)]


class AddForm(RecordForm):
    """A new organization: its kind, and what it belongs to, besides its record."""

    kind = forms.ChoiceField(label="Kind", required=False)
    parent = forms.CharField(
        label="Belongs to",
        max_length=200,
        required=False,
        help_text="Code or number of the organization above it, where its kind has one.",
    )

    def __init__(
        self, book: Rolebook, data: Mapping[str, str] | None = None, initial: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(book, CONTACTS, data, initial)
        self.fields["code"].help_text = _CODE_OF_A_NEW_ONE
        kind = self.fields["kind"]
        if isinstance(kind, forms.ChoiceField):
            kind.choices = [("", "Choose a kind"), *((one.id, one.title) for one in book.organization_kinds)]
        self.asks_parent = any(one.parent_kinds for one in book.organization_kinds)

    @property
    def facts(self) -> list[forms.BoundField]:
        """The fields about the organization itself."""
        above = [self["parent"]] if self.asks_parent else []
        return [self["kind"], *above, *(self[name] for name in ("name", *self.schemes, "code"))]


class ReasonForm(forms.Form):
    """Why, in the steward's words; optional."""

    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=LONGEST_TEXT,
        help_text="Kept on record.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def present(organization: Organization, book: Rolebook) -> dict[str, str]:
    """Return what is written down about an organization, by the form's fields; numbers as people write them."""
    found = {"name": organization.name, "code": organization.code}
    kinds = {kind.identifier_scheme: kind for kind in book.organization_kinds}
    for scheme, value in organization.identifiers.order_by("-pk").values_list("scheme", "value"):
        found[scheme] = punctuated(value, kinds[scheme]) if scheme in kinds else value
    for number, contact in enumerate(organization.contacts.order_by("purpose")):
        for name in _LABELS:
            found[f"contact-{number}-{name}"] = getattr(contact, name)
    return found


def show_refusal(form: forms.Form, refusal: Refused) -> None:
    """Put each sentence of a refusal beside the field that it is about, or above the form."""
    for violation in refusal.violations:
        field = str(violation.params.get("field") or "")
        said = sentence(violation.code, **violation.params)
        form.add_error(field if field in form.fields else None, said)


def _example(scheme: Scheme) -> str:
    example = next((kind.identifier_example for kind in scheme.kinds if kind.identifier_example), "")
    return f"Such as {example}" if example else ""
