"""What is done in histories of IQCS: to whom, with which role or code; what is refused changes nothing."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from rolebook.accounts.models import Account, Organization
from rolebook.audit.recording import Origin
from rolebook.governance import flows
from rolebook.governance.account_answers import AccountAnswers, CodeAnswer
from rolebook.governance.flows import record_sign_in, withdraw_request
from rolebook.governance.flows.ask_reactivation import ask_reactivation
from rolebook.governance.flows.change_status import change_account_status, change_participation_status
from rolebook.governance.flows.close_organization import close_organization, reopen_organization
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.flows.edit_organization import edit_organization
from rolebook.governance.flows.end_designation import end_designation
from rolebook.governance.flows.merge_accounts import merge_accounts
from rolebook.governance.flows.move_organization import move_organization
from rolebook.governance.flows.watch_quiet import confirm_closings, watch_quiet
from rolebook.governance.models import Access, Grant, Request, Stage
from rolebook.governance.organization_record import Typed
from rolebook.governance.refusals import NotAllowed, NotFound
from tests.histories.apart_world import CODES, PEOPLE, QUIET, ROLES, ApartWorld
from tests.histories.past import Past
from tests.support import grants, iqcs, reviews
from tests.support.iqcs import MANAGER, PROGRAM, TRAINING
from tests.support.people import WEB

ASKED_ROLES = (MANAGER, TRAINING, "supervisor", MANAGER, TRAINING, "certifying_official")
STATUSES = ("active", "deactivated", "closed")
UNIT, REGION = "FWS-R6-BNR", "FWS-R6"


@dataclass(kw_only=True)
class PlayingApart(Past):
    """One history of IQCS."""

    program_id = PROGRAM
    world: ApartWorld = field(repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.log.quiet[PROGRAM] = QUIET

    def acts(self) -> Sequence[Callable[[int, int], object]]:
        return (
            self._give_role,
            self._give_access,
            self._give_access,
            self._ask_for_more,
            self._ask_for_less,
            self._take,
            self._employ,
            self._sign_in,
            self._watch,
            self._go_away,
            self._go_away,
            self._reactivate,
            self._part,
            self._account,
            self._move,
            self._close,
            self._rename,
            self._merge,
            self._review,
            self._activate,
        )

    def play(self, step: tuple[int, int, int, int]) -> None:
        """As others do it, with somebody and something else each time; who decides has signed in before."""
        what, who, which, hours = step
        turn = len(self.instants)
        self.world.stay(self.at)
        super().play((what, (who + turn) % PEOPLE, (which + turn) % 6, hours))

    def _person(self, who: int) -> Account:
        found = self.world.people[who % PEOPLE]
        found.refresh_from_db()
        return found

    def _later(self, **some: float) -> None:
        """Let time pass in the course of one thing."""
        self.instants.append(self.at)
        self.at += timedelta(**some)

    # --- what is held ---------------------------------------------------------------------------------------------

    def _give_role(self, who: int, which: int) -> None:
        grants.designated(self._person(who), ROLES[which], program_id=PROGRAM, at=self.at)

    def _give_access(self, who: int, which: int) -> None:
        iqcs.gives_access(self._person(who), CODES[which], lower_levels=(who + which) % 2 == 0, at=self.at)

    def _ask_for_more(self, who: int, which: int) -> None:
        """A role and a code: mostly for a detail of three weeks, which may begin some days later."""
        first = (self.at + timedelta(days=which)).astimezone(QUIET.zone).date()
        days = {"starts_on": first.isoformat(), "ends_on": (first + timedelta(days=20)).isoformat()}
        code = CodeAnswer(REGION if which < 3 else UNIT, lower_levels=which < 2)
        asked = iqcs.answers({ASKED_ROLES[which]: "add"}, [code], **(days if which < 4 else {}))
        self._ask(self._person(who), asked)

    def _ask_for_less(self, who: int, which: int) -> None:
        """One of the agency's codes without its lower levels, or no more."""
        person = self._person(who)
        mine = Access.objects.filter(account=person, organization__code__in=CODES[:3], closed_at=None)
        for one in mine.select_related("organization").order_by("pk")[:1]:
            verb = "narrow" if one.lower_levels and which < 4 else "remove"
            self._ask(person, iqcs.answers(codes=[CodeAnswer(one.organization.code, verb)]))

    def _ask(self, person: Account, asked: AccountAnswers) -> None:
        """Ask, and let everybody whose turn it is approve; what waits for others is withdrawn."""
        request = iqcs.asks(person, asked, at=self.at)
        self._later(hours=2)
        for approver in (self.world.representative, self.world.security):
            self._approve(request, approver)
        request.refresh_from_db()
        if request.state in (Request.State.PENDING, Request.State.RETURNED):
            withdraw_request(
                acting_user=person, program_id=PROGRAM, request_id=request.public_id, at=self.at, origin=WEB
            )

    def _approve(self, request: Request, approver: Account) -> None:
        stages = Stage.objects.filter(request=request, state=Stage.State.OPEN)
        role = "iqcs_security" if approver == self.world.security else "agency_representative"
        stage = stages.filter(approver_role_id=role).order_by("pk").first()
        if stage is not None:
            grants.decides(approver, stage, at=self.at)

    def _take(self, who: int, which: int) -> None:
        person = self._person(who)
        mine = list(Grant.objects.filter(account=person, program_id=PROGRAM, closed_at=None).order_by("pk"))
        if which > 2 and mine:
            end_designation(grant_id=mine[which % len(mine)].public_id, **self.told())
            return
        told = self.told() | {"acting_user": self.world.security}
        place = iqcs.place(CODES[which]).public_id
        flows.remove_access(organization_id=place, beneficiary_id=person.public_id, **told)

    def _review(self, who: int, which: int) -> None:
        """An audit in which the lead answers for one person that something is no longer needed."""
        person = self._person(who)
        campaign = reviews.opened(self.at)
        self._later(hours=3)
        try:
            for number, name in enumerate(sorted(reviews.items(campaign, person))):
                # What others answer for is left to them.
                with suppress(NotFound):
                    answer = {name.replace("-", "_"): "remove" if number == which % 4 else "keep"}
                    reviews.answers(self.world.lead, campaign, person, self.at, **answer)
            reviews.submits(self.world.lead, campaign, person, self.at)
        finally:
            self._later(days=1)
            close_review(campaign_id=campaign.public_id, **self.told())

    # --- people ---------------------------------------------------------------------------------------------------

    def _employ(self, who: int, which: int) -> None:
        iqcs.employed(self._person(who), CODES[which], at=self.at)

    def _sign_in(self, who: int, _: int) -> None:
        record_sign_in(acting_user=self._person(who), program_id=PROGRAM, at=self.at, origin=WEB)

    def _watch(self, _: int, which: int) -> None:
        """The watch over quiet runs: once, which may only warn, or again past the grace, and closes."""
        for run in range(1 + which % 2):
            if run:
                self._later(days=8)
            if watch_quiet(PROGRAM, at=self.at, origin=Origin("job")).stopped:
                confirm_closings(**self.told())
                watch_quiet(PROGRAM, at=self.at, origin=Origin("job"))

    def _go_away(self, who: int, which: int) -> None:
        """Somebody does not sign in for thirteen months, all others do; then something happens about it."""
        for _ in range(2):
            self._later(days=198)
            self.world.stay(self.at)
            for other in self.world.people:
                if other.pk != self.world.people[who].pk:
                    with suppress(NotAllowed):
                        record_sign_in(acting_user=other, program_id=PROGRAM, at=self.at, origin=WEB)
        self._later(hours=5)
        if which == 0:
            self._part(who, 1)
        elif which < 5:
            self._watch(who, which)
            self._later(days=2)
        self._reactivate(who, which)

    def _reactivate(self, who: int, which: int) -> None:
        person = self._person(who)
        asked: dict[str, Any] = {"beneficiary_id": person.public_id, "reason": "She is back."}
        told = self.told() | {"acting_user": self.world.representative}
        try:
            request = ask_reactivation(**asked, **told)
        except NotFound:
            request = ask_reactivation(**asked, **told | {"acting_user": self.world.steward})
        self._later(hours=1)
        if which < 5:
            self._approve(request, self.world.security)

    def _part(self, who: int, which: int) -> None:
        whom, status = self._person(who).public_id, STATUSES[which % 3]
        change_participation_status(beneficiary_id=whom, status=status, reason="r", **self.told())

    def _account(self, who: int, which: int) -> None:
        told = self.told()
        del told["acting_user"], told["program_id"]
        change_account_status(account=self._person(who), status=STATUSES[which % 3], reason="r", **told)

    def _merge(self, who: int, which: int) -> None:
        merge_accounts(
            kept_id=self._person(which).public_id,
            closed_id=self._person(who).public_id,
            shown=None,
            reason="the same",
            **self.told(),
        )

    # --- places and the rolebook ----------------------------------------------------------------------------------

    def _move(self, _: int, which: int) -> None:
        what, where = ((UNIT, "FWS"), (UNIT, REGION), (UNIT, "BLM-MT"), (REGION, "BLM"), (REGION, "FWS"))[
            which % 5
        ]
        move_organization(
            organization_id=iqcs.place(what).public_id, parent_id=iqcs.place(where).public_id, **self.told()
        )

    def _close(self, who: int, which: int) -> None:
        flow = reopen_organization if who % 2 else close_organization
        flow(organization_id=iqcs.place((UNIT, UNIT, REGION)[which % 3]).public_id, **self.told())

    def _rename(self, who: int, _: int) -> None:
        here: Organization = iqcs.place(UNIT)
        identifiers = dict(here.identifiers.values_list("scheme", "value"))
        edit_organization(
            organization_id=here.public_id,
            typed=Typed(f"Benton Lake {who}", here.code, identifiers, ()),
            **self.told(),
        )

    def _activate(self, who: int, _: int) -> None:
        self.world.activate("less" if who % 2 else "whole", self.at)
