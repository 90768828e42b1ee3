"""Running histories: how many, how long, new ones or always the same."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.histories.machine import Histories
from tests.histories.world import World

ALL_PHASES = (Phase.generate, Phase.shrink)


def run_histories(
    world: World, *, runs: int, steps: int, phases: tuple[Phase, ...] = ALL_PHASES, same: bool = False
) -> None:
    """Run so many histories of at most so many steps; ``same``: those that every machine makes alike.

    Raises AssertionError (or a group of them) with the moves that lead to the first difference.
    """
    chosen = settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        phases=phases,
        database=None,
        derandomize=same,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(type("Machine", (Histories,), {"world": world}), settings=chosen)
