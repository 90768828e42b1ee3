"""Answers to the questions of cases that policy itself can answer: may a role be asked for, and who
decides.
"""

from datetime import datetime

from rolebook.policy.approval import AskedItem, lay_out
from rolebook.policy.cases import AskQuestion, CaseFile, CaseGrant, CasePerson, LayoutQuestion
from rolebook.policy.model import Rolebook
from rolebook.policy.rules import (
    Change,
    ChangeKind,
    HeldAccess,
    HeldRole,
    Moment,
    PendingItem,
    Violation,
    judge,
)


class CaseFacts:
    """What rules may ask, answered from the world of a case file (see `rules.terms.Facts`)."""

    def __init__(self, rolebook: Rolebook, case_file: CaseFile, person: CasePerson) -> None:
        """The world has one person who matters: the one that the case is about."""
        self._rolebook = rolebook
        self.case_file = case_file
        self.person = person

    @property
    def rolebook(self) -> Rolebook:
        """The rolebook of the cases."""
        return self._rolebook

    def held_roles(self, person_id: str, at: datetime) -> tuple[HeldRole, ...]:
        """Grants that have not ended."""
        if person_id != self.person.id:
            return ()
        return tuple(
            HeldRole(grant.role_id, grant.organization, grant.starts_at, grant.ends_at)
            for grant in self.person.holds
            if grant.role_id is not None
            and all(end is None or at < end for end in (grant.ends_at, grant.closed_at))
        )

    def held_access(self, person_id: str, at: datetime) -> tuple[HeldAccess, ...]:
        """Access that has not ended."""
        if person_id != self.person.id:
            return ()
        return tuple(
            HeldAccess(grant.organization, grant.lower_levels, grant.starts_at, grant.ends_at)
            for grant in self.person.access
            if grant.organization is not None
            and all(end is None or at < end for end in (grant.ends_at, grant.closed_at))
        )

    def pending_items(self, person_id: str) -> tuple[PendingItem, ...]:  # noqa: ARG002 - worlds have no requests
        """None: worlds have no requests."""
        return ()

    def ever_held_category(self, person_id: str, category_id: str, at: datetime) -> bool:
        """Whether any grant of the category began before, or was given for later; not one closed before it began."""
        roles = (
            self._rolebook.role(grant.role_id or "") for grant in self.person.holds if _counts(grant, at)
        )
        held = any(role is not None and role.category_id == category_id for role in roles)
        return held and person_id == self.person.id

    def organization_kind(self, organization_id: str) -> str | None:
        """The kind of an organization by code."""
        path = self.case_file.organizations.get(organization_id)
        return path[-1].kind_id if path else None

    def statement_agreed(self, person_id: str, at: datetime) -> bool:  # noqa: ARG002 - everybody has, in a case
        """Everybody has agreed in a case."""
        return True

    def outcomes_by(self, request_id: str) -> frozenset[str]:  # noqa: ARG002 - worlds have no requests
        """None: worlds have no requests."""
        return frozenset()

    def same_person(self, one_id: str, other_id: str) -> bool:
        """Ids are people here."""
        return one_id == other_id

    def certificates_attached(self, request_id: str | None) -> bool:  # noqa: ARG002 - worlds have no requests
        """None are attached."""
        return False

    def organization_codes(self, person_id: str, change: Change) -> tuple[str, ...]:  # noqa: ARG002 - one person
        """The codes of the named organization, or of the employing one."""
        code = change.organization_id or self.person.employed_at
        return tuple(place.code for place in self.case_file.organizations.get(code or "", ()))


def _counts(grant: CaseGrant, at: datetime) -> bool:
    """Return whether a grant began before ``at``, or stands given at ``at`` for later."""
    if grant.starts_at < at:
        return grant.closed_at is None or grant.closed_at > grant.starts_at
    return grant.starts_at > at and (grant.closed_at is None or grant.closed_at > at)


def ask(
    rolebook: Rolebook, case_file: CaseFile, person: CasePerson, question: AskQuestion
) -> tuple[Violation, ...]:
    """What the rules say when the person asks for the role; empty: it may be asked for."""
    change = Change(
        kind=ChangeKind.ADD_ROLE,
        moment=Moment.SUBMISSION,
        at=question.at,
        beneficiary_id=person.id,
        requester_id=person.id,
        actor_id=person.id,
        role_id=question.role_id,
        organization_id=question.organization,
    )
    return judge(change, CaseFacts(rolebook, case_file, person))


def deciders(
    rolebook: Rolebook, case_file: CaseFile, person: CasePerson, question: LayoutQuestion
) -> tuple[str, ...]:
    """The stages that a request runs through, in order, each as `<stage id> <organization code>`."""
    paths = case_file.organizations
    items = [
        AskedItem(f"role:{role_id}@{code}", ChangeKind.ADD_ROLE, paths.get(code, ()))
        for role_id in question.role_ids
        for code in (question.role_organizations or ("",))
    ]
    items += [
        AskedItem(f"access:{code}", ChangeKind.ADD_ACCESS, paths.get(code, ())) for code in question.access
    ]
    laid = lay_out(rolebook, items, employing=paths.get(person.employed_at or "", ()))
    return tuple(
        f"{stage.stage_id} {stage.organization_id}" if stage.organization_id else stage.stage_id
        for stage in laid
    )
