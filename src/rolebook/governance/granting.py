"""What fully approved items come to: roles and access are opened or closed, by the ledger (IQCS-05, IQCS-11)."""

from collections.abc import Iterable, Sequence

from django.db.models import Q, QuerySet

from rolebook.audit.recording import UnitOfWork
from rolebook.governance.active import inactive_violations
from rolebook.governance.authority import Standing
from rolebook.governance.employing import present_employment, write_employment
from rolebook.governance.ended_meanwhile import come_to_nothing
from rolebook.governance.facts import RowFacts
from rolebook.governance.ledger import close_holdings, open_access, open_grant
from rolebook.governance.locks import Held
from rolebook.governance.models import Access, Grant, Request, RequestItem
from rolebook.governance.participations import participation_of
from rolebook.governance.reactivating import reactivate
from rolebook.governance.refusals import Refused


def grant_items(work: UnitOfWork, held: Held, standing: Standing, items: Iterable[RequestItem]) -> None:
    """Make every item so: reactivation, then removals; what is given anew after them is judged by what is then held.

    A narrowing of what has ended meanwhile gives nothing.

    Raises Refused where a rule forbids it.
    """
    asked = list(items)
    if asked:
        _record_stated_employer(work, standing, asked[0].request)
    for item in asked:
        if item.kind == RequestItem.Kind.REACTIVATE:
            reactivate(work, held, standing, item)
    _require_active(asked)
    nothing = come_to_nothing(RowFacts(standing.book), asked, work.at)
    asked = [item for item in asked if item.pk not in nothing]
    for item in asked:
        if item.kind in (RequestItem.Kind.REMOVE_ROLE, RequestItem.Kind.REMOVE_ACCESS):
            _close(work, held, standing, item)
    for item in asked:
        if item.kind == RequestItem.Kind.ADD_ROLE:
            _open_grant(work, held, standing, item)
        elif item.kind == RequestItem.Kind.ADD_ACCESS:
            _open_access(work, held, standing, item)


def _require_active(asked: Sequence[RequestItem]) -> None:
    """Raise Refused when something would be given to somebody who is closed, and whom no item reactivates."""
    if any(item.kind in (RequestItem.Kind.ADD_ROLE, RequestItem.Kind.ADD_ACCESS) for item in asked):
        request = asked[0].request
        if violations := inactive_violations(request.beneficiary, request.program_id):
            raise Refused(violations)


def _record_stated_employer(work: UnitOfWork, standing: Standing, request: Request) -> None:
    """Put the employer that the form states on record, now that everybody asked has agreed to it."""
    form = request.forms.filter(request_version=request.version).first()
    if form is None or form.employing_organization is None:
        return
    if present_employment(request.beneficiary, request.program_id) is None:
        write_employment(
            work,
            participation_of(work, request.beneficiary, request.program_id, work.at),
            form.employing_organization,
            recorded_by=standing.account,
            reason="",
            rolebook_version=standing.version.number,
        )


def _open_grant(work: UnitOfWork, held: Held, standing: Standing, item: RequestItem) -> None:
    open_grant(
        work,
        held,
        book=standing.book,
        beneficiary=item.request.beneficiary,
        role_id=item.role_id,
        organization=item.organization,
        origin=item,
        rolebook_version=standing.version.number,
        starts_at=item.starts_at,
        ends_at=item.ends_at,
    )


def _open_access(work: UnitOfWork, held: Held, standing: Standing, item: RequestItem) -> None:
    if item.organization is None:
        raise ValueError("found an item of access without an organization, expected one")
    open_access(
        work,
        held,
        book=standing.book,
        beneficiary=item.request.beneficiary,
        organization=item.organization,
        lower_levels=item.lower_levels,
        origin=item,
        rolebook_version=standing.version.number,
        starts_at=item.starts_at,
        ends_at=item.ends_at,
    )


def _close(work: UnitOfWork, held: Held, standing: Standing, item: RequestItem) -> None:
    """Close what an item takes away; a colleague may have removed it meanwhile, and then nothing is left to close."""
    still = Q(program_id=item.program_id, closed_at=None) & ~Q(ends_at__lte=work.at)
    theirs = still & Q(account=item.request.beneficiary, organization=item.organization)
    found: QuerySet[Grant] | QuerySet[Access]
    if item.kind == RequestItem.Kind.REMOVE_ROLE:
        found = Grant.objects.filter(theirs, role_id=item.role_id)
    else:
        found = Access.objects.filter(theirs)
    close_holdings(
        work,
        held,
        found.select_related("account", "organization").order_by("pk"),
        cause="request",
        rolebook_version=standing.version.number,
    )
