"""In IQCS, last year's user audit is closed, with its final report; this year's is half done: two agencies answer."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

from rolebook.accounts.models import Account, Organization
from rolebook.audit.recording import Origin
from rolebook.cli.server.demo_world.acts import OPERATOR, Acts
from rolebook.cli.server.demo_world.cast import COLIN, GRACE, HELEN, OWEN, PRIYA, RAY, VERA, Person
from rolebook.cli.server.demo_world.story import Step
from rolebook.governance.authority import standing_of
from rolebook.governance.flows.answer_review import Answered, answer_review
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.flows.designate_access import designate_access
from rolebook.governance.flows.open_review import open_review
from rolebook.governance.flows.record_employment import record_employment
from rolebook.governance.flows.submit_review import named, submit_review
from rolebook.governance.making_reports import make_reports
from rolebook.governance.models import ReviewCampaign
from rolebook.governance.review_reach import reviewer_in

MANAGER = "account_manager"
STAFF: tuple[tuple[Person, str, tuple[str, ...]], ...] = (
    (Person("abel.norris", "Abel Norris"), "FWS-R6-BNR", ("FWS-R6-BNR",)),
    (Person("carla.reyes", "Carla Reyes"), "FWS-R6-BNR", ("FWS-R6-BNR", "USAF-ACC")),
    (Person("dwight.moon", "Dwight Moon"), "FWS-R6-CMR", ("FWS-R6-CMR",)),
    (Person("elsie.park", "Elsie Park"), "FWS-R6-CMR", ("FWS-R6-CMR", "FWS-R6-BNR")),
    (Person("floyd.ames", "Floyd Ames"), "USAF-ACC", ("USAF-ACC",)),
    (Person("gwen.tully", "Gwen Tully"), "USAF-ACC", ("USAF-ACC", "FWS-R6")),
)
EMPLOYED = (
    (HELEN, "BLM-MT"),
    (PRIYA, "DOI-EM"),
    (OWEN, "DOI-EM"),
    (RAY, "FWS"),
    (COLIN, "USAF-ACC"),
    (VERA, "USAF"),
)
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_SEED = 21
"""Their secrets come from a sequence of their own, so that the rest of the story stays as it is."""


@dataclass(slots=True)
class Audit:
    """What happens in the annual user audit before ``now``; ``acts`` are of IQCS."""

    acts: Acts
    now: datetime

    def steps(self) -> list[Step]:
        """Return what happens, in no order."""
        own = replace(self.acts, chance=random.Random(_SEED))  # noqa: S311 - a story, not a secret
        steps = [self._step(46 * _DAY, partial(self._employ, person, code)) for person, code in EMPLOYED]
        for number, (person, employer, codes) in enumerate(STAFF):
            begin = (45 - number / 8) * _DAY
            steps.append(self._step(begin, partial(own.register, person)))
            steps.append(self._step(begin - _HOUR, partial(self._give, person, employer, codes)))
        steps += self._last_year()
        steps.append(self._step(18 * _DAY, self._open))
        abel, carla, dwight, elsie, floyd, _ = (person for person, _, _ in STAFF)
        for days, by, about, removed in (
            (12, RAY, abel, ()),
            (11, RAY, dwight, ("access",)),
            (9, VERA, floyd, ()),
            (8, VERA, carla, ("access",)),
        ):
            steps.append(self._step(days * _DAY, partial(self._answers, by, about, removed, True)))
        steps.append(self._step(7 * _DAY, partial(self._answers, RAY, elsie, (), False)))
        return steps

    def _last_year(self) -> list[Step]:
        """Return last year's audit, which opened late, with the agencies: some answer, a code goes, and it closes."""
        abel, _, dwight, _, floyd, _ = (person for person, _, _ in STAFF)
        answered = ((42, RAY, abel, ()), (42 - 1 / 24, RAY, floyd, ("access",)), (41, VERA, floyd, ()))
        return [
            self._step(44 * _DAY + _HOUR, partial(self._code, floyd, "FWS-R6-CMR")),
            self._step(44 * _DAY, self._open_last_years),
            *(
                self._step(days * _DAY, partial(self._answers, by, about, removed, True))
                for days, by, about, removed in answered
            ),
            # Ray's answer was never submitted, so it does not count.
            self._step(40 * _DAY, partial(self._answers, RAY, dwight, (), False)),
            self._step(26 * _DAY, self._close),
        ]

    def _open_last_years(self, at: datetime) -> None:
        last_year = (self.now - 18 * _DAY).year - 1
        self._open(at, opened_on=date(last_year, 11, 1), due_on=(at + 2 * _DAY).date())

    def _open(self, at: datetime, *, opened_on: date | None = None, due_on: date | None = None) -> None:
        grace = self.acts.sign_in(GRACE, at)
        open_review(
            acting_user=grace,
            program_id=self.acts.program_id,
            review_id="annual_user_audit",
            at=at,
            origin=_origin(GRACE),
            opened_on=opened_on,
            due_on=due_on or (self.now + 30 * _DAY).date(),
        )

    def _close(self, at: datetime) -> None:
        """Close last year's when its time has come, as the job does, and make its final reports."""
        campaign = ReviewCampaign.objects.get(program_id=self.acts.program_id, closed_at=None)
        close_review(
            acting_user=None,
            program_id=self.acts.program_id,
            campaign_id=campaign.public_id,
            at=at,
            origin=Origin("job"),
        )
        make_reports(at)

    def _answers(
        self, by: Person, about: Person, removed: tuple[str, ...], submits: bool, at: datetime
    ) -> None:
        """Answer everything of an account that is theirs, and submit it or leave it saved."""
        reviewer = self.acts.sign_in(by, at)
        campaign = ReviewCampaign.objects.select_related("rolebook_version").get(
            program_id=self.acts.program_id, closed_at=None
        )
        mine = reviewer_in(standing_of(reviewer, self.acts.program_id, at), campaign)
        if mine is None:
            raise RuntimeError(f"{by.name} answers nothing in the demo's review")
        items = list(
            mine.theirs()
            .filter(reviewed__account=self._account(about))
            .select_related("grant", "access", "reviewed__account")
        )
        given = [
            Answered(*named(item), "remove" if item.about in removed else "keep", item.version)
            for item in items
        ]
        saved = answer_review(
            acting_user=reviewer,
            program_id=self.acts.program_id,
            campaign_id=campaign.public_id,
            answers=given,
            at=at,
            origin=_origin(by),
        )
        if submits:
            submit_review(
                acting_user=reviewer,
                program_id=self.acts.program_id,
                campaign_id=campaign.public_id,
                account_id=self._account(about).public_id,
                seen=saved.versions,
                at=at + timedelta(minutes=2),
                origin=_origin(by),
            )

    def _give(self, person: Person, employer: str, codes: tuple[str, ...], at: datetime) -> None:
        self.acts.designate(GRACE, person, MANAGER, None, at)
        for code in codes:
            self._code(person, code, at)
        self._employ(person, employer, at)

    def _code(self, person: Person, code: str, at: datetime) -> None:
        designate_access(
            acting_user=None,
            program_id=self.acts.program_id,
            beneficiary_id=self._account(person).public_id,
            organization_id=self._place(code).public_id,
            lower_levels=False,
            at=at,
            origin=OPERATOR,
        )

    def _employ(self, person: Person, code: str, at: datetime) -> None:
        record_employment(
            acting_user=None,
            program_id=self.acts.program_id,
            beneficiary_id=self._account(person).public_id,
            organization_id=self._place(code).public_id,
            at=at,
            origin=OPERATOR,
        )

    def _account(self, person: Person) -> Account:
        return self.acts.accounts[person.user_id]

    def _place(self, code: str) -> Organization:
        return Organization.objects.get(program_id=self.acts.program_id, code=code)

    def _step(self, ago: timedelta, do: Callable[[datetime], object]) -> Step:
        return Step(self.now - ago, do)


def _origin(person: Person) -> Origin:
    return Origin("web", session=person.user_id)
