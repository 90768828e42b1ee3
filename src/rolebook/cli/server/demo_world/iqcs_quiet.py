"""In IQCS two account managers have not signed in for about a year: one was warned, one was closed (IQCS-08).

A dozen accounts that came from the earlier system are due at once, too: there the closings stopped to ask the steward.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from rolebook.accounts.models import Organization
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit.recording import Origin
from rolebook.cli.server.demo_world.acts import OPERATOR, Acts
from rolebook.cli.server.demo_world.cast import GRACE, QUINN, STAN, Person
from rolebook.cli.server.demo_world.rejected import employ
from rolebook.cli.server.demo_world.story import Step
from rolebook.governance.flows.designate_access import designate_access
from rolebook.governance.flows.import_accounts import import_accounts
from rolebook.governance.flows.watch_quiet import watch_quiet
from rolebook.governance.models import Participation
from rolebook.governance.quiet import FIELDS, count_anew

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_UNIT = "FWS-R6-CMR"
CAME_OVER = tuple(
    Person(f"{first}.{last}".casefold(), f"{first} {last}")
    for first, last in (
        ("Ansel", "Adair"), ("Birdie", "Boone"), ("Clint", "Crowley"), ("Dora", "Dutton"), ("Edgar", "Easley"),
        ("Fern", "Fenton"), ("Glen", "Goss"), ("Hattie", "Hadley"), ("Irwin", "Ivers"), ("Jolene", "Judd"),
        ("Knox", "Kemp"), ("Lorna", "Lomax"),
    )
)  # fmt: skip
"""Who had an account in the earlier system, and has not signed in since."""


@dataclass(slots=True)
class Quiet:
    """What happens before ``now``; ``acts`` are of IQCS."""

    acts: Acts
    now: datetime

    def steps(self) -> list[Step]:
        """Return what happens, in no order: both hold something, fall quiet, are warned; one is closed.

        Who came over was warned, and is due two days ago: more than the declared share at once, so the run stops.
        """
        watched = (33 * _DAY, 12 * _DAY, 5 * _DAY - _HOUR, 2 * _DAY)
        steps = [self._step(ago, self._watch) for ago in watched]
        steps.append(self._step(15 * _DAY, self._come_over))
        for person, end in ((QUINN, -5 * _DAY), (STAN, 20 * _DAY)):
            steps += [
                self._step(46 * _DAY, partial(self.acts.register, person)),
                self._step(46 * _DAY - _HOUR, partial(self._office, person)),
                self._step(34 * _DAY, partial(self._falls_quiet, person, self.now + end - 365 * _DAY)),
            ]
        return steps

    def _office(self, person: Person, at: datetime) -> None:
        self.acts.designate(GRACE, person, "account_manager", None, at)
        account, program_id = self.acts.accounts[person.user_id], self.acts.program_id
        designate_access(
            acting_user=None,
            program_id=program_id,
            beneficiary_id=account.public_id,
            organization_id=Organization.objects.get(program_id=program_id, code=_UNIT).public_id,
            lower_levels=True,
            at=at,
            origin=OPERATOR,
        )
        employ(account, program_id, _UNIT, at)

    def _falls_quiet(self, person: Person, since: datetime, at: datetime) -> None:
        """Have somebody's last sign-in lie further back than this world does."""
        part = Participation.objects.get(account__user_id=person.user_id, program_id=self.acts.program_id)
        part.created_at = part.last_signed_in_at = since
        count_anew(part, rolebook_in_force(self.acts.program_id, at)[1])
        part.save(update_fields=["created_at", "last_signed_in_at", *FIELDS])

    def _come_over(self, at: datetime) -> None:
        """Import accounts of the earlier system, whose last sign-in will be a year ago three days before now."""
        since = self.now - 3 * _DAY - 365 * _DAY
        last_on = since.date().isoformat()
        lines = [f"{one.user_id},{one.name},{one.email},{last_on}" for one in CAME_OVER]
        import_accounts(
            program_id=self.acts.program_id,
            data="\n".join(["user_id,name,email,last_signed_in_on", *lines, ""]).encode(),
            file="accounts.csv",
            at=at,
            origin=OPERATOR,
        )
        for one in CAME_OVER:
            self._falls_quiet(one, since, at)

    def _watch(self, at: datetime) -> None:
        watch_quiet(self.acts.program_id, at=at, origin=Origin("job"))

    def _step(self, ago: timedelta, do: Callable[[datetime], object]) -> Step:
        return Step(self.now - ago, do)
