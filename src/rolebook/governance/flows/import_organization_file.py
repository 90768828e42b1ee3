"""Bring organizations in from a file, for the operator and stewards: all of it or nothing; what waits there is told."""

import hashlib
from datetime import datetime

from rolebook.accounts.flows.organizations import ImportReport, bring_in, checked_plan, report_of
from rolebook.accounts.models import Account
from rolebook.accounts.organization_file import read_organizations
from rolebook.accounts.placing import Progress
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import tags
from rolebook.audit.recording import Origin
from rolebook.governance.flows.attempt import About, attempt
from rolebook.governance.flows.tree_changing import begin
from rolebook.governance.reexamining import note_tree_changes
from rolebook.governance.refusals import Refused
from rolebook.policy.errors import Report
from rolebook.policy.rules import Violation


def import_organization_file(
    *,
    acting_user: Account | None,
    program_id: str,
    data: bytes,
    file: str,
    at: datetime,
    origin: Origin,
    dry_run: bool = False,
    close_absent: bool = False,
    shown: str | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Create and update organizations as `import_organizations` does, and look at requests again where any moved.

    ``acting_user`` None: the operator; else somebody who administers the program. ``shown`` is the digest of the plan
    that was confirmed; None: whatever it is. Requests go back in the worker, not here. Raises RolebookErrors and
    NoRolebook as `import_organizations`; Refused when the plan is not the one that was confirmed; NotFound for
    everybody else.
    """
    _, book = rolebook_in_force(program_id, at)
    report = Report()
    rows = read_organizations(data, file, book, report, progress=progress)
    if dry_run and acting_user is None:
        return report_of(checked_plan(program_id, book, rows, report, close_absent=close_absent), None)
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_ORGANIZATION, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        book = begin(acting_user, program_id, at).book
        plan = checked_plan(program_id, book, rows, report, close_absent=close_absent)
        if dry_run:
            work.nothing_happened()
            return report_of(plan, None)
        if shown is not None and plan.digest() != shown:
            raise Refused([Violation("changed_meanwhile")])
        bring_in(work, plan, program_id, source_hash=hashlib.sha256(data).hexdigest(), progress=progress)
        moved = [one.organization for one in plan.changed if one.moves and one.organization is not None]
        note_tree_changes(program_id, [*moved, *plan.closed], at)
    return report_of(plan, work)
