"""A small story in IQCS: agencies with their representatives and leads, and account requests on their way."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit.recording import Origin
from rolebook.cli.server.demo_world.acts import OPERATOR, Acts
from rolebook.cli.server.demo_world.cast import (
    ALEX,
    BUCK,
    COLIN,
    GRACE,
    HANK,
    HELEN,
    IQCS,
    JUNE,
    MARCUS,
    NED,
    OWEN,
    PRIYA,
    RAY,
    TESS,
    VERA,
    WALT,
    Person,
)
from rolebook.cli.server.demo_world.rejected import employ, reject_mail
from rolebook.cli.server.demo_world.story import Step
from rolebook.governance.account_answers import AccountAnswers, CodeAnswer, applicable_type
from rolebook.governance.flows.answer_as_supervisor import answer_as_supervisor
from rolebook.governance.flows.designate_access import designate_access
from rolebook.governance.flows.record_absence import record_absence
from rolebook.governance.flows.submit_account_request import submit_account_request
from rolebook.governance.flows.watch_stages import escalate_stages
from rolebook.governance.importing import day_of
from rolebook.governance.models import Request, SupervisorWord
from rolebook.governance.supervisor_links import SupervisorMail
from rolebook.notices.supervisors import supervisor_mails

PLACES = b"""kind,code,name,parent
region,BLM-MT,BLM Montana/Dakotas State Office,BLM
unit,BLM-MT-BDO,Butte Field Office,BLM-MT
region,FWS-R6,FWS Mountain-Prairie Region,FWS
unit,FWS-R6-BNR,Benton Lake National Wildlife Refuge,FWS-R6
unit,FWS-R6-CMR,Charles M. Russell National Wildlife Refuge,FWS-R6
region,USAF-ACC,Air Combat Command,USAF
"""
REPRESENTATIVE, LEAD, MANAGER = "agency_representative", "agency_lead", "account_manager"
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(slots=True)
class Agencies:
    """What happens in IQCS before ``now``; ``acts`` are of that program."""

    acts: Acts
    now: datetime

    def steps(self) -> list[Step]:
        """Return what happens, in no order."""
        steps = [
            self._step(55 * _DAY, partial(self.acts.designate, None, GRACE, "steward", None)),
            self._step(54 * _DAY, partial(self.acts.register, WALT)),
            self._step(53 * _DAY, partial(self.acts.designate, GRACE, WALT, "iqcs_security", None)),
        ]
        for number, person in enumerate(IQCS):
            steps.append(self._step((52 - number / 8) * _DAY, partial(self.acts.register, person)))
        for person, role_id, code in (
            (HELEN, REPRESENTATIVE, "BLM-MT"),
            (PRIYA, REPRESENTATIVE, "DOI-EM"),
            (OWEN, LEAD, "DOI-EM"),
            (RAY, REPRESENTATIVE, "FWS"),
            (COLIN, REPRESENTATIVE, "USAF-ACC"),
            (VERA, LEAD, "USAF"),
        ):
            steps.append(self._step(48 * _DAY, partial(self.office, person, role_id, code)))
        return [*steps, *self._requests(), *self._absences(), *self._rejected()]

    def _rejected(self) -> list[Step]:
        """Buck's mail is rejected: he is deactivated, and Ray, who represents him, was told."""
        return [
            self._step(9 * _DAY, partial(self.acts.register, BUCK)),
            self._step(9 * _DAY - _HOUR, partial(self.office, BUCK, MANAGER, "FWS-R6-CMR")),
            self._step(
                9 * _DAY - 2 * _HOUR,
                lambda at: employ(self._account(BUCK), self.acts.program_id, "FWS-R6-CMR", at),
            ),
            self._step(8 * _DAY, lambda at: reject_mail(self._account(BUCK), at)),
        ]

    def _account(self, person: Person) -> Account:
        return self.acts.accounts[person.user_id]

    def _absences(self) -> list[Step]:
        """Ray is away, and Ned decides for him; Owen is away, so that the steward has what waits for him."""
        return [
            self._step(5 * _DAY, partial(self.office, NED, REPRESENTATIVE, "FWS")),
            self._step(30 * _HOUR, partial(self._goes, RAY, {REPRESENTATIVE: NED})),
            self._step(29 * _HOUR, partial(self._goes, OWEN, {})),
            self._step(28 * _HOUR, escalate_stages),
        ]

    def _goes(self, person: Person, delegates: dict[str, Person], at: datetime) -> None:
        _, book = rolebook_in_force(self.acts.program_id, at)
        first_on = day_of(at, book)
        record_absence(
            acting_user=self.acts.sign_in(person, at),
            program_id=self.acts.program_id,
            first_on=first_on,
            last_on=first_on + 6 * _DAY,
            delegates={role: self.acts.accounts[one.user_id].public_id for role, one in delegates.items()},
            at=at,
            origin=_origin(person),
        )

    def _requests(self) -> list[Step]:
        detail = (self.now + 10 * _DAY).date().isoformat()
        asked = [
            self.asks(NED, 40 * _DAY, "FWS-R6-BNR", ["FWS-R6"], (RAY, WALT), ends_on=detail),
            self.asks(TESS, 9 * _DAY, "FWS-R6-CMR", ["USAF-ACC"], (COLIN, VERA, RAY)),
            self.asks(MARCUS, 6 * _DAY, "FWS-R6-BNR", ["FWS-R6", "USAF-ACC"], (COLIN,)),
            self.asks(ALEX, 4 * _DAY, "DOI-EM", ["DOI-EM"], (PRIYA,)),
            self.asks(JUNE, 2 * _DAY, "BLM-MT-BDO", ["BLM-MT"], ()),
        ]
        waits = [Step(self.now - _DAY, partial(self._submit, HELEN, "BLM-MT", ["BLM-MT-BDO"], "", []))]
        return [*(step for steps in asked for step in steps), *waits]

    def asks(
        self,
        person: Person,
        ago: timedelta,
        employer: str,
        codes: list[str],
        by: tuple[Person, ...],
        ends_on: str = "",
        box: list[Request] | None = None,
    ) -> list[Step]:
        """Ask for an account, have the supervisor authorize it, and the first who decide approve it.

        ``box``: where the request will be once it was made.
        """
        box = [] if box is None else box
        begin = self.now - ago
        steps = [
            Step(begin, partial(self._submit, person, employer, codes, ends_on, box)),
            Step(begin + timedelta(hours=3), lambda at: self._authorize(box[0], at)),
        ]
        for number, who in enumerate(by):
            decided = begin + timedelta(hours=8 + 5 * number)
            steps.append(Step(decided, partial(self._approve, who, box)))
        return steps

    def _approve(self, who: Person, box: list[Request], at: datetime) -> None:
        self.acts.decide(who, box[0], "approved", at)

    def _submit(
        self, person: Person, employer: str, codes: list[str], ends_on: str, box: list[Request], at: datetime
    ) -> None:
        account = self.acts.sign_in(person, at)
        program_id = self.acts.program_id
        _, book = rolebook_in_force(program_id, at)
        held = applicable_type(book, account, at) == "modification"
        answers = AccountAnswers(
            work_email=person.email,
            job_title="Fire Management Specialist",
            employer_code=employer,
            supervisor_name=HANK.name,
            supervisor_email=HANK.email,
            roles={"training_officer" if held else MANAGER: "add"},
            codes=tuple(CodeAnswer(code, lower_levels=True) for code in codes),
            ends_on=ends_on,
            comments="I keep the qualification records of our fire staff.",
        )
        box.append(
            submit_account_request(
                acting_user=account,
                program_id=program_id,
                beneficiary=account,
                answers=answers,
                shown_type="modification" if held else "new",
                send=supervisor_mails(at) if self.acts.mailed(HANK, at) else _nobody_reads,
                at=at + timedelta(minutes=6),
                origin=_origin(person),
            )
        )

    def _authorize(self, request: Request, at: datetime) -> None:
        hank = self.acts.sign_in(HANK, at)
        word = SupervisorWord.objects.get(form__request=request, state=SupervisorWord.State.ASKED)
        answer_as_supervisor(
            program_id=self.acts.program_id,
            authorize=True,
            acting_user=hank,
            word_id=word.public_id,
            at=at,
            origin=_origin(HANK),
        )

    def office(self, person: Person, role_id: str, code: str, at: datetime) -> None:
        """Designate somebody, with access to a code and its lower levels."""
        self.acts.designate(GRACE, person, role_id, None, at)
        place = Organization.objects.get(program_id=self.acts.program_id, code=code)
        designate_access(
            acting_user=None,
            program_id=self.acts.program_id,
            beneficiary_id=self.acts.accounts[person.user_id].public_id,
            organization_id=place.public_id,
            lower_levels=True,
            at=at,
            origin=OPERATOR,
        )

    def _step(self, ago: timedelta, do: Callable[[datetime], object]) -> Step:
        return Step(self.now - ago, do)


def _origin(person: Person) -> Origin:
    return Origin("web", session=person.user_id)


def _nobody_reads(mail: SupervisorMail) -> None:
    del mail
