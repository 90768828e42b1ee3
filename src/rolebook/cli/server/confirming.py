"""What commands that take power away say of it: taking effect, and then confirmed everywhere (docs/decisions/0011)."""

import time
from dataclasses import dataclass

import click

_PAUSE_SECONDS = 0.05
wait_option = click.option("--wait", is_flag=True, help="Wait until every decision point answers so.")


@dataclass(frozen=True, slots=True)
class Effect:
    """Whether every decision point answers so, and how many seconds that took since the change was committed."""

    confirmed: bool
    seconds: float | None

    @property
    def words(self) -> str:
        """The same for people."""
        if not self.confirmed:
            return "taking effect"
        return "confirmed everywhere" + ("" if self.seconds is None else f" after {self.seconds:.2f} s")

    @property
    def document(self) -> dict[str, object]:
        """The same for programs."""
        return {"confirmed": self.confirmed, "confirmed_after_seconds": self.seconds}


def effect_of(sequence: int | None, wait: bool) -> Effect:
    """Return what became of an event so far, or, to ``wait``, once it is confirmed; no event needs nothing."""
    from rolebook.audit import clock
    from rolebook.audit.followers import confirmation

    if sequence is None:
        return Effect(True, None)
    began = clock.boottime()
    while True:
        if confirmation(sequence).confirmed:
            return Effect(True, round(clock.boottime() - began, 3))
        if not wait:
            return Effect(False, None)
        time.sleep(_PAUSE_SECONDS)
