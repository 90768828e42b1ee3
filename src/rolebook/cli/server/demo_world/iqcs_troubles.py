"""In IQCS some requests do not go straight: denied, held, overdue, with nobody in office; and somebody moves."""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from rolebook.accounts.models import Organization
from rolebook.audit.recording import Origin
from rolebook.cli.server.demo_world.acts import Acts
from rolebook.cli.server.demo_world.cast import COLIN, GIL, HELEN, IVY, JOY, LEE, OMAR, RAY, Person
from rolebook.cli.server.demo_world.iqcs import MANAGER, Agencies
from rolebook.cli.server.demo_world.rejected import employ
from rolebook.cli.server.demo_world.story import Step
from rolebook.governance.flows.record_employment import record_employment
from rolebook.governance.flows.watch_stages import remind_approvers
from rolebook.governance.models import Request

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_SEED = 22
"""Their secrets come from a sequence of their own, so that the rest of the story stays as it is."""


@dataclass(slots=True)
class Troubles:
    """What happens before ``now``; ``acts`` are of IQCS."""

    acts: Acts
    now: datetime

    def steps(self) -> list[Step]:
        """Return what happens, in no order."""
        own = replace(self.acts, chance=random.Random(_SEED))  # noqa: S311 - a story, not a secret
        agencies = Agencies(own, self.now)
        return [
            *self._denied(agencies),
            *self._held(agencies),
            *self._overdue(agencies),
            *agencies.asks(LEE, 3 * _DAY, "NPS", ["NPS"], ()),
            *self._changes_agency(agencies),
            *(
                Step(self.now - ago, partial(own.register, person))
                for person, ago in ((OMAR, 13 * _DAY), (IVY, 8 * _DAY), (JOY, 21 * _DAY), (LEE, 4 * _DAY))
            ),
        ]

    def _denied(self, agencies: Agencies) -> list[Step]:
        """FWS denies Omar's request, which ends it."""
        box: list[Request] = []
        why = "You are with us for the season only. Ask for a temporary detail, with its days."
        return [
            *agencies.asks(OMAR, 12 * _DAY, "FWS-R6-CMR", ["FWS-R6"], (), box=box),
            Step(self.now - 11 * _DAY, lambda at: self.acts.decide(RAY, box[0], "denied", at, why)),
        ]

    def _held(self, agencies: Agencies) -> list[Step]:
        """The Air Force denies its part of Ivy's request: the rest is held until she lets it go on, or withdraws."""
        box: list[Request] = []
        why = "We keep the records of our own people only. Please ask Vera Lindahl if this is a joint assignment."
        codes = ["FWS-R6-BNR", "USAF-ACC"]
        return [
            *agencies.asks(IVY, 7 * _DAY, "FWS-R6-BNR", codes, (), box=box),
            Step(self.now - 6 * _DAY, lambda at: self.acts.decide(COLIN, box[0], "denied", at, why)),
        ]

    def _overdue(self, agencies: Agencies) -> list[Step]:
        """Helen has not answered Joy for weeks: she was reminded twice, and then the steward was told."""
        return [
            *agencies.asks(JOY, 20 * _DAY, "BLM-MT-BDO", ["BLM-MT-BDO"], ()),
            Step(self.now - 13 * _DAY, remind_approvers),
            Step(self.now - 6 * _DAY, remind_approvers),
        ]

    def _changes_agency(self, agencies: Agencies) -> list[Step]:
        """Gil moved from FWS to BLM with the codes of FWS: whoever decides at BLM is asked to look at them."""
        return [
            Step(self.now - 16 * _DAY, partial(agencies.acts.register, GIL)),
            Step(self.now - 16 * _DAY + _HOUR, partial(agencies.office, GIL, MANAGER, "FWS-R6-CMR")),
            Step(
                self.now - 16 * _DAY + 2 * _HOUR,
                lambda at: employ(self.acts.accounts[GIL.user_id], self.acts.program_id, "FWS-R6-CMR", at),
            ),
            Step(self.now - 4 * _DAY, partial(self._employs, HELEN, GIL, "BLM-MT-BDO")),
        ]

    def _employs(self, by: Person, person: Person, code: str, at: datetime) -> None:
        """Record that an agency employs somebody from now on, as who decides in its chain."""
        record_employment(
            acting_user=self.acts.sign_in(by, at),
            program_id=self.acts.program_id,
            beneficiary_id=self.acts.accounts[person.user_id].public_id,
            organization_id=Organization.objects.get(program_id=self.acts.program_id, code=code).public_id,
            reason="Transferred to the Butte Field Office.",
            at=at,
            origin=Origin("web", session=by.user_id),
        )
