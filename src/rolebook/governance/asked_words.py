"""What somebody wrote to a request, in the version that counts now.

The reason of a request is of its first version and never changes. The form of an account request is written anew with
each version, and the comments of the newest take the reason's place, also where they were left empty.
"""

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from rolebook.governance.models import AccountForm, Request


def newest_words(prefix: str = "") -> Coalesce:
    """Return the SQL expression for what was written to a request; ``prefix`` leads to the request."""
    form = AccountForm.objects.filter(
        request=OuterRef(f"{prefix}pk"), request_version=OuterRef(f"{prefix}version")
    )
    return Coalesce(Subquery(form.values("comments")[:1]), F(f"{prefix}reason"))


def words_of(request: Request) -> str:
    """Return what was written to the present version of a request; one statement."""
    forms = AccountForm.objects.filter(request=request, request_version=request.version)
    found = forms.values_list("comments", flat=True).first()
    return request.reason if found is None else found
