"""Which stages are decided only on the page of their request, where all that is asked stands, never in one press.

The one line that a stage has in a list names roles. That is all of a request that asks for roles to be added; of an
account request's form, of a removal and of a reactivation it is not (I5).
"""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q

from rolebook.governance.models import AccountForm, RequestItem, Stage


def shown_whole() -> Q:
    """Return the SQL condition for the stages that are decided only where their request is shown whole."""
    others = RequestItem.objects.filter(stages=OuterRef("pk")).exclude(kind=RequestItem.Kind.ADD_ROLE)
    return Q(Exists(AccountForm.objects.filter(request=OuterRef("request")))) | Q(Exists(others))


def stages_shown_whole(stage_pks: Collection[int]) -> frozenset[int]:
    """Return which of the stages are such; one statement."""
    found = Stage.objects.filter(shown_whole(), pk__in=stage_pks)
    return frozenset(found.values_list("pk", flat=True))
