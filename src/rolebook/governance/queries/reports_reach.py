"""Which reports one can run, and whose data they contain: the role gives the report, access the data (IQCS-05, -15)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.governance.employing import present_employment
from rolebook.governance.queries.account_requests import leads_to_ask
from rolebook.governance.queries.seeing import viewer_standing

REPORT = "report"
"""The id of the kind of privilege that reports are."""


@dataclass(frozen=True, slots=True)
class ReportReach:
    """One report that somebody can run.

    Attributes:
        privilege_id: the privilege.
        title: its title.
        everywhere: whether it contains the data of every organization.
        places: (organization, with lower levels) whose data it contains, none inside another; empty: nobody's.
    """

    privilege_id: str
    title: str
    everywhere: bool
    places: tuple[tuple[Organization, bool], ...]


def reports_of(viewer: Account, program_id: str, at: datetime) -> tuple[ReportReach, ...]:
    """Return the reports that the viewer can run for anybody, as the decision point answers; one statement more.

    None in programs that hold access with each role, or that have no reports.
    """
    standing = viewer_standing(viewer, program_id, at)
    book = standing.book
    if book.access != "apart from roles":
        return ()
    found = [(one, standing.reaches(one.id)) for one in book.privileges if one.kind_id == REPORT]
    places: Mapping[int, Organization] = Organization.objects.in_bulk(
        {int(pk) for _, reached in found for pk, _ in reached.organizations}
    )
    return tuple(
        ReportReach(
            one.id,
            one.title,
            reached.everywhere,
            tuple((places[int(pk)], below) for pk, below in reached.organizations),
        )
        for one, reached in found
        if reached.everywhere or reached.organizations
    )


def own_leads(viewer: Account, program_id: str, at: datetime) -> tuple[Account, ...]:
    """Return who leads the agency that employs the viewer: whom to ask first (IQCS-15); nobody without an employer."""
    standing = viewer_standing(viewer, program_id, at)
    if not standing.book.approval.employing_chain:
        return ()
    employment = present_employment(viewer, program_id)
    if employment is None:
        return ()
    leads = leads_to_ask(viewer, program_id, employment.organization, at)
    return tuple(lead for lead in leads if lead.pk != viewer.pk)
