"""A small story in iQIES: a state agency and a provider, their officials, and requests that wait for them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from rolebook.cli.server.demo_world.acts import Acts
from rolebook.cli.server.demo_world.cast import BEN, CORA, GRACE, ROSA, Person
from rolebook.cli.server.demo_world.story import Step
from rolebook.governance.models import Request

OHIO, PROVIDER = "Ohio", "Buckeye Trail Home Health"
PROVIDERS = f"""code,name,kind,parent,ccn
367001,{PROVIDER},home_health_agency,OH,367001
367002,Lake Erie Hospice,hospice,OH,367002
367003,Scioto Nursing Home,nursing_home,OH,367003
""".encode()


@dataclass(slots=True)
class StateAndProvider:
    """What happens in iQIES before ``now``; ``acts`` are of that program, ``crowd`` gives people for small parts."""

    acts: Acts
    now: datetime
    crowd: Iterator[Person]

    def steps(self) -> list[Step]:
        """Return what happens, in no order."""
        return [
            self._step(timedelta(days=55), partial(self.acts.designate, None, GRACE, "steward", None)),
            *self._official(ROSA, "state_security_official", OHIO, timedelta(days=40)),
            *self._official(CORA, "provider_security_official", PROVIDER, timedelta(days=38)),
            *self._asks(BEN, "state_general_user", OHIO, timedelta(days=30), ROSA),
            *self._asks(next(self.crowd), "provider_administrator", PROVIDER, timedelta(days=25), CORA),
            *self._asks(next(self.crowd), "state_assessment_coordinator", OHIO, timedelta(days=3), None),
            *self._asks(next(self.crowd), "assessment_submitter", PROVIDER, timedelta(hours=30), None),
        ]

    def _step(self, ago: timedelta, do: Callable[[datetime], object]) -> Step:
        return Step(self.now - ago, do)

    def _official(self, person: Person, role_id: str, where: str, ago: timedelta) -> list[Step]:
        return [
            self._step(ago + timedelta(hours=6), partial(self.acts.register, person)),
            self._step(ago, partial(self.acts.designate, GRACE, person, role_id, where)),
        ]

    def _asks(
        self, person: Person, role_id: str, where: str, ago: timedelta, by: Person | None
    ) -> list[Step]:
        box: list[Request] = []
        steps = [
            self._step(ago + timedelta(hours=4), partial(self.acts.register, person)),
            Step(self.now - ago, lambda at: box.append(self.acts.request(person, role_id, (where,), at))),
        ]
        if by is not None:
            decided = self.now - ago + timedelta(hours=9)
            steps.append(Step(decided, lambda at: self.acts.decide(by, box[0], "approved", at)))
        return steps
