"""Every move is made in both worlds, and must come to the same; after each, both worlds must be the same."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from rolebook.accounts.flows.registration import confirm_email, register_account
from rolebook.accounts.flows.rolebooks import AlreadyInForce
from rolebook.governance import flows
from rolebook.governance.flows.change_status import change_account_status, change_participation_status
from tests.histories import checks
from tests.histories.asking import Asking
from tests.histories.model import NOT_ALLOWED
from tests.histories.playing import number, person, place, program
from tests.histories.programs import ASKED, OFFICES, PLACES, ROLES, SHAPES, STEWARD, day_start
from tests.histories.world import REGISTERED
from tests.support import grants, people
from tests.support.people import COMMAND, PASSWORD, WEB, Mails


class Histories(Asking):
    """Eight people, two programs with three places each, and a clock."""

    @initialize(
        qpp=st.sampled_from(SHAPES), iqies=st.sampled_from(SHAPES), asked=st.sampled_from([True, True, False])
    )
    def begin(self, qpp: str, iqies: str, asked: bool) -> None:
        """Begin under any of the rolebooks, with some requests: histories get further so."""
        for program_id, shape in (("qpp", qpp), ("iqies", iqies)):
            if shape != "one":
                self._activate(program_id, shape)
        if asked:
            self._ask(4, "qpp", "staff_user", [0, 1])
            self._ask(5, "qpp", "security_official", [1])
            self._ask(6, "iqies", "assessment_viewer", [5])
            self._ask(3, "iqies", "state_security_official", [4])

    # --- taking away, and the other ways to a role ----------------------------------------------------------------

    @rule(who=person, whom=person, where=place, likely=st.booleans())
    def remove(self, who: int, whom: int, where: int, likely: bool) -> None:
        who, whom = self._who(who), self._who(whom)
        if likely:
            program_id = PLACES[where].program
            managers = [p for p in sorted(self.model.people) if self.model.manages(p, program_id, where)]
            there = sorted({h.person for h in self.model.held if h.place == where})
            who = managers[who % len(managers)] if managers else who
            whom = there[whom % len(there)] if there else whom

        def act() -> str:
            removal = flows.remove_access(
                acting_user=self.accounts[who],
                organization_id=self._public(where),
                beneficiary_id=self.accounts[whom].public_id,
                **self._act(PLACES[where].program),
            )
            return "removed before" if removal.already else "removed"

        self._compare(act, lambda: self.model.remove(who, whom, where))

    @rule(who=person, whom=person, program_id=program)
    def remove_program_roles(self, who: int, whom: int, program_id: str) -> None:
        who, whom = self._who(who), self._who(whom)

        def act() -> str:
            flows.remove_program_roles(
                acting_user=self.accounts[who],
                beneficiary_id=self.accounts[whom].public_id,
                **self._act(program_id),
            )
            return "removed"

        self._compare(act, lambda: self.model.remove_program_roles(who, program_id, whom))

    @rule(
        who=st.none() | person,
        whom=person,
        what=st.sampled_from([*OFFICES, *OFFICES, STEWARD, "staff_user", "mac_user"]),
        where=number,
        other=st.sampled_from([False] * 9 + [True]),
    )
    def designate(self, who: int | None, whom: int, what: str, where: int, other: bool) -> None:
        whom = self._who(whom)
        who = None if who is None else self._who(who)
        known = ROLES.get(what)
        program_id = ("qpp", "iqies")[where % 2] if known is None else known.program
        kind = "" if known is None else known.kind
        fitting = [one for one in ASKED[program_id] if PLACES[one].kind == kind]
        at = where % 6 if other else fitting[where % len(fitting)] if fitting else None

        def act() -> str:
            flows.designate_role(
                acting_user=None if who is None else self.accounts[who],
                role_id=what,
                beneficiary_id=self.accounts[whom].public_id,
                organization_id=self._public(at),
                **self._act(program_id),
            )
            return "designated"

        self._compare(act, lambda: self.model.designate(who, program_id, whom, what, at))

    @rule(
        whom=person,
        what=st.sampled_from(sorted(ROLES)),
        where=number,
        starts=st.integers(-20, 8),
        ends=st.none() | st.integers(0, 12),
    )
    def bring_in(self, whom: int, what: str, where: int, starts: int, ends: int | None) -> None:
        whom, program_id = self._who(whom), ROLES[what].program
        fitting = [one for one in ASKED[program_id] if PLACES[one].kind == ROLES[what].kind]
        at = fitting[where % len(fitting)] if fitting else None
        days = [None if n is None else day_start(self.model.at, n).date() for n in (starts, ends)]
        code = "" if at is None else PLACES[at].code
        approved = day_start(self.model.at, -30).date()
        cells = [
            self.accounts[whom].user_id,
            what,
            code,
            approved,
            "Ada",
            "the old list",
            days[0],
            days[1] or "",
        ]
        heading = "user_id,role,organization,approved_on,approved_by,source,starts_on,ends_on"

        def act() -> str:
            flows.import_grants(
                program_id=program_id,
                data=f"{heading}\n{','.join(map(str, cells))}\n".encode(),
                file="old.csv",
                reason="moving in",
                at=self.model.at,
                origin=COMMAND,
            )
            return "imported"

        self._compare(act, lambda: self.model.bring_in(whom, program_id, what, at, starts, ends))

    # --- people, rolebooks, time ----------------------------------------------------------------------------------

    def _register(self) -> None:
        mails = Mails()

        def act() -> str:
            proof = register_account(
                user_id="newcomer",
                name="Person 7",
                email="newcomer@example.org",
                password=PASSWORD,
                at=self.model.at,
                origin=WEB,
                send=mails,
            )
            self.accounts.append(
                confirm_email(proof_id=proof, code=mails.last.code, at=self.model.at, origin=WEB)
            )
            return "registered"

        def expected() -> str:
            self.model.people.add(REGISTERED)
            self.model.factorless.add(REGISTERED)
            return "registered"

        self._compare(act, expected)

    @rule(who=person, program_id=program)
    def come(self, who: int, program_id: str) -> None:
        """Register, where somebody has not yet; else sign in, and agree to QPP's statement."""
        if who >= len(self.accounts):
            self._register()
            return
        self._sign_in(who, program_id)
        if who in self.model.factorless:
            people.give_factor(self.accounts[who])
            self.model.factorless.discard(who)
        elif program_id == "qpp":
            grants.agree(self.accounts[who], "qpp", self.model.at)
            self.model.agreed.add(who)

    def _sign_in(self, who: int, program_id: str) -> None:

        def act() -> str:
            flows.record_sign_in(acting_user=self.accounts[who], **self._act(program_id))
            return "signed in"

        def expected() -> str:
            if self.model.is_out(who, program_id):
                return NOT_ALLOWED
            self.model.taking_part.add((who, program_id))
            return "signed in"

        self._compare(act, expected)

    @rule(
        who=st.none() | person,
        whom=person,
        program_id=program,
        status=st.sampled_from(["active", "active", "deactivated", "closed"]),
        whole=st.booleans(),
    )
    def change_status(self, who: int | None, whom: int, program_id: str, status: str, whole: bool) -> None:
        """Of somebody's part in a program, by whom it may be or not; or of the whole account, by the operator."""
        who, whom = None if who is None else self._who(who), self._who(whom)
        if who is not None:
            stewards = [p for p in sorted(self.model.people) if self.model.is_steward(p, program_id)]
            who = stewards[who % len(stewards)] if stewards and who % 2 else who

        def act() -> str:
            told: dict[str, Any] = {"status": status, "reason": "r"}
            account = self.accounts[whom]
            if whole:
                change_account_status(account=account, at=self.model.at, origin=COMMAND, **told)
            else:
                actor = None if who is None else self.accounts[who]
                flow = change_participation_status
                flow(acting_user=actor, beneficiary_id=account.public_id, **told, **self._act(program_id))
            return status

        def expected() -> str:
            if whole:
                return self.model.change_account(whom, status)
            return self.model.change_part(who, program_id, whom, status)

        self._compare(act, expected)

    @rule(program_id=program, shape=st.sampled_from(SHAPES))
    def activate(self, program_id: str, shape: str) -> None:
        self._activate(program_id, shape)

    def _activate(self, program_id: str, shape: str) -> None:
        def act() -> str:
            try:
                self.world.activate(program_id, shape, self.model.at)
            except AlreadyInForce:
                return "in force already"
            return "activated"

        def expected() -> str:
            if self.model.shape[program_id] == shape:
                return "in force already"
            self.model.shape[program_id] = shape
            return "activated"

        self._compare(act, expected)

    @rule(
        passes=st.sampled_from([timedelta(hours=1), timedelta(days=1), timedelta(days=4), timedelta(days=40)])
    )
    def wait(self, passes: timedelta) -> None:
        self.model.at += passes
        self.changed = True

    # --- what must be so after every step -------------------------------------------------------------------------

    @invariant()
    def both_worlds_are_the_same(self) -> None:
        checks.the_rows_are_those_of_the_model(self)
        self.turns += 1
        if self.changed:
            # Who may do what follows from the rows and the clock: a refusal changes neither.
            checks.the_same_people_may_decide(self)
            checks.decisions_are_those_of_the_model(self)
            checks.the_laws_hold()
        self.changed = False
