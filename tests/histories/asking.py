"""The moves about requests: asking, taking back, submitting again, deciding one and many."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from rolebook.governance import flows
from rolebook.governance.deciding import AlreadyDecided, ReturnedForChange
from rolebook.governance.flows.decide_stages import NotDecided, ShownStage
from tests.histories.model import NOT_ALLOWED, PENDING, Stage, Wish, refused
from tests.histories.playing import Playing, number, person, place, program, role, verdict
from tests.histories.programs import ASKED, OFFICES, PLACES, ROLES, STEWARD


class Asking(Playing):
    """Moves about requests."""

    # --- asking ---------------------------------------------------------------------------------------------------

    @rule(who=person, program_id=program, what=role, where=st.lists(place, max_size=3, unique=True))
    def ask_for_anything(self, who: int, program_id: str, what: str, where: list[int]) -> None:
        self._ask(self._who(who), program_id, what, where)

    @rule(who=person, what=st.sampled_from(sorted(ROLES)), how_many=st.integers(1, 3))
    def ask_for_what_fits(self, who: int, what: str, how_many: int) -> None:
        program_id, kind = ROLES[what].program, ROLES[what].kind
        where = [one for one in ASKED[program_id] if PLACES[one].kind == kind][:how_many]
        self._ask(self._who(who), program_id, what, where)

    @precondition(lambda self: self.requests)
    @rule(which=number)
    def ask_for_the_same_once_more(self, which: int) -> None:
        """A double click, or somebody who forgot."""
        wish = self.model.wishes[which % len(self.requests)]
        places = [item.place for item in wish.items if item.place is not None]
        self._ask(wish.person, wish.program, wish.role, list(dict.fromkeys(places)))

    def _ask(self, who: int, program_id: str, what: str, where: list[int]) -> None:
        def act() -> str:
            made = flows.request_role(
                acting_user=self.accounts[who],
                role_id=what,
                organization_ids=[self._public(one) for one in where],
                **self._act(program_id),
            )
            self.requests.append(made)
            return made.state

        self._compare(act, lambda: self.model.ask(who, program_id, what, where))

    @precondition(lambda self: self.requests)
    @rule(who=person, which=number, own=st.integers(0, 3))
    def withdraw(self, who: int, which: int, own: int) -> None:
        wish = self.model.wishes[which % len(self.requests)]
        who = wish.person if own else self._who(who)

        def act() -> str:
            public_id = self.requests[self.model.wishes.index(wish)].public_id
            flow = flows.withdraw_request
            return flow(acting_user=self.accounts[who], request_id=public_id, **self._act(wish.program)).state

        self._compare(act, lambda: self.model.withdraw(who, wish))

    @precondition(lambda self: self.requests)
    @rule(who=person, which=number, own=st.integers(0, 3), unlike=st.booleans())
    def submit_again(self, who: int, which: int, own: int, unlike: bool) -> None:
        index = which % len(self.requests)
        if unlike:
            # What waits cannot be submitted again: prefer what does not.
            settled = [n for n, wish in enumerate(self.model.wishes) if wish.state != PENDING]
            index = settled[which % len(settled)] if settled else index
        wish = self.model.wishes[index]
        who = wish.person if own else self._who(who)

        def act() -> str:
            made = flows.submit_request_again(
                acting_user=self.accounts[who],
                request_id=self.requests[index].public_id,
                **self._act(wish.program),
            )
            if made not in self.requests:
                self.requests.append(made)
            return f"request {self.requests.index(made)}"

        self._compare(act, lambda: self.model.submit_again(who, index))

    # --- deciding -------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.requests)
    @rule(
        who=person, which=number, what=verdict, stale=st.sampled_from([None, None, None, "hash", "version"])
    )
    def decide_anything(self, who: int, which: int, what: str, stale: str | None) -> None:
        stages = self._all_stages()
        wish, stage = stages[which % len(stages)]
        self._decide(self._who(who), wish, stage, what, stale=stale)

    @precondition(lambda self: any(self.model.deciders(*pair) for pair in self._all_stages()))
    @rule(first=person, which=st.integers(0, 1), what=verdict)
    def decide_what_waits_longest(self, first: int, which: int, what: str) -> None:
        self._decide_what_waits(first, which, what, None)

    @precondition(lambda self: any(self.model.deciders(*pair) for pair in self._all_stages()))
    @rule(first=person, which=number, what=verdict, stale=st.sampled_from([None] * 7 + ["hash"]))
    def decide_what_waits(self, first: int, which: int, what: str, stale: str | None) -> None:
        self._decide_what_waits(first, which, what, stale)

    def _decide_what_waits(self, first: int, which: int, what: str, stale: str | None) -> None:
        waiting = [pair for pair in self._all_stages() if self.model.deciders(*pair)]
        wish, stage = waiting[which % len(waiting)]
        turn = sorted(self.model.deciders(wish, stage))
        self._decide(turn[first % len(turn)], wish, stage, what, stale=stale)

    @precondition(lambda self: any(stage.state == "open" for _, stage in self._all_stages()))
    @rule(
        which=number, what=verdict, how=st.sampled_from(["own", "before", "office elsewhere"]), first=number
    )
    def decide_what_is_close_to_ones_own(self, which: int, what: str, how: str, first: int) -> None:
        """By who nearly may: the requester, who decided another stage of it, who has the office somewhere else."""
        waiting = [(wish, stage) for wish, stage in self._all_stages() if stage.state == "open"]
        wish, stage = waiting[which % len(waiting)]
        near = {
            "own": {wish.person},
            "before": {one.approver for one in wish.stages if one.approver is not None},
            "office elsewhere": {h.person for h in self.model.held if h.role in OFFICES | {STEWARD}},
        }[how]
        if near:
            self._decide(sorted(near)[first % len(near)], wish, stage, what, stale=None)

    def _decide(self, who: int, wish: Wish, stage: Stage, what: str, *, stale: str | None) -> None:
        row = self._row(wish, stage)

        def act() -> str:
            decided = flows.decide_stage(
                acting_user=self.accounts[who],
                stage_id=row.public_id,
                verdict=what,
                shown_version=row.request_version + (stale == "version"),
                shown_hash="0" * 64 if stale == "hash" else row.items_hash,
                **self._act(wish.program),
            )
            return self._word_of_decided(decided)

        self._compare(act, lambda: self.model.decide(who, wish, stage, what, stale=stale is not None))

    @staticmethod
    def _word_of_decided(decided: object) -> str:
        if isinstance(decided, AlreadyDecided):
            return f"already {decided.state}"
        if isinstance(decided, ReturnedForChange):
            return "returned"
        if isinstance(decided, NotDecided):
            return refused(violation.code for violation in decided.violations)
        return str(getattr(decided, "verdict", decided))

    @precondition(lambda self: self.requests)
    @rule(
        who=person,
        program_id=program,
        which=st.lists(number, min_size=1, max_size=4),
        what=verdict,
        stale=number,
        fitting=st.integers(0, 3),
    )
    def decide_many(
        self, who: int, program_id: str, which: list[int], what: str, stale: int, fitting: int
    ) -> None:
        who = self._who(who)
        stages = [pair for pair in self._all_stages() if pair[0].program == program_id]
        if fitting:
            mine = [(w, s) for w, s in stages if self.model.seat_or_refusal(who, w, s) is None]
            stages = mine or stages
        if not stages:
            return
        chosen = list(dict.fromkeys(index % len(stages) for index in which))
        asked = [(*stages[index], turn == stale) for turn, index in enumerate(chosen)]

        def act() -> str:
            rows = [(self._row(wish, stage), old) for wish, stage, old in asked]
            decided = flows.decide_stages(
                acting_user=self.accounts[who],
                stages=[
                    ShownStage(r.public_id, r.request_version, "0" * 64 if old else r.items_hash)
                    for r, old in rows
                ],
                verdict=what,
                **self._act(program_id),
            )
            return ", ".join(self._word_of_decided(one) for one in decided)

        self._compare(act, lambda: self._expected_of_many(who, asked, what))

    def _expected_of_many(self, who: int, asked: list[tuple[Wish, Stage, bool]], what: str) -> str:
        for wish, stage, _ in asked:
            refusal = self.model.seat_or_refusal(who, wish, stage)
            if refusal is not None:
                return refusal
        words = [self.model.decide(who, wish, stage, what, stale=old) for wish, stage, old in asked]
        # Deciding one can end a stand-in at the next; that is told as a rule's refusal.
        return ", ".join(refused(["not_yours_to_decide"]) if word == NOT_ALLOWED else word for word in words)
